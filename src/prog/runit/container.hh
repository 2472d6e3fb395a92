// container.hh — PID 1 of a container that has no /etc/runit/2, or a command to run.
#pragma once

#include <span>

#include "prog/runit/console.hh"

namespace runwell {

// Never returns: exits with the code of the container. A null pointer follows the words of `command`.
[[noreturn]] void run_container(const console& says, std::span<char* const> command) noexcept;

}  // namespace runwell
