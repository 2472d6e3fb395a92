// isolation.hh — what a process can see and open: network, mounts, files.
#pragma once

#include <cstdint>

#include "core/result.hh"
#include "sys/fd.hh"

namespace runwell::sys {

// A network with nothing in it but a loopback that is up.
outcome leave_network() noexcept;

// Mounts of its own: what is mounted outside still appears here, what is mounted here stays here.
outcome keep_mounts_apart() noexcept;

// Makes everything below the path read-only, in mounts of its own. The working directory is entered again, so that it
// is not a way around.
outcome make_read_only(const char* path) noexcept;

// Empty file systems in memory on /tmp and, where it is there, /var/tmp.
outcome mount_private_tmp() noexcept;

// Rules of what may be opened from a moment on, by this process and all that it starts (landlock(7)).
class file_rules {
public:
    file_rules() noexcept = default;

    static result<file_rules> make() noexcept;

    outcome allow_read(const char* path) const noexcept;   // to read, list and execute
    outcome allow_write(const char* path) const noexcept;  // everything
    outcome restrict_to_these() const noexcept;            // nothing else can be opened any more

private:
    outcome allow(const char* path, std::uint64_t rights) const noexcept;

    unique_fd     fd_;
    std::uint64_t handled_ = 0;
};

}  // namespace runwell::sys
