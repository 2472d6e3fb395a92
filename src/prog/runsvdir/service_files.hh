// service_files.hh — the files of a service directory that runsvdir uses: the control pipe, the lock, and the status.
//
// The files may belong to a user: nothing is opened through a link or waited for, and only a FIFO is written to.
#pragma once

#include "core/roster.hh"
#include "sys/fd.hh"

struct stat;

namespace runwell::runsvdir {

place place_of(const struct stat& found) noexcept;

// Whether changes may be made that this kernel does not report: network file systems, and FUSE.
bool is_remote(int dir) noexcept;

// The control pipe of the service `name` below `dir` ("." for `dir` itself), provided that a runsv reads it. When that
// runsv exits, the descriptor reports an error.
sys::unique_fd control_of(int dir, const char* name) noexcept;

// Whether a runsv supervises the service: it holds the lock, although it may not listen yet, or not any more. A service
// may hold its own control pipe open, so `control`, which control_of() has found, counts only where the lock cannot be
// read.
bool is_supervised(int dir, const char* name, const sys::unique_fd& control) noexcept;

void tell_to_exit(int control) noexcept;

// How a runsv has ended that was not our child, by the files of `service`: one that exited in order has written that
// the service is down, and its log service too.
runsv_end end_of_foreign(int service) noexcept;

bool has_run(int dir, const char* name) noexcept;

}  // namespace runwell::runsvdir
