#include "svctl/lint_rules.hh"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <optional>

#include "core/commands.hh"
#include "core/status.hh"
#include "core/value_files.hh"
#include "parts/supervise.hh"
#include "svctl/errors.hh"
#include "svctl/files.hh"
#include "svctl/human.hh"
#include "svctl/script_checks.hh"
#include "svctl/shell_tokens.hh"

namespace runwell::svctl {
namespace {

namespace fs = std::filesystem;

// What runsv, sv and runit look for in a service directory.
std::vector<std::string_view> known_names() {
    std::vector<std::string_view> all{"run", "finish", "check", "down", "control", "log", "supervise", "essential"};
    for (const value_file_row& row : value_file_rows) all.emplace_back(row.name);
    return all;
}

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

std::string lower(std::string_view text) {
    std::string low{text};
    std::transform(low.begin(), low.end(), low.begin(), [](unsigned char c) { return std::tolower(c); });
    return low;
}

// "run~", "run.dpkg-old": not meant to be used.
bool is_backup(std::string_view name) {
    constexpr std::string_view endings[] = {"~",         ".bak",      ".old",       ".orig",   ".rej",     ".swp",
                                            ".dpkg-old", ".dpkg-new", ".dpkg-dist", ".rpmnew", ".rpmsave", ".save"};
    return name.front() == '.' || std::any_of(std::begin(endings), std::end(endings),
                                              [name](std::string_view e) { return name.ends_with(e); });
}

lint_finding found_by(remedy what, const fs::path& path, unsigned line, std::span<const std::string> words) {
    const remedy_row& row = row_of(what);
    finding           its = explain(what, words);
    return {row.how_bad, std::string{row.rule}, path.string(), line, std::move(its.cause), std::move(its.cure)};
}

class inspector {
public:
    explicit inspector(const std::string& directory) : directory_{directory} {}

    std::vector<lint_finding> all() {
        const file_info there = file_info_of(directory_.string());
        if (there.hidden()) {
            add(remedy::unreadable, directory_,
                {directory_.filename().string(), "", shell_quoted(directory_.string())});
        } else if (!there.is_directory()) {
            add(remedy::no_directory, directory_, {directory_.string()});
        } else {
            has_log_ = look_at_log();
            program("run", role::service);
            for (const char* name : {"finish", "check"})
                if (is_present(directory_ / name)) program(name, role::other);
            controls();
            if (has_log_) logger();
            supervise("");
            if (has_log_) supervise("log");
            down_file();
            for (const value_file_row& row : value_file_rows)
                if (row.kind != value_kind::none && is_present(directory_ / row.name)) value(row);
            names();
        }
        return std::move(found_);
    }

private:
    void add(remedy what, const fs::path& path, std::vector<std::string> words, unsigned line = 0) {
        found_.push_back(found_by(what, path, line, words));
    }

    // A fault of a file that is called `name` below the directory.
    void add(remedy what, const std::string& name, std::vector<std::string> more = {}) {
        std::vector<std::string> words{name, shell_quoted((directory_ / name).string())};
        std::move(more.begin(), more.end(), std::back_inserter(words));
        add(what, directory_ / name, std::move(words));
    }

    void add(const fault& one, const fs::path& path) {
        add(one.what, one.path.empty() ? path : fs::path{one.path}, one.words, one.line);
    }

    void program(const std::string& name, role is) {
        const script    of{(directory_ / name).string(), name, is, has_log_};
        const file_info file = file_info_of(of.path);
        if (file.is_regular() && (file.about->st_mode & S_IWOTH) != 0) add(remedy::writable_by_all, name);
        const auto first = check_program(of);
        if (first) add(*first, of.path);
        if (first && (first->what == remedy::not_executable || first->what == remedy::noexec))
            if (const auto head = check_head(of)) add(*head, of.path);
        // A script that cannot be started is looked into all the same, if there is one.
        if (first && (first->what == remedy::missing || first->what == remedy::empty ||
                      first->what == remedy::dangling || first->what == remedy::not_a_file))
            return;
        for (const fault& one : check_content(of)) add(one, of.path);
        if (is == role::logger)
            for (const fault& one : check_logger(of)) add(one, of.path);
    }

    bool look_at_log() {
        if (!is_present(directory_ / "log")) return false;
        const file_info log = file_info_of((directory_ / "log").string());
        if (!log.is_directory() && !log.hidden()) add(log.exists() ? remedy::log_is_file : remedy::log_dangling, "log");
        return log.is_directory();
    }

    void logger() {
        program("log/run", role::logger);
        for (const char* name : {"finish", "control", "check"})
            if (is_present(directory_ / "log" / name))
                add(remedy::unused_in_log, directory_ / "log" / name,
                    {name, shell_quoted((directory_ / "log" / name).string())});
    }

    void controls() {
        for (const std::string& name : names_in(directory_ / "control")) {
            if (name.size() == 1 && name != "o" && command_of(name.front()))
                control_script("control/" + name);
            else if (!is_backup(name))
                unknown_control(name);
        }
    }

