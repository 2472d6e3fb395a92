// machine.hh — PID 1 of a machine, and of a container that has its own /etc/runit/2.
#pragma once

#include "prog/runit/console.hh"

namespace runwell {

// Never returns. Where this is no machine it exits when the container may not be ended by reboot(2).
[[noreturn]] void run_machine(const console& says, bool is_machine) noexcept;

}  // namespace runwell
