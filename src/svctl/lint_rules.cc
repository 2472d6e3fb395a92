#include "svctl/lint_rules.hh"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "core/commands.hh"
#include "core/status.hh"
#include "core/text.hh"
#include "parts/supervise.hh"
#include "svctl/daemon_habits.hh"
#include "svctl/errors.hh"
#include "svctl/human.hh"
#include "svctl/log_place.hh"
#include "svctl/read_file.hh"
#include "svctl/shell_script.hh"

namespace runwell::svctl {
namespace {

namespace fs = std::filesystem;

// What runit gives its services, and what its packages use besides.
constexpr std::string_view usual_path = "/usr/local/bin:/usr/local/sbin:/bin:/sbin:/usr/bin:/usr/sbin";

constexpr std::string_view shells[]      = {"sh", "bash", "dash", "ash", "ksh", "mksh", "zsh"};
constexpr std::string_view known_names[] = {"run",     "finish", "check",     "down",
                                            "control", "log",    "supervise", "essential"};

// What people call the commands of runsv(8), and the name that runsv asks for.
struct control_row {
    std::string_view word;
    std::string_view letter;
};
constexpr control_row control_rows[] = {
    {"up", "u"},   {"start", "u"},  {"once", "u"},  {"o", "u"},       {"down", "d"},      {"stop", "d"},
    {"exit", "x"}, {"term", "t"},   {"kill", "k"},  {"pause", "p"},   {"cont", "c"},      {"continue", "c"},
    {"hup", "h"},  {"reload", "h"}, {"alarm", "a"}, {"alrm", "a"},    {"interrupt", "i"}, {"int", "i"},
    {"quit", "q"}, {"usr1", "1"},   {"usr2", "2"},  {"restart", "t"},
};

template <std::size_t N>
bool is_one_of(std::string_view word, const std::string_view (&words)[N]) {
    return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

std::string lower(std::string_view text) {
    std::string low{text};
    std::transform(low.begin(), low.end(), low.begin(), [](unsigned char c) { return std::tolower(c); });
    return low;
}

// "run~", "run.dpkg-old": nobody means them to be used.
bool is_backup(std::string_view name) {
    constexpr std::string_view endings[] = {"~",         ".bak",      ".old",       ".orig",   ".rej",     ".swp",
                                            ".dpkg-old", ".dpkg-new", ".dpkg-dist", ".rpmnew", ".rpmsave", ".save"};
    return name.front() == '.' || std::any_of(std::begin(endings), std::end(endings),
                                              [name](std::string_view e) { return name.ends_with(e); });
}

std::optional<struct stat> look(const fs::path& path) {
    struct stat about {};
    return ::stat(path.c_str(), &about) == 0 ? std::optional{about} : std::nullopt;
}

bool is_there(const fs::path& path) {
    struct stat about {};
    return ::lstat(path.c_str(), &about) == 0;
}

bool is_read_only(const fs::path& path) {
    struct statvfs about {};
    return ::statvfs(path.c_str(), &about) == 0 && (about.f_flag & ST_RDONLY) != 0;
}

// Who a program runs as: chpst -u user:group.
struct identity {
    uid_t              uid;
    std::vector<gid_t> groups;
};

std::optional<identity> identity_of(std::string_view account) {
    const bool numeric = !account.empty() && account.front() == ':';
    if (numeric) account.remove_prefix(1);
    std::vector<std::string> parts;
    for (two_parts rest = split(account, ':');; rest = split(rest.rest, ':')) {
        parts.emplace_back(rest.head);
        if (!rest.found) break;
    }
    identity found{};
    if (numeric) {
        const auto uid = whole_number(parts[0]);
        if (!uid) return std::nullopt;
        found.uid = static_cast<uid_t>(*uid);
    } else {
        const passwd* user = ::getpwnam(parts[0].c_str());
        if (user == nullptr) return std::nullopt;
        found.uid = user->pw_uid;
        if (parts.size() == 1) found.groups.push_back(user->pw_gid);
    }
    for (std::size_t i = 1; i < parts.size(); ++i) {
        const group* its = numeric ? nullptr : ::getgrnam(parts[i].c_str());
        const auto   gid = whole_number(parts[i]);
        if (its == nullptr && !(numeric && gid)) return std::nullopt;
        found.groups.push_back(its != nullptr ? its->gr_gid : static_cast<gid_t>(*gid));
    }
    return found;
}

bool may_write_to(const struct stat& directory, const identity& who) {
    constexpr mode_t write_and_search = 3;
    if (who.uid == 0) return true;
    const bool member = std::find(who.groups.begin(), who.groups.end(), directory.st_gid) != who.groups.end();
    const int  shift  = directory.st_uid == who.uid ? 6 : member ? 3 : 0;
    return (directory.st_mode >> shift & write_and_search) == write_and_search;
}

// The interpreter of a script: "#!/usr/bin/env bash" is {"/usr/bin/env", "bash"}.
struct interpreter {
    std::string program, argument;
};

std::optional<interpreter> interpreter_of(std::string_view script) {
    if (script.substr(0, 2) != "#!") return std::nullopt;
    std::string_view line = script.substr(2, script.find('\n') - 2);
    const auto       take = [&line] {
        line.remove_prefix(std::min(line.find_first_not_of(" \t\r"), line.size()));
        std::string word{line.substr(0, line.find_first_of(" \t\r"))};
        line.remove_prefix(word.size());
        return word;
    };
    interpreter found{take(), take()};
    if (base_name(found.program) == "env" && found.argument == "-S") found.argument = take();
    return found;
}

// What a program is asked: ./run and log/run live as long as the service does, the others end.
enum class role : std::uint8_t { service, logger, other };

class inspector {
public:
    explicit inspector(const std::string& directory) : directory_{directory} {}

    std::vector<objection> all() {
        const auto about = look(directory_);
        if (!about || !S_ISDIR(about->st_mode)) {
            add(severity::error, "no-directory", directory_, 0,
                about ? "this is no directory" : "there is no such directory", "name a directory that has a run");
            return std::move(found_);
        }
        has_log_ = look_at_log();
        program("run", role::service);
        for (const char* name : {"finish", "check"})
            if (is_there(directory_ / name)) program(name, role::other);
        controls();
        if (has_log_) logger();
        supervise(directory_);
        if (has_log_) supervise(directory_ / "log");
        down_file();
        names();
        return std::move(found_);
    }

private:
    void add(severity how_bad, std::string rule, const fs::path& path, unsigned line, std::string what,
             std::string cure) {
        found_.push_back({how_bad, std::move(rule), path.string(), line, std::move(what), std::move(cure)});
    }

    // -- one program -------------------------------------------------------------------------------------------------

    void program(const std::string& name, role of) {
        const fs::path path  = directory_ / name;
        const auto     about = look(path);
        if (!about) {
            if (is_there(path))
                add(severity::error, "missing", path, 0, "a link that leads nowhere",
                    "link it to a program, or write one");
            else
                add(severity::error, "missing", path, 0,
                    of == role::logger ? "a log service without its program: runsv tries to start it every second"
                                       : "there is no run, the program to supervise",
                    "write one: svctl new shows how it looks");
            return;
        }
        if (!S_ISREG(about->st_mode))
            return add(severity::error, "not-a-file", path, 0, "this is no file that can be executed",
                       "put a program in its place");
        if ((about->st_mode & S_IXUSR) == 0)
            add(severity::error, "not-executable", path, 0,
                "it is not executable, and " + std::string{name == "check" ? "sv" : "runsv"} + " cannot start it",
                "chmod +x " + shell_quoted(path.string()));
        if ((about->st_mode & S_IWOTH) != 0)
            add(severity::error, "writable-by-all", path, 0, "anyone may change what the service runs",
                "chmod o-w " + shell_quoted(path.string()));

        const file_content script = read_file(path.string());
        if (script.error == ELOOP || script.error == EMLINK)
            return add(severity::note, "unreadable", path, 0,
                       "another user can put this link here: svctl does not read what it leads to",
                       "see it as that user, or put the script itself there");
        if (!script)
            return add(severity::note, "unreadable", path, 0, "it may not be read by you, and is not looked into",
                       "try it as root: sudo svctl lint");
        content(path, script.text, of);
    }

    void content(const fs::path& path, const std::string& text, role of) {
        if (text.substr(0, 4) ==
            "\x7f"
            "ELF")
            return;
        if (text.empty())
            return add(severity::error, "empty", path, 0, "it is empty",
                       "write what is to be run: svctl new shows how");
        line_ends(path, text);
        const auto by = interpreter_of(text);
        if (!by) {
            const bool mark = text.substr(0, 5) == "\xef\xbb\xbf#!";
            add(severity::error, "no-interpreter-line", path, 1,
                mark ? "a byte order mark stands before #!, so that the kernel does not see it"
                     : "the first line does not begin with #!, so that the kernel cannot start it",
                mark ? "save it as UTF-8 without a byte order mark" : "let the first line be: #!/bin/sh");
            if (!mark) return;
        } else {
            interpreter_is_there(path, *by);
        }
        const bool env = by && base_name(by->program) == "env";
        if (by && is_one_of(base_name(env ? by->argument : by->program), shells)) shell_script(path, text, of);
    }

    void line_ends(const fs::path& path, const std::string& text) {
        const std::size_t at = text.find("\r\n");
        if (at == std::string::npos) return;
        const auto line =
            static_cast<unsigned>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n')) + 1;
        add(severity::error, "crlf", path, line,
            line == 1 ? "its lines end as in DOS: the kernel looks for an interpreter whose name ends with a CR"
                      : "a line ends as in DOS: the CR belongs to its last word",
            "sed -i 's/\\r$//' " + shell_quoted(path.string()));
    }

    void interpreter_is_there(const fs::path& path, const interpreter& by) {
        const bool     env     = base_name(by.program) == "env" && !by.argument.empty();
        const fs::path program = by.program.starts_with('/') ? fs::path{by.program} : directory_ / by.program;
        const auto     about   = look(program);
        if (by.program.empty())
            add(severity::error, "no-interpreter", path, 1, "#! names no program", "let the first line be: #!/bin/sh");
        else if (!about)
            add(severity::error, "no-interpreter", path, 1, "there is no " + by.program + " on this machine",
                "install it, or name one that is there: #!/bin/sh");
        else if (!S_ISREG(about->st_mode) || (about->st_mode & 0111) == 0)
            add(severity::error, "no-interpreter", path, 1, by.program + " is not executable",
                "name one that is: #!/bin/sh");
        else if (env && by.argument.find_first_of("=-") != 0 && !in_path(by.argument))
            add(severity::error, "no-interpreter", path, 1, "env finds no " + by.argument + " on this machine",
                "install it, or name it with its directory");
    }

    static bool in_path(const std::string& program) {
        const char* own = std::getenv("PATH");
        std::string all = std::string{usual_path} + ":" + (own != nullptr ? own : "");
        for (two_parts rest = split(all, ':');; rest = split(rest.rest, ':')) {
            const auto about = look(fs::path{rest.head} / program);
            if (about && S_ISREG(about->st_mode) && (about->st_mode & 0111) != 0) return true;
            if (!rest.found) return false;
        }
    }

    // -- a shell script ----------------------------------------------------------------------------------------------

    void shell_script(const fs::path& path, const std::string& text, role of) {
        const auto commands = shell_commands(text);
        if (of == role::other) return;
        const auto calls_of = [&](std::string_view name) {
            return std::any_of(commands.begin(), commands.end(), [name](const shell_command& c) {
                return !c.words.empty() && c.words.front().text == name;
            });
        };
        const shell_command* last = nullptr;  // the one that the service is
        bool                 exec = false;
        for (const shell_command& command : commands) {
            const shell_call call = call_of(command);
            if (call.words.empty()) continue;
            if (!exec || call.exec) last = &command;
            exec = exec || call.exec;
        }
        if (last == nullptr)
            return add(severity::error, "no-command", path, 0,
                       "it starts nothing: it ends at once, and is started again",
                       "end it with the program: exec PROGRAM");

        const shell_call service = call_of(*last);
        const bool       waits   = calls_of("wait") || calls_of("trap");
        if (last->background && !waits)
            add(severity::error, "background", path, last->line,
                "the & lets it end at once: runsv starts it again every second, beside what still runs",
                "leave out the &");
        else if (!exec && !waits)
            add(severity::warning, "no-exec", path, last->line,
                "without exec runsv supervises the shell: signals reach it, and not " + service.words.front().text,
                "put exec before it");
        if (const auto habit = habit_of(service)) goes_away(path, last->line, *habit);
        if (!calls_of("cd") && text.find("PATH=") == std::string::npos) is_installed(path, last->line, service);
        if (of == role::service && has_log_) standard_error(path, commands, *last);
        if (service.user && service.user->literal && !identity_of(service.user->text))
            add(severity::error, "no-user", path, last->line,
                "there is no such user or group on this machine: " + service.user->text,
                "make it: adduser --system --group " + std::string{split(service.user->text, ':').head});
        if (of == role::logger) log_directory(path, text, service);
    }

    void goes_away(const fs::path& path, unsigned line, const habit& of) {
        const bool certain = of.sure == habit::certainty::certain;
        add(certain ? severity::error : severity::warning, "daemonises", path, line,
            of.program + " goes into the background" + (certain ? "" : " unless it is told otherwise elsewhere") +
                ": runsv sees it end, and starts another",
            of.cure);
    }

    void is_installed(const fs::path& path, unsigned line, const shell_call& service) {
        const shell_word& word = service.words.front();
        if (!word.literal || !service.exec) return;
        const bool lies_somewhere = word.text.find('/') != std::string::npos;
        const auto about          = look(path.parent_path() / word.text);  // an absolute one replaces the rest
        if (lies_somewhere ? about.has_value() : in_path(word.text)) return;
        add(severity::warning, "not-installed", path, line, "there is no " + word.text + " on this machine",
            lies_somewhere ? "install it, or correct its name" : "install it, or name it with its directory");
    }

    void standard_error(const fs::path& path, const std::vector<shell_command>& commands, const shell_command& last) {
        for (const shell_command& command : commands) {
            const bool counts = &command == &last || (!command.words.empty() && command.words.front().text == "exec");
            if (counts &&
                std::any_of(command.redirections.begin(), command.redirections.end(), [](const std::string& r) {
                    return r.starts_with("2>") || r.starts_with("&>") || r.starts_with(">&");
                }))
                return;
        }
        add(severity::warning, "stderr-lost", path, last.line,
            "there is a log, but what the service writes to standard error does not go there",
            "put this before it: exec 2>&1");
    }

    // -- the log -----------------------------------------------------------------------------------------------------

    bool look_at_log() {
        const fs::path log = directory_ / "log";
        if (!is_there(log)) return false;
        const auto about = look(log);
        if (about && S_ISDIR(about->st_mode)) return true;
        add(severity::error, "log-no-directory", log, 0,
            about ? "log is no directory, and so no log service" : "log is a link that leads nowhere",
            "make it a directory with a run: svctl new shows how");
        return false;
    }

    void logger() {
        program("log/run", role::logger);
        for (const char* name : {"finish", "control", "check"})
            if (is_there(directory_ / "log" / name))
                add(severity::warning, "unused", directory_ / "log" / name, 0,
                    "a log service has none, and runsv passes it over",
                    "remove it, or put it beside the run of the service");
    }

    void log_directory(const fs::path& path, const std::string& text, const shell_call& service) {
        for (const shell_word& word : svlogd_directories(text)) {
            if (!word.literal) continue;
            const fs::path    place = (path.parent_path() / word.text).lexically_normal();
            const auto        about = look(place);
            const std::string make  = "mkdir -p " + shell_quoted(place.string());
            const std::string user  = service.user ? std::string{split(service.user->text, ':').head} : "";
            const auto who = service.user && service.user->literal ? identity_of(service.user->text) : std::nullopt;
            if (!about && is_made_in(text, word.text)) continue;
            if (!about)
                add(severity::error, "log-directory", place, 0, "svlogd is to log here, and there is no such directory",
                    user.empty() ? make
                                 : make + " && chown " + shell_quoted(user) + " " + shell_quoted(place.string()));
            else if (!S_ISDIR(about->st_mode))
                add(severity::error, "log-directory", place, 0, "svlogd is to log here, and this is no directory",
                    "name a directory in " + path.string());
            else if (is_read_only(place))
                add(severity::error, "log-directory", place, 0,
                    "svlogd is to log here, and this file system is read-only",
                    "name a directory in " + path.string() + " that can be written to");
            else if (who ? !may_write_to(*about, *who) : ::geteuid() != 0 && ::access(place.c_str(), W_OK | X_OK) != 0)
                add(severity::error, "log-directory", place, 0,
                    "svlogd is to log here, and " + (user.empty() ? "this user" : user) + " may not write to it",
                    user.empty() ? "let svlogd run as its owner: chpst -u USER svlogd …"
                                 : "chown " + shell_quoted(user) + " " + shell_quoted(place.string()));
        }
    }

    // Whether a script makes a directory before it is used.
    static bool is_made_in(const std::string& text, const std::string& directory) {
        for (const shell_command& command : shell_commands(text)) {
            const auto words = call_of(command).words;
            if (words.empty() || (words.front().text != "mkdir" && words.front().text != "install")) continue;
            if (std::any_of(words.begin(), words.end(), [&](const shell_word& w) { return w.text == directory; }))
                return true;
        }
        return false;
    }

    // -- the rest ----------------------------------------------------------------------------------------------------

    void controls() {
        const fs::path           place = directory_ / "control";
        std::vector<std::string> names;
        std::error_code          none;
        for (fs::directory_iterator entry{place, none}, end; entry != end; entry.increment(none))
            names.push_back(entry->path().filename().string());
        std::sort(names.begin(), names.end());
        for (const std::string& name : names) {
            if (name.size() == 1 && name != "o" && command_of(name.front()))
                control_script("control/" + name);
            else if (!is_backup(name))
                unknown_control(place / name, lower(name));
        }
    }

    void control_script(const std::string& name) {
        const auto about = look(directory_ / name);
        if (about && S_ISREG(about->st_mode) && (about->st_mode & S_IXUSR) == 0)
            return add(severity::warning, "not-executable", directory_ / name, 0,
                       "it is not executable: runsv passes it over, and sends the signal itself",
                       "chmod +x " + shell_quoted((directory_ / name).string()));
        program(name, role::other);
    }

    void unknown_control(const fs::path& path, const std::string& name) {
        const std::string stem  = name.substr(0, name.find('.'));
        const auto* const row   = std::find_if(std::begin(control_rows), std::end(control_rows),
                                               [&](const control_row& r) { return r.word == stem || r.letter == stem; });
        const bool        known = row != std::end(control_rows);
        add(severity::warning, "unknown-control", path, 0, "runsv knows no such command, and never runs it",
            known ? std::string{"did you mean control/"}.append(row->letter) + "?"
                  : "name it after a command of runsv(8): one of u d x t k p c h a i q 1 2");
    }

    void supervise(const fs::path& service) {
        const fs::path  path = service / "supervise";
        std::error_code none;
        fs::path        place = service;
        if (fs::is_symlink(path, none)) place = (service / fs::read_symlink(path, none)).lexically_normal();
        const bool linked = place != service;
        if (look(path)) {
            place = path;
        } else if (linked) {
            const fs::path above = place.has_filename() ? place.parent_path() : place.parent_path().parent_path();
            if (!look(above))
                return add(severity::warning, "supervise-nowhere", path, 0,
                           "it leads to " + place.string() + ", and the directory that this is to be in is not there",
                           "mkdir -p " + shell_quoted(above.string()) + " before runsv is started");
            place = above;
        }
        if (!is_read_only(place)) return;
        const std::string elsewhere =
            "/run/runit/supervise." + directory_.filename().string() + (service == directory_ ? "" : ".log");
        add(severity::error, "supervise-read-only", path, 0, "runsv cannot write here: the file system is read-only",
            "let it lead elsewhere: ln -s " + shell_quoted(elsewhere) + " " + shell_quoted(path.string()));
    }

    void down_file() {
        const fs::path path = directory_ / "down";
        if (!is_there(path)) return;
        const parts::supervise_client supervise{AT_FDCWD, (directory_ / "supervise").c_str()};
        const auto                    now = supervise.read_status();
        const bool runs = now && now->now == phase::run && now->wanted == want::up && supervise.is_supervised();
        add(runs ? severity::warning : severity::note, runs ? "forgotten-down" : "down", path, 0,
            runs ? "the service runs, but will not after the next boot" : "the service is not started by itself",
            "if it is to be: rm " + shell_quoted(path.string()));
    }

    // A name that is nearly one that runsv or sv looks for, where that is not there.
    void names() {
        std::vector<std::string> all;
        std::error_code          none;
        for (fs::directory_iterator entry{directory_, none}, end; entry != end; entry.increment(none))
            all.push_back(entry->path().filename().string());
        std::sort(all.begin(), all.end());
        for (const std::string& name : all) {
            if (is_backup(name) || is_one_of(name, known_names)) continue;
            const std::string stem = lower(std::string_view{name}.substr(0, name.find('.')));
            for (const std::string_view known : known_names) {
                const std::size_t near = known.size() <= 4 ? 1 : 2;
                if (is_there(directory_ / known) || distance(stem, known) > near) continue;
                add(severity::warning, "unknown-name", directory_ / name, 0, "nothing looks for a file of this name",
                    "did you mean " + std::string{known} + "?");
                break;
            }
        }
    }

    fs::path               directory_;
    bool                   has_log_ = false;
    std::vector<objection> found_;
};

}  // namespace

std::string_view word(severity of) noexcept {
    switch (of) {
        case severity::error: return "error";
        case severity::warning: return "warning";
        case severity::note: return "note";
    }
    return "";
}

std::vector<objection> lint_service(const std::string& directory) { return inspector{directory}.all(); }

}  // namespace runwell::svctl
