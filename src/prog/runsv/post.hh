// post.hh — one of the two that a runsv looks after: where it lives, how it is spoken to, and its processes.
#pragma once

#include <sys/types.h>

#include "core/pair.hh"
#include "sys/fd.hh"
#include "sys/orphan.hh"
#include "sys/supervise.hh"

namespace runwell {

// A process of the service: a child, or an orphan that a supervisor before this one has left.
struct worker {
    pid_t       pid = 0;  // 0: none
    sys::orphan orphan;

    void send(int signal) const noexcept;
};

struct post {
    sys::unique_fd directory;
    sys::supervise files;
    worker         process;  // of ./run or ./finish
    worker         script;   // of a control script

    bool has_orphans() const noexcept { return process.orphan || script.orphan; }
};

const sys::supervise_names& names_of(member who) noexcept;

}  // namespace runwell
