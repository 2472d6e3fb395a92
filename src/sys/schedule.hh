// schedule.hh — how much of the machine a process gets: processors, disks, and whether it goes first when memory is
// short.
//
// Every function is about the process that calls it, and holds over execve(2).
#pragma once

#include "core/kernel_names.hh"
#include "core/result.hh"

namespace runwell::sys {

result<void> add_nice(int increment) noexcept;                              // nice(2)
result<void> set_schedule(schedule_kind policy, int priority) noexcept;     // sched_setscheduler(2)
result<void> set_io_priority(io_class which, int level) noexcept;           // ioprio_set(2)
result<void> set_cpus(const cpu_mask& mask, const char* as_said) noexcept;  // sched_setaffinity(2)
result<void> set_oom_score(int score) noexcept;                             // proc(5), /proc/PID/oom_score_adj
result<void> set_limit(resource which, std::int64_t number,
                       bool hard) noexcept;  // setrlimit(2); clamped to the hard limit

}  // namespace runwell::sys
