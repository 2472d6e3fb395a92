// spawn.hh — a new process: the parent plans, the child obeys.
//
// The child borrows the parent's memory until it executes (vfork): nothing is copied, and the parent knows at once
// whether the execve succeeded. Between the two there is plain data and a function that cannot return.
#pragma once

#include <sys/types.h>

#include <span>
#include <type_traits>

#include "core/ledger.hh"

struct rlimit;

namespace runwell::sys {

// A descriptor of the parent, and the number that the child knows it by.
struct placement {
    int from = -1;
    int to   = -1;
};

// All the child may know.
struct child_plan {
    const char*        path     = nullptr;  // what to execute; looked up in PATH when it has no slash
    const char* const* argv     = nullptr;
    char* const*       envp     = nullptr;
    int                dir      = -1;  // change there first; -1: stay
    int                fd_for_0 = -1;  // these become 0, 1 and 2; -1: as the parent's
    int                fd_for_1 = -1;
    int                fd_for_2 = -1;
    bool               session  = false;  // setsid(2)
    bool               front    = false;  // a process group of its own, in the foreground of the terminal on 0

    bool term_waits = false;  // SIGTERM stays blocked: one that is sent at once is pending until the program reads it
    const ::rlimit* files = nullptr;  // RLIMIT_NOFILE; nullptr: as the parent's

    bool recorded = false;  // core/ledger.hh: the child makes a record of itself before it executes,
    int  ledger   = -1;     // … and enters that here; -1: nowhere
    role entered  = role::process;
    char entry    = 'r';

    int cgroup = -1;  // cgroup.procs of the cgroup that the child goes into; -1: it stays

    std::span<const placement> also =
        {};  // beyond 0, 1 and 2, in this order; no `from` may be a `to` of an earlier one
};
static_assert(std::is_trivially_destructible_v<child_plan> && std::is_standard_layout_v<child_plan>);

// The result of a plan. Exactly one of three:
//   · pid > 0, error 0: it runs;
//   · pid < 0: there is no process, and error says why (EAGAIN, ENOMEM);
//   · pid 0: there was a process that could not do `failed`; it has ended and is reaped, and error says why.
struct spawned {
    enum class stage : unsigned char { none, directory, descriptors, execute };
    pid_t          pid    = -1;
    int            code   = 0;
    stage          failed = stage::none;
    process_record record;           // where it was asked for
    bool           outside = false;  // it could not go into the cgroup
};

// Every signal is unblocked in the child (but see term_waits); dispositions are as this process has them, other than
// those that listen_to() has taken, which are the default.
spawned spawn(const child_plan& plan) noexcept;

// execve(2), with `path` looked up in the PATH of envp when it has no slash ("/bin:/usr/bin" when there is none there;
// an empty element is the current directory). Returns only when it failed, with the errno to report: that of the first
// candidate which exists, else that of the last.
int execute(const char* path, const char* const* argv, char* const* envp) noexcept;

// The same, with the list of directories that is searched. A program that changes the environment of another one is
// itself looked up in what was there before.
int execute(const char* path, const char* const* argv, char* const* envp, const char* search) noexcept;

// The PATH of an environment, or what is searched when there is none.
const char* search_path(char* const* envp) noexcept;

}  // namespace runwell::sys
