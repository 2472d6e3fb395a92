// plan.hh — the changes that chpst makes to a process before it becomes the program, as values in their order.
//
//     environment ./env │ identity www │ limit files 64 │ run ./daemon
//
// core/chpst_options makes a plan of a command line; prog/chpst carries it out, and --print shows it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/fixed.hh"
#include "core/kernel_names.hh"

namespace runwell {

// Every change of the process state, in the order in which they are made.
enum class change_kind : std::uint8_t {
    session,       // -P
    environment,   // -e                text: the directory
    oom_score,     // --oom-score       number: -1000 … 1000
    cgroup,        // --cgroup          text: the path below the cgroup of the caller, or from the root
    cgroup_set,    // --cgroup-set      text: file=value; repeats
    cgroup_enter,  // --cgroup
    new_net,       // --new-net
    new_mount,     // --new-mount
    read_only,     // --read-only       text: the path; repeats
    private_tmp,   // --private-tmp
    root,          // -/                text
    directory,     // -C                text
    nice,          // -n                number: to be added
    schedule,      // --sched           kind: schedule_kind, number: its priority
    io_priority,   // --io-class …      kind: io_class, number: 0 … 7
    cpus,          // --cpus            text
    id_variables,  // -U                text: user[:group]…
    bounding,      // --cap-…           bits: the capabilities to lose for good
    identity,      // -u                text: user[:group]…
    capabilities,  // --cap-…           bits: the capabilities that may stay
    lock,          // -l -L             text
    ruleset,       // --may-…           begins what `restriction` ends
    may_read,      // --may-read        text; repeats
    may_write,     // --may-write       text; repeats
    null,          // --null
    close_0,       // -0
    close_1,       // -1
    close_2,       // -2
    limit,         // -d -o …           kind: resource, number: the limit; one change for each resource
    umask,         // --umask           number
    death_signal,  // --death-signal    number
    no_new_privs,  // --no-new-privs
    restriction,   // --may-…
    close_fds,     // --close-fds
};

// How a change is done.
enum class manner : std::uint8_t {
    plainly     = 0,
    waiting     = 1,   // lock: wait until it is free
    hard        = 2,   // limit: the hard limit too
    daemontools = 4,   // as daemontools: a user is a name and nothing else, a subdirectory is no variable
    init_groups = 8,   // identity: the groups that the user is a member of, too
    ambient     = 16,  // bounding, capabilities: what stays outlives the change of user
};
constexpr manner operator|(manner a, manner b) noexcept {
    return static_cast<manner>(static_cast<std::uint8_t>(a) | static_cast<std::uint8_t>(b));
}
constexpr bool has(manner all, manner one) noexcept {
    return (static_cast<std::uint8_t>(all) & static_cast<std::uint8_t>(one)) != 0;
}

// As much as the hard limit allows.
constexpr std::int64_t most = -1;

struct change {
    change_kind   what;
    const char*   text   = "";  // as on the command line
    std::int64_t  number = 0;
    std::uint64_t bits   = 0;
    std::uint8_t  kind   = 0;
    manner        how    = manner::plainly;
};

// Changes in the order of execution, and what to execute at the end.
class plan {
public:
    static constexpr std::size_t most_changes = 128;

    // Puts the change in its place: behind those of the same kind when the kind repeats, else instead of it. False when
    // there is no room.
    bool put(const change& what) noexcept;

    std::span<const change> changes() const noexcept { return {changes_.data(), size_}; }
    const change*           find(change_kind what) const noexcept;

    const char* const* program = nullptr;  // the arguments of the program; ends with a null pointer
    const char*        argv0   = nullptr;  // -b
    bool               verbose = false;    // -v
    bool               print   = false;    // --print: show, do not execute
    bool               silent  = false;    // setlock -x: failures are neither printed nor returned

private:
    std::array<change, most_changes> changes_;
    std::size_t                      size_ = 0;
};

// A change in words: "limit open files to 64", or with a subject, "environment from " + "./env".
struct description {
    fixed_text<120>  words;
    std::string_view subject;
};
description describe(const change& what) noexcept;

// The kernel feature that a change needs, and the errno of a kernel without it (besides ENOSYS and EOPNOTSUPP). Nothing
// for a change that every Linux supports.
struct kernel_feature {
    std::string_view name   = {};
    int              absent = 0;
};
kernel_feature feature_of(change_kind what) noexcept;

}  // namespace runwell
