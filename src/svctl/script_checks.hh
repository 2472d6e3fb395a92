// script_checks.hh — what keeps a program of a service directory from doing its work: for lint, before it is tried, and
// for status, after.
//
//     check_program("web/run")      is it there, may it be executed, does its interpreter exist        one answer
//     check_content("web/run")      does it stay in the foreground, as the process that runsv sees     all answers
//     check_logger("web/log/run")   does the directory exist that svlogd is to log to, and may it write there
//
// Everything is read, nothing is tried. What this user may not see is not held against a service.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "svctl/remedies.hh"
#include "svctl/shell_script.hh"

namespace runwell::svctl {

// What a program is asked: ./run and log/run live as long as the service does, the others end.
enum class role : std::uint8_t { service, logger, other };

struct script {
    std::string path;   // of the file
    std::string shown;  // its name in messages: "web/run"
    role        is         = role::service;
    bool        has_logger = false;  // its output goes to a log service
};

struct fault {
    remedy                   what;
    std::vector<std::string> words;     // for explain()
    unsigned                 line = 0;  // from 1; 0: all of it
    std::string              path{};    // of the file that it is about, if that is not the program

    finding explained() const { return explain(what, words); }
};

// What keeps the kernel from executing it, if anything does.
std::optional<fault> check_program(const script& of);
// The part of this that is in the file: its first line, or the head of a program.
std::optional<fault> check_head(const script& of);
// What a shell script does that it should not; nothing for other programs.
std::vector<fault> check_content(const script& of);
// The directories that svlogd is to log to.
std::vector<fault> check_logger(const script& of);

// What keeps runsv from making or using the supervise/ of a service or log service. `shown` is what that is called,
// `name` is "web" or "web/log".
std::optional<fault> check_supervise(const std::string& service, const std::string& shown, const std::string& name);

// Whether a program is in a directory of PATH, or of the PATH that runit gives its services.
bool in_path(const std::string& program);
bool is_shell_script(const std::string& text);

// The first line of a script, as execve(2) takes it: "#!/usr/bin/env -S bash -e" is env and bash.
struct interpreter {
    std::string path;                     // empty: there is none
    std::string argument;                 // the program that env is to find; else the first argument
    bool        carriage_return = false;  // the path ends with one: the file was written on Windows
};
interpreter interpreter_of(std::string_view first_bytes);

// The directories of svlogd in a script that exist.
std::vector<std::string> log_directories_in(const script& of);

}  // namespace runwell::svctl
