// essential.hh — how runsv reports to PID 1 of a container that an essential service has ended.
//
// A service directory with a file `essential` (plain runit ignores it) belongs to the container: when the service
// crashes, or is down and not wanted up, runsv sends PID 1 this signal with the exit status as its value (sigqueue(3)).
// It does so only if the environment says that PID 1 is runit, which expects the signal: another PID 1 could do
// anything with it, or pass it on.
#pragma once

#include <sys/wait.h>

#include <csignal>

namespace runwell {

inline constexpr int         essential_signal   = 50;  // a real-time signal; the same number in every C library
inline constexpr const char* essential_variable = "RUNWELL_CONTAINER";

// A service has crashed: it ended by a signal that it was not sent by its supervisor, or with a failure.
constexpr bool has_crashed(int status, bool got_term) noexcept {
    if (WIFSIGNALED(status)) return !(got_term && WTERMSIG(status) == SIGTERM);
    return WEXITSTATUS(status) != 0 && !got_term;
}

}  // namespace runwell
