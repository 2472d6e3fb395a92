// kernel.hh — what the kernel has and musl's headers do not show: numbers and records of its interface, which never
// change.
#pragma once

#include <cstdint>

namespace runwell::sys::kernel {

// linux/capability.h, version 3: two of these, for capabilities 0 … 31 and 32 … 63.
constexpr std::uint32_t capability_version = 0x20080522;
struct capability_header {
    std::uint32_t version = capability_version;
    int           pid     = 0;
};
struct capability_data {
    std::uint32_t effective   = 0;
    std::uint32_t permitted   = 0;
    std::uint32_t inheritable = 0;
};

// linux/landlock.h
struct landlock_ruleset {
    std::uint64_t handled_files = 0;
};
struct [[gnu::packed]] landlock_path {
    std::uint64_t allowed = 0;
    std::int32_t  parent  = -1;
};
constexpr unsigned      landlock_version = 1U << 0;  // landlock_create_ruleset: say the version of the interface
constexpr unsigned      landlock_below   = 1;        // landlock_add_rule: everything below a path
constexpr std::uint64_t file_execute     = 1U << 0;
constexpr std::uint64_t file_write       = 1U << 1;
constexpr std::uint64_t file_read        = 1U << 2;
constexpr std::uint64_t directory_read   = 1U << 3;
constexpr std::uint64_t first_rights     = (1U << 13) - 1;  // of version 1, all of them
constexpr std::uint64_t refer            = 1U << 13;        // version 2
constexpr std::uint64_t truncate         = 1U << 14;        // version 3
constexpr std::uint64_t ioctl_device     = 1U << 15;        // version 5

// linux/mount.h
struct mount_attributes {
    std::uint64_t set         = 0;
    std::uint64_t clear       = 0;
    std::uint64_t propagation = 0;
    std::uint64_t user_fd     = 0;
};
constexpr std::uint64_t mount_read_only = 1;
constexpr unsigned      recursively     = 0x8000;  // AT_RECURSIVE, linux/fcntl.h

// linux/ioprio.h
constexpr int io_who_process = 1;
constexpr int io_class_shift = 13;
constexpr int io_realtime    = 1;
constexpr int io_best_effort = 2;
constexpr int io_idle        = 3;

// linux/pidfd.h
struct pidfd_info {
    std::uint64_t mask        = 0;
    std::uint64_t cgroup      = 0;
    std::uint32_t ids[11]     = {};  // pid, tgid, ppid, and who it runs as
    std::int32_t  exit_code   = 0;   // a wait status
    std::uint32_t core_dumped = 0;
    std::uint32_t nothing     = 0;
};
constexpr std::uint64_t pidfd_tells_exit = 1U << 3;
constexpr unsigned      pidfd_get_info   = 0xC048FF0B;  // _IOWR(0xFF, 11, pidfd_info), Linux 6.15

// linux/stat.h
struct file_time {
    std::int64_t  seconds = 0;
    std::uint32_t nanos   = 0;
    std::int32_t  nothing = 0;
};
struct file_status {
    std::uint32_t mask = 0;  // what of the rest is known
    std::uint32_t before[7]{};
    std::uint64_t inode = 0;
    std::uint64_t sizes[3]{};
    file_time     accessed, born, changed, modified;
    std::uint64_t behind[16]{};
};
constexpr unsigned status_inode = 0x100;
constexpr unsigned status_born  = 0x800;

// linux/magic.h
constexpr std::uint64_t cgroup2_magic = 0x63677270;
constexpr std::uint64_t pidfs_magic   = 0x50494446;

constexpr int read_at_once = 0x8;  // RWF_NOWAIT

}  // namespace runwell::sys::kernel
