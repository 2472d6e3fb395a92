// power.hh — the end of a machine, and whether this is one.
#pragma once

#include <sys/types.h>

#include "core/stages.hh"

namespace runwell::sys {

// For PID 1: whether it runs on the machine itself, not in a container. Also requests SIGINT instead of an immediate
// reboot on ctrl-alt-del, because that request is the test: reboot(2) fails with EINVAL in every other PID namespace,
// and with EPERM without the privilege.
bool is_machine() noexcept;

// Makes a process that ends the machine, after sync(2) with `clean`. Returns its PID, or -1 with errno if no process
// could be made. The process exits only if reboot(2) fails. PID 1 itself must not call reboot(2), which may not return.
pid_t end_machine(ending how, bool clean) noexcept;

// In this process, at once. Returns only when that has failed, with errno: EPERM.
int end_machine_now(ending how) noexcept;

}  // namespace runwell::sys
