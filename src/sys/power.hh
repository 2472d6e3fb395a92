// power.hh — the end of a machine, and whether this is one.
#pragma once

#include <sys/types.h>

#include "core/stages.hh"

namespace runwell::sys {

// For process no 1: whether the kernel runs on this machine for us. It says so by letting us ask for SIGINT instead of
// an immediate reboot on ctrl-alt-del, which is asked for at the same time: reboot(2) fails with EINVAL in every other
// PID namespace, and with EPERM where process no 1 has been denied it.
bool is_machine() noexcept;

// Makes a process that ends the machine, after sync(2) with `clean`. Its pid; or -1, with errno, when none could be
// made. It ends only when that has failed: reboot(2). Process no 1 itself must not call that, since it may not return.
pid_t end_machine(ending how, bool clean) noexcept;

// In this process, at once. Returns only when that has failed, with errno: EPERM.
int end_machine_now(ending how) noexcept;

}  // namespace runwell::sys
