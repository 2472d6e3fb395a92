// messages.hh — how a program speaks: one line, one write, on standard error.
//
//     runsv /service/web: fatal: unable to lock supervise/lock: temporary failure
//     └─────messages──────┘         └───────────error──────────────────────────┘
//
// Saying something never waits: where the reader of a pipe does not read, the line is dropped.
#pragma once

#include <initializer_list>
#include <string_view>

#include "core/result.hh"

namespace runwell::sys {

// Writes the parts as one line (the newline is added) to standard error, unless that would wait.
void say(std::initializer_list<std::string_view> parts) noexcept;

// Writes the parts to a descriptor, all of them, waiting for as long as it takes. False on an error.
bool print(int fd, std::initializer_list<std::string_view> parts) noexcept;

// A program, and the service or directory that it supervises ("" for none).
struct messages {
    std::string_view program;
    std::string_view about = {};

    void warn(const runwell::error& why) const noexcept;
    void warn(std::initializer_list<std::string_view> words) const noexcept;  // after "…: warning: "; at most 8
    void error(const runwell::error& why) const noexcept;                 // after "…: fatal: ": the program goes on
    int  fatal(const runwell::error& why, int exit_code) const noexcept;  // the same, and returns exit_code
};

}  // namespace runwell::sys
