// svctl cat, edit — the files of a service.
//
// edit works on a copy: what the editor leaves is put in the file's place in one step, so that no supervisor ever
// starts half of it, and what the editor is given is not in a directory that others may write to.
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "svctl/command.hh"
#include "svctl/files.hh"
#include "svctl/lint_rules.hh"
#include "svctl/shell_script.hh"
#include "sys/fd.hh"

namespace runwell::svctl {
namespace {

namespace fs = std::filesystem;

struct options {
    std::vector<std::string> names;
    std::string              name;
    std::string              file = "run";
};

// A service that is enabled, or else one that is available.
struct found_service {
    std::string directory;
    std::string name;
    bool        enabled;
};

std::vector<found_service> find_services(const settings& in, const std::vector<std::string>& words) {
    std::vector<found_service> found;
    for (const std::string& word : words) {
        const auto add = [&](const services_directory& from, bool enabled) {
            for (const std::string& name : from.select(std::span{&word, 1}))
                found.push_back({from.path(name), name, enabled});
        };
        try {
            add(in.open_services(), true);
        } catch (const failure& why) {
            if (why.code() != exit_code::not_found) throw;
            try {
                add(in.open_available(), false);
            } catch (const failure&) {
                throw why;  // NOLINT(cert-err60-cpp): the first failure, which names the directory that was asked for
            }
        }
    }
    return found;
}

// Throws a failure. Read as core/trust.hh allows: only a regular file, and nothing that another user can have linked.
std::string script_text(const std::string& path) {
    file_content made = read_file(path);
    if (made.code != 0) throw system_failure(made.code, "read", path);
    return std::move(made.text);
}

// -- cat -------------------------------------------------------------------------------------------------------------

std::vector<std::string> scripts_of(const std::string& directory) {
    std::vector<std::string> all{"run", "finish", "check"};
    const auto               controls = control_scripts_in(directory);
    all.insert(all.end(), controls.begin(), controls.end());
    for (const char* name : {"log/run", "log/config", "log/main/config"}) all.emplace_back(name);
    std::erase_if(all, [&](const std::string& name) { return !is_present(directory + "/" + name); });
    return all;
}

exit_code show(const settings& in, const options& asked) {
    const terminal out   = in.output();
    exit_code      code  = exit_code::good;
    bool           first = true;
    for (const found_service& one : find_services(in, asked.names)) {
        const auto scripts = scripts_of(one.directory);
        if (scripts.empty())
            say(failure{exit_code::good, printable(one.directory) + " has no file that a supervisor knows",
                        "write it: svctl edit " + printable(shell_quoted(one.name))});
        for (const std::string& script : scripts) {
            const std::string path = one.directory + "/" + script;
            try {
                const std::string text = script_text(path);
                print((std::exchange(first, false) ? "" : "\n") + out.paint(tint::strong, "# " + printable(path)) +
                      "\n");
                if (text.find('\0') != std::string::npos)
                    print("# (a program, not a script)\n");
                else
                    print(out.is_terminal() ? harmless(text) : text);
                if (!text.ends_with('\n')) print("\n");
            } catch (const failure& why) {
                say(why);
                code = together(code, why.code());
            }
        }
    }
    return code;
}

// -- edit ------------------------------------------------------------------------------------------------------------

std::string editor() {
    for (const char* name : {"SUDO_EDITOR", "VISUAL", "EDITOR"})
        if (const char* told = std::getenv(name); told != nullptr && *told != '\0') return told;
    return ::access("/usr/bin/editor", X_OK) == 0 ? "/usr/bin/editor" : "vi";
}

// A directory of our own.
std::string make_temporary_directory() {
    std::error_code none;
    std::string     path = (fs::temp_directory_path(none) / "svctl.XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr) throw system_failure(errno, "make a directory", path);
    return path;
}

// Runs the editor, whose name may have arguments, on the file.
void run_editor(const std::string& file) {
    const std::string    name   = editor();
    std::string          script = "exec " + name + " \"$@\"", shell = "sh", option = "-c", word = file;
    std::array<char*, 6> argv{shell.data(), option.data(), script.data(), shell.data(), word.data(), nullptr};
    const auto           interrupt = ::signal(SIGINT, SIG_IGN), quit = ::signal(SIGQUIT, SIG_IGN);
    posix_spawnattr_t    attributes;
    sigset_t             usual;
    ::sigemptyset(&usual);
    ::sigaddset(&usual, SIGINT);
    ::sigaddset(&usual, SIGQUIT);
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setsigdefault(&attributes, &usual);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    pid_t     pid  = 0;
    const int code = ::posix_spawn(&pid, "/bin/sh", nullptr, &attributes, argv.data(), environ);
    ::posix_spawnattr_destroy(&attributes);
    int status = 0;
    while (code == 0 && ::waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    static_cast<void>(::signal(SIGINT, interrupt));
    static_cast<void>(::signal(SIGQUIT, quit));
    if (code != 0 || status != 0)
        throw failure{exit_code::failed, "the editor has failed, and nothing is changed: " + printable(name),
                      "name another one in the variable VISUAL"};
}

bool is_same(const struct stat& one, const struct stat& other) {
    return one.st_dev == other.st_dev && one.st_ino == other.st_ino && one.st_size == other.st_size &&
           one.st_mtim.tv_sec == other.st_mtim.tv_sec && one.st_mtim.tv_nsec == other.st_mtim.tv_nsec;
}

// Puts the text in the place of the file, with the owner and mode that it had.
void replace_file(const std::string& path, const std::string& text, const struct stat* was) {
    const std::string    parent = path.substr(0, path.rfind('/')), name = path.substr(path.rfind('/') + 1);
    const std::string    fresh = "." + name + "." + std::to_string(::getpid());
    const sys::unique_fd at{::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!at) throw system_failure(errno, "open", parent);
    const sys::unique_fd file{
        ::openat(at.value(), fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (!file) throw system_failure(errno, "write", path);
    try {
        write_all(file.value(), text, path);
        const mode_t mode = was != nullptr ? was->st_mode & 07777 : 0755;
        if (was != nullptr && ::fchown(file.value(), was->st_uid, was->st_gid) != 0 && was->st_uid != ::geteuid())
            throw system_failure(errno, "give to its owner", path);
        if (::fchmod(file.value(), mode) != 0 || ::fsync(file.value()) != 0 ||
            ::renameat(at.value(), fresh.c_str(), at.value(), name.c_str()) != 0)
            throw system_failure(errno, "write", path);
    } catch (const failure&) {
        ::unlinkat(at.value(), fresh.c_str(), 0);
        throw;
    }
}

// When a changed file counts.
std::string what_next(const found_service& of, const std::string& file) {
    const std::string name = printable(shell_quoted(of.name));
    if (!of.enabled) return "start it with: svctl enable " + name;
    if (file == "run") return "it counts from the next start: svctl restart " + name;
    if (file == "log/run") return "it counts from the next start: svctl restart " + name + "/log";
    return "it counts from now on";
}

exit_code edit(const settings& in, const options& asked) {
    const auto found = find_services(in, {asked.name});
    if (found.size() != 1)
        throw failure{exit_code::usage, "edit: one service at a time",
                      "name one: svctl edit " + printable(found.front().name)};
    const found_service& of = found.front();
    if (asked.file.empty() || asked.file.front() == '/' || asked.file.find("..") != std::string::npos)
        throw failure{exit_code::usage, "--file " + printable(asked.file) + ": no file of a service directory",
                      "these are: run, finish, check, log/run, control/t"};

    std::error_code   code;
    const std::string directory = fs::canonical(of.directory, code).string();
    if (code) throw system_failure(code.value(), "open", of.directory);
    const std::string path = directory + "/" + asked.file;
    if (fs::is_symlink(path, code))
        throw failure{
            exit_code::failed, printable(path) + ": is a link to " + printable(fs::read_symlink(path).string()),
            "edit what it leads to: sudoedit " + printable(shell_quoted(fs::weakly_canonical(path).string()))};
    if (::access(path.substr(0, path.rfind('/')).c_str(), W_OK) != 0) {
        if (errno == EACCES || errno == EPERM)
            throw failure{exit_code::not_allowed, printable(path) + ": this user may not write it",
                          "edit it as root: sudoedit " + printable(shell_quoted(path))};
        throw system_failure(errno, "write", path);
    }
    struct stat       was {};
    const bool        is_new = ::lstat(path.c_str(), &was) != 0;
    const std::string before = is_new ? "#!/bin/sh\n" : script_text(path);
    removed_directory here{make_temporary_directory()};
    std::string       copy = here.path().string() + "/" + asked.file.substr(asked.file.rfind('/') + 1);
    {
        const sys::unique_fd file{::open(copy.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
        if (!file) throw system_failure(errno, "write", copy);
        write_all(file.value(), before, copy);
    }
    run_editor(copy);
    const std::string after = script_text(copy);
    if (after == before) {
        print(printable(path) + ": left as it is\n");
        return exit_code::good;
    }
    try {
        struct stat now {};
        if (!is_new && (::lstat(path.c_str(), &now) != 0 || !is_same(now, was)))
            throw failure{exit_code::failed, printable(path) + ": something else has changed it meanwhile"};
        replace_file(path, after, is_new ? nullptr : &was);
    } catch (const failure& why) {
        here.keep();
        throw failure{why.code(), std::string{why.cause()}, "what you have written is in " + printable(copy)};
    }
    print(printable(path) + ": changed; " + what_next(of, asked.file) + "\n");
    for (const auto& one : lint_service(directory))
        if (one.how_bad != severity::note) say(printable(one.path + ": " + one.what + ": " + one.cure));
    return exit_code::good;
}

}  // namespace

void add_cat(command_line& line, const settings& in) {
    const auto shown = std::make_shared<options>();
    line.add("cat", "The scripts of services: run, finish, check, control/*, log/run")
        .words("NAME", shown->names, "services, enabled or available: names, paths or patterns")
        .does([&in, shown] { return show(in, *shown); });

    const auto edited = std::make_shared<options>();
    line.add("edit", "Change a script of a service with $VISUAL or $EDITOR")
        .string("--file", edited->file, "FILE", "this one instead of run: finish, check, log/run")
        .word("NAME", edited->name, "a service, enabled or available; NAME/log is a log service")
        .note("The editor works on a copy, which takes the file's place at once.")
        .does([&in, edited] { return edit(in, *edited); });
}

}  // namespace runwell::svctl
