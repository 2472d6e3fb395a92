// renewal.hh — a supervisor becomes the program that is installed now, and its services do not notice.
//
// execve(2) keeps the process, its children, and the descriptors that are not close-on-exec: the locks, the control
// pipes with the commands that wait in them, the log pipe. Their numbers go through one variable of the environment,
// which the new program removes before anything is started. The rest it finds as after a predecessor that was killed.
#pragma once

#include <array>
#include <optional>

#include "core/result.hh"

namespace runwell {

// What is handed over; -1: there is none.
struct baton {
    std::array<int, 2> directory{-1, -1}, lock{-1, -1}, control{-1, -1}, ok{-1, -1};  // the service's, its logger's
    int                read = -1, write = -1;                                         // ends of the log pipe
    const char*        path = "";                                                     // of the service directory
};

// Becomes the program that this one was started as. Returns only when it cannot.
trouble renew(const baton& hand_over, char* const* argv) noexcept;

// What the program that this process was before has handed over; nothing when this is a process of its own. Every
// descriptor is close-on-exec again.
std::optional<baton> received() noexcept;

}  // namespace runwell
