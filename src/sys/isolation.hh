// isolation.hh — what a process can see and open: network, mounts, files.
#pragma once

#include <cstdint>

#include "core/result.hh"
#include "sys/fd.hh"

namespace runwell::sys {

// A network with nothing in it but a loopback that is up.
result<void> leave_network() noexcept;

// A mount namespace: later mounts from outside still appear here, mounts made here stay here.
result<void> keep_mounts_apart() noexcept;

// Makes everything below the path read-only, in mounts of its own. The working directory is entered again, so that it
// is not a way around.
result<void> make_read_only(const char* path) noexcept;

// Empty file systems in memory on /tmp and, if it exists, /var/tmp.
result<void> mount_private_tmp() noexcept;

// Rules that restrict, from a moment on, which files this process and its descendants may open (landlock(7)).
class file_rules {
public:
    file_rules() noexcept = default;

    static result<file_rules> make() noexcept;

    result<void> allow_read(const char* path) const noexcept;   // to read, list and execute
    result<void> allow_write(const char* path) const noexcept;  // everything
    result<void> restrict_to_these() const noexcept;            // nothing else can be opened any more

private:
    result<void> allow(const char* path, std::uint64_t rights) const noexcept;

    unique_fd     fd_;
    std::uint64_t handled_ = 0;
};

}  // namespace runwell::sys
