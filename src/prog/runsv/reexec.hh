// reexec.hh — a supervisor becomes the program that is installed now, and its services do not notice.
//
//     check the program ──▶ sealed memfd: core/handover.hh ──▶ execve(2) ──▶ received(): the same supervisor
//
// execve(2) keeps the process, its children, and the descriptors that are not close-on-exec. What the supervisor knows
// goes through a memfd, whose number is in the variable RUNSV_HANDOVER, behind the pid that it is meant for. The new
// program removes the variable before anything is started.
//
// Once the kernel has begun to execute the file there is no way back, so what can be checked is checked before:
// core/program_file.hh.
#pragma once

#include <optional>

#include "core/handover.hh"
#include "core/result.hh"

namespace runwell {

// Becomes the program that this one was started as. Returns only when it does not, and says why.
error reexec(const handover& all, char* const* argv) noexcept;

// There may be something to be received.
bool has_been_reexeced() noexcept;

// What the program that this process was before has handed over; nothing when this is a process of its own. Every
// descriptor is close-on-exec again. Trouble: it cannot be read.
result<std::optional<handover>> received() noexcept;

}  // namespace runwell