    void control_script(const std::string& name) {
        const file_info file = file_info_of((directory_ / name).string());
        if (file.is_regular() && !file.is_executable()) return add(remedy::control_not_executable, name);
        program(name, role::other);
    }

    void unknown_control(const std::string& name) {
        const std::string      stem   = lower(name).substr(0, name.find('.'));
        const auto* const      row    = std::find_if(std::begin(control_rows), std::end(control_rows),
                                                     [&](const control_row& r) { return r.word == stem || r.letter == stem; });
        const fs::path         path   = directory_ / "control" / name;
        const std::string_view letter = row != std::end(control_rows) ? row->letter : "";
        add(letter.empty() ? remedy::control_unknown : remedy::control_nearly_known, path,
            {name, shell_quoted(path.string()), std::string{letter},
             shell_quoted((directory_ / "control" / letter).string())});
    }

    // `below`: "", or "log".
    void supervise(const std::string& below) {
        const fs::path relative = fs::path{below} / "supervise";
        const fs::path name     = below.empty() ? directory_.filename() : directory_.filename() / below;
        if (const auto wrong = check_supervise((directory_ / below).string(), relative.string(), name.string()))
            add(*wrong, directory_ / relative);
    }

    void down_file() {
        if (!is_present(directory_ / "down")) return;
        const parts::supervise_client supervise{AT_FDCWD, (directory_ / "supervise").c_str()};
        const auto                    now = supervise.read_status();
        const bool runs = now && now->now == phase::run && now->wanted == want::up && supervise.is_supervised();
        add(runs ? remedy::forgotten_down : remedy::down_file, "down");
    }

    void value(const value_file_row& row) {
        const std::string  name = row.name;
        const file_content file = read_file((directory_ / name).string(), longest_value);
        if (file.code == EACCES || file.code == EPERM)
            return add(remedy::unreadable, name, {shell_quoted(directory_.string())});
        if (!file) return add(remedy::no_value, name, {error_text(file.code)});
        const std::string its{value_in(file.text)};
        if (is_value_of(row.what, its)) return;
        if (row.kind == value_kind::duration) return add(remedy::no_duration, name, {its});
        add(remedy::no_signal, name, {its, row.what == value_file::reload_signal ? "HUP" : "TERM"});
    }

    // A name that is nearly one that runsv or sv looks for, where that does not exist.
    void names() {
        const auto all = known_names();
        for (const std::string& name : names_in(directory_)) {
            if (is_backup(name) || std::find(all.begin(), all.end(), name) != all.end()) continue;
            const std::string stem = lower(std::string_view{name}.substr(0, name.find('.')));
            for (const std::string_view known : all) {
                const std::size_t near = known.size() <= 4 ? 1 : 2;
                if (is_present(directory_ / known) || distance(stem, known) > near) continue;
                add(remedy::name_nearly_known, name, {std::string{known}, shell_quoted((directory_ / known).string())});
                break;
            }
        }
    }

    fs::path                  directory_;
    bool                      has_log_ = false;
    std::vector<lint_finding> found_;
};

// A log directory, whichever path leads to it.
using file_key = std::pair<dev_t, ino_t>;

std::optional<file_key> key_of(const std::string& path) {
    const file_info file = file_info_of(path);
    return file.exists() ? std::optional{file_key{file.about->st_dev, file.about->st_ino}} : std::nullopt;
}

}  // namespace

std::string_view word(severity of) noexcept {
    switch (of) {
        case severity::code: return "error";
        case severity::warning: return "warning";
        case severity::note: return "note";
    }
    return "";
}

std::vector<lint_finding> lint_service(const std::string& directory) { return inspector{directory}.all(); }

std::vector<lint_finding> lint_shared_logs(std::span<const std::string> directories, std::span<const std::string> all) {
    struct user {
        std::string service, place;
    };
    const auto run_of = [](const std::string& service) { return service + "/log/run"; };

    // A service that is linked under two names is one.
    std::map<file_key, std::string>       services;
    std::map<file_key, std::vector<user>> users;
    const auto                            read = [&](const std::string& service) {
        const auto script_key = key_of(run_of(service));
        if (!script_key || !services.emplace(*script_key, service).second) return;
        for (const std::string& place : log_directories_in({run_of(service), "log/run", role::logger}))
            if (const auto key = key_of(place)) users[*key].push_back({service, place});
    };
    for (const std::string& one : directories) read(one);
    for (const std::string& one : all) read(one);

    std::vector<lint_finding> found;
    for (const auto& [key, its] : users)
        for (std::size_t i = 0; its.size() > 1 && i < its.size(); ++i) {
            if (std::find(directories.begin(), directories.end(), its[i].service) == directories.end()) continue;
            const std::vector<std::string> words{"log/run", shell_quoted(run_of(its[i].service)),
                                                 shell_quoted(its[i].place), its[i == 0 ? 1 : 0].service,
                                                 shell_quoted(its[i].service + "/log/main")};
            found.push_back(found_by(remedy::log_shared, run_of(its[i].service), 0, words));
        }
    return found;
}

}  // namespace runwell::svctl
