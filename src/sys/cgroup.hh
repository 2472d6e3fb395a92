// cgroup.hh — a cgroup of its own for a service (cgroups(7), version 2).
#pragma once

#include "core/plan.hh"
#include "core/result.hh"
#include "sys/fd.hh"

namespace runwell::sys {

// The directory of the cgroup that this process is in. Trouble with errno ENOSYS: there is no hierarchy of version 2.
result<unique_fd> own_cgroup() noexcept;

class cgroup {
public:
    cgroup() noexcept = default;

    // Below the cgroup of this process, or with a slash before it, below the root of the hierarchy. Missing
    // directories are created, and the controllers of the settings are enabled in their parents if possible. The
    // error ENOSYS means: there is no hierarchy of version 2.
    static result<cgroup> make(const char* path, std::span<const change> settings) noexcept;

    result<void> set(const char* setting) const noexcept;  // "memory.max=64M"
    result<void> enter() const noexcept;                   // this process moves there

private:
    unique_fd dir_;
};

}  // namespace runwell::sys
