// essential.hh — how runsv tells process no 1 of a container that a service has ended which the container lives for.
//
// A service directory with a file `essential` (plain runit ignores it) belongs to the container: when the service goes
// down for good, or crashes, runsv sends process no 1 this signal with the exit code as its value (sigqueue(3)). It
// does so only where runit has said, in the environment, that it is process no 1 and listens: to another one, or to
// something that passes on every signal, it could mean anything.
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
