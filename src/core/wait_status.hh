// wait_status.hh — how a process ended, as waitpid(2) reports it, in the numbers that others are given.
#pragma once

#include <sys/wait.h>

#include "core/fixed.hh"

namespace runwell {

// Wait status of a process that was not our child and whose exit status could not be read.
inline constexpr int unknown_status = -1;

// What a child that could not execute its program exits with.
inline constexpr int status_of_unstarted = 111 << 8;

// The exit status as a shell has it: 128 + n for a process that signal n has killed.
constexpr int shell_code(int status) noexcept {
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// The arguments of ./finish after `./run` ended with a wait status: `code`, the exit status of ./run, or -1 if a signal
// killed it; and `low`, the low byte of the wait status: 0, or the signal, plus 128 if core was dumped. An unknown
// status gives -1 and 0. Source: runsv(8).
struct finish_arguments {
    fixed_text<4> code, low;
};
finish_arguments finish_arguments_of(int status) noexcept;

}  // namespace runwell
