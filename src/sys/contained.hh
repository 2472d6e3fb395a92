// contained.hh — all that one ./run has started, however far it has gone: found, signalled and ended together.
//
//     a cgroup can be made      a leaf below the cgroup of this supervisor, which itself stays outside:
//                                   .../runsv.DEVICE.INODE   of the service directory; cgroup.kill ends it at once
//     else, with /proc          this supervisor becomes a subreaper: what loses its parent becomes its child, so that
//     all
//                               of it descends from here. Rounds of STOP and KILL overtake what forks.
//
// No process outside is ever signalled: a process is held by a pidfd before it is looked at, and gets a signal only if
// it is in the leaf, or descends from this supervisor and from none of `others`: the logger and a control script.
//
// A successor of a killed supervisor finds the leaf again, and nothing of what a subreaper would have had.
// Sources: cgroups(7); PR_SET_CHILD_SUBREAPER(2const); Documentation/admin-guide/cgroup-v2.rst.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>

#include "core/fixed.hh"
#include "core/result.hh"
#include "sys/fd.hh"

namespace runwell::sys {

enum class containment : std::uint8_t { none, cgroup, subreaper };

// What the leaf of this service directory is called.
fixed_text<48> leaf_name(int service) noexcept;

class contained {
public:
    using others = std::array<pid_t, 2>;  // 0: none

    // Goes on with the leaf of an earlier supervisor of this service directory, or as the subreaper this process is.
    void resume(int service) noexcept;

    // Before ./run starts. The error is why no cgroup could be made; the service is contained by the subreaper then.
    result<void> begin(int service) noexcept;
    void         did_not_enter() noexcept;  // the child could not go into the leaf: EBUSY, for instance
    void         end() noexcept;            // nothing lives any more: removes the leaf

    containment by() const noexcept { return by_; }
    int         entrance() const noexcept { return entrance_.value(); }  // cgroup.procs, to be written by the child
    int         events() const noexcept { return events_.value(); }      // POLLPRI: what any() says may be another

    bool any(const others& not_of_it) const noexcept;  // a process of it lives
    void send(int signal, const others& not_of_it) const noexcept;

private:
    bool open_leaf() noexcept;

    containment    by_ = containment::none;
    fixed_text<48> name_;
    unique_fd      above_, leaf_, entrance_, events_;
};

}  // namespace runwell::sys
