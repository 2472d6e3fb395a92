#include "svctl/service_writer.hh"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "core/text.hh"
#include "svctl/errors.hh"
#include "svctl/files.hh"
#include "svctl/remedies.hh"
#include "svctl/shell_script.hh"
#include "svctl/terminal.hh"
#include "sys/fd.hh"

namespace runwell::svctl {
namespace {

namespace fs = std::filesystem;

constexpr mode_t for_programs = 0755, for_texts = 0644, for_secrets = 0600;

void write_file(const fs::path& path, std::string_view content, mode_t mode) {
    const sys::unique_fd file{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)};
    if (!file || ::fchmod(file.value(), mode) != 0) throw system_failure(errno, "write", path.string());
    write_all(file.value(), content, path.string());
    if (::fsync(file.value()) != 0) throw system_failure(errno, "write", path.string());
}

void make_directory(const fs::path& path, mode_t mode) {
    if (::mkdir(path.c_str(), mode) != 0) throw system_failure(errno, "make", path.string());
    if (::chmod(path.c_str(), mode) != 0) throw system_failure(errno, "make", path.string());
}

// A newline in a value is a zero byte in its file: chpst(8), -e.
std::string in_a_file(std::string value) {
    for (char& c : value)
        if (c == '\n') c = '\0';
    return value + "\n";
}

// A comment must not end before its line does.
std::string in_a_comment(std::string_view name) {
    std::string one_line{name};
    for (char& c : one_line)
        if (static_cast<unsigned char>(c) < 0x20) c = '?';
    return one_line;
}

void write_files(const fs::path& into, const new_service& of) {
    write_file(into / "run", run_text(of), for_programs);
    if (!of.variables.empty()) {
        make_directory(into / "env", 0700);
        for (const auto& [name, value] : of.variables) write_file(into / "env" / name, in_a_file(value), for_secrets);
    }
    if (!of.check.empty()) write_file(into / "check", check_text(of), for_programs);
    if (of.finish) write_file(into / "finish", finish_text(of), for_programs);
    if (of.down) write_file(into / "down", "", for_texts);
    if (!of.has_log) return;
    make_directory(into / "log", 0755);
    write_file(into / "log/run", log_run_text(of), for_programs);
    if (!of.log.empty()) return;
    make_directory(into / "log/main", 0750);
    write_file(into / "log/main/config",
               "# How this log is kept, for svlogd(8): old files of 1 MB, ten of them.\n"
               "s1000000\n"
               "n10\n",
               for_texts);
}

[[noreturn]] void refuse(exit_code code, remedy what, const fs::path& path, const std::string& command = "") {
    finding its = explain(what, {printable(path.string()), shell_quoted(path.string()), command});
    throw failure{code, its.cause, std::move(its.cure)};
}

// The words of `svctl new`, as they were given.
std::string words_of(const new_service& of) {
    std::string text;
    const auto  add = [&text](std::string_view option, std::string_view value = {}) {
        text += option;
        if (!value.empty()) text.append(" ").append(shell_quoted(value));
        text += ' ';
    };
    if (!of.user.empty()) add("--user", of.user);
    for (const auto& [name, value] : of.variables) {
        std::string variable = name;
        variable.append("=").append(value);
        add("--env", variable);
    }
    if (!of.log.empty()) add("--log", of.log);
    if (!of.has_log) add("--no-log");
    if (!of.check.empty()) add("--check", of.check);
    if (of.finish) add("--finish");
    if (of.down) add("--down");
    text += shell_quoted(of.name) + " --";
    for (const std::string& one : of.command) text += " " + shell_quoted(one);
    return text;
}

}  // namespace

std::string run_text(const new_service& of) {
    std::string text = "#!/bin/sh\n# " + in_a_comment(of.name) +
                       ": runsv(8) starts this, and starts it again when it ends.\n"
                       "# What it becomes by exec must stay in the foreground.\n";
    if (of.has_log) text += "\n# Standard error goes to the log, too.\nexec 2>&1\n";
    text += "\n";
    if (!of.user.empty()) text += "# -u: as this user.\n";
    if (!of.variables.empty()) text += "# -e: with the variables in ./env, a file for each.\n";
    text += "exec ";
    if (!of.user.empty() || !of.variables.empty()) {
        text += "chpst";
        if (!of.user.empty()) text += " -u " + shell_quoted(of.user);
        if (!of.variables.empty()) text += " -e ./env";
        text += " ";
    }
    for (std::size_t i = 0; i < of.command.size(); ++i) text += (i > 0 ? " " : "") + shell_quoted(of.command[i]);
    return text + "\n";
}

std::string log_run_text(const new_service& of) {
    const std::string directory = of.log.empty() ? "./main" : of.log;
    return "#!/bin/sh\n# The log of " + in_a_comment(of.name) +
           ": svlogd(8) writes what the service says to a directory, and rotates it.\n"
           "# Read it with: svctl logs " +
           shell_quoted(in_a_comment(of.name)) +
           "\n"
           "exec svlogd -tt " +
           shell_quoted(directory) + "\n";
}

std::string check_text(const new_service& of) {
    return "#!/bin/sh\n# Whether " + in_a_comment(of.name) +
           " can be used: 0 for yes. `sv start' and `svctl start' wait for it.\n"
           "exec >/dev/null 2>&1\n" +
           of.check + "\n";
}

std::string finish_text(const new_service& of) {
    return "#!/bin/sh\n# Runs when " + in_a_comment(of.name) +
           " has ended, before it is started again.\n"
           "# $1 is its exit code, or -1 if it was killed; $2 is the low byte of its wait status, the signal.\n"
           "echo \"ended: exit code $1, wait status $2\"\n";
}

void write_service(const std::string& directory, const new_service& of) {
    const fs::path target = fs::path{directory} / of.name;
    struct stat    about {};
    if (::stat(directory.c_str(), &about) != 0 && errno == ENOENT)
        refuse(exit_code::not_found, remedy::new_nowhere, directory);
    if (::lstat(target.c_str(), &about) == 0) refuse(exit_code::failed, remedy::new_taken, target);
    if (::access(directory.c_str(), W_OK | X_OK) != 0 && errno == EACCES)
        refuse(exit_code::not_allowed, remedy::new_refused, directory, words_of(of));

    removed_directory made{fs::path{directory} / ("." + of.name + "." + std::to_string(::getpid()))};
    make_directory(made.path(), 0755);
    write_files(made.path(), of);

    // The log's directory comes before what logs to it.
    std::error_code code;
    const fs::path  log   = of.log.empty() ? fs::path{} : (target / "log" / of.log).lexically_normal();
    const bool      fresh = !log.empty() && !fs::exists(log, code);
    if (fresh && ::mkdir(log.c_str(), 0750) != 0) throw system_failure(errno, "make", log.string());

    if (::renameat2(AT_FDCWD, made.path().c_str(), AT_FDCWD, target.c_str(), RENAME_NOREPLACE) != 0) {
        const int why = errno;
        if (fresh) fs::remove(log, code);
        if (why == EEXIST) refuse(exit_code::failed, remedy::new_taken, target);
        throw system_failure(why, "name", target.string());
    }
    made.keep();
}

}  // namespace runwell::svctl
