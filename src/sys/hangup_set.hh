// hangup_set.hh — a set of pipes that reports when the last reader of one has exited (epoll).
//
// A descriptor for each pipe, one for all of them to wait on, and nothing in the set until the first is added.
#pragma once

#include <cstddef>

#include "core/result.hh"
#include "sys/fd.hh"

namespace runwell::sys {

class hangup_set {
public:
    // Listens on the writing end of a pipe. It leaves the set when it is closed.
    result<void> add(int pipe) noexcept;

    // Readable when the reader of any pipe has gone; -1 while nothing was added.
    const unique_fd& fd() const noexcept { return set_; }

    // One of the pipes whose reader has gone, or -1. The same again until it is closed.
    int next() const noexcept;

private:
    unique_fd set_;
};

}  // namespace runwell::sys
