// clock.hh — what time it is.
//
// Through the system call and not through the vDSO: mapping that in costs a static program 10 KB of private memory,
// and nothing here asks often enough to notice.
#pragma once

#include "core/service.hh"
#include "core/tai.hh"

namespace runwell::sys {

ticks  monotonic() noexcept;   // CLOCK_MONOTONIC, nanoseconds; stands still while the machine sleeps
ticks  since_boot() noexcept;  // CLOCK_BOOTTIME, nanoseconds; goes on while the machine sleeps
ticks  used() noexcept;        // CLOCK_PROCESS_CPUTIME_ID: what this process has used of the processors
moment wall() noexcept;        // CLOCK_REALTIME

}  // namespace runwell::sys
