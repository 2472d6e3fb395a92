// signals.hh — signals as something to read, never as something that interrupts.
//
// A supervisor blocks what it listens to, for ever, and reads it from a descriptor. It has no handlers, so there is
// nothing to forget in a child: become() empties the mask, and dispositions are as they were inherited.
#pragma once

#include <csignal>
#include <initializer_list>

#include "core/result.hh"
#include "sys/fd.hh"

namespace runwell::sys {

// Block these (and SIGPIPE, so that a vanished reader is an errno), give them their default disposition back should
// they have been inherited ignored, and make them readable. The descriptor does not block.
// `as_they_are` are made readable too, and keep their disposition: ignored signals stay ignored in children.
result<unique_fd> listen_to(std::initializer_list<int> signals, std::initializer_list<int> as_they_are = {}) noexcept;
result<unique_fd> listen_to(sigset_t signals) noexcept;

// The next signal that has arrived, or 0.
int next_signal(const unique_fd& listener) noexcept;

// The same, with the value that sigqueue(3) has sent along; number 0 when there is none.
struct heard_signal {
    int number = 0;
    int value  = 0;
};
heard_signal next_heard(const unique_fd& listener) noexcept;

// A child that has ended, reaped.
struct ended_child {
    pid_t pid    = 0;
    int   status = 0;  // waitpid(2)
};
// The next child of this process that has ended; pid 0 when there is none (now).
ended_child reap() noexcept;

}  // namespace runwell::sys
