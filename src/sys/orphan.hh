// orphan.hh — a process that is not our child, known by its record (core/ledger.hh) and watched through a pidfd.
//
// The kernel keeps the exit status of a child until it is reaped. For the child of another process it reports less: its
// exit at once, and since Linux 6.15 the exit status, once its parent has reaped it. See pidfd_open(2).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "core/ledger.hh"
#include "core/result.hh"
#include "core/takeover.hh"
#include "sys/fd.hh"

namespace runwell::sys {

// What the start times of /proc are rounded down to, in nanoseconds.
ticks tick_of_proc() noexcept;

// A number that no other process of this boot has: the inode of its pidfd. 0 where the kernel has none (before
// Linux 6.9), or there is no such process. System calls only.
std::uint64_t process_id(pid_t pid) noexcept;

// When a process was started, in nanoseconds of CLOCK_BOOTTIME, rounded down. Nothing if /proc does not have it.
std::optional<ticks> start_of(std::uint32_t pid) noexcept;

// Whether this is a child of this process that is still to be reaped.
bool is_child(pid_t pid) noexcept;

// Waits until the process has ended; false when it has not after `patience` (nanoseconds), if there is one. It looks
// every 20 ms: for where there is no pidfd, or for who cannot go on before.
bool wait_for_end(const process_record& of, std::optional<ticks> patience) noexcept;

// Sends TERM and CONT, after `patience` (nanoseconds) KILL, and returns when the process has ended.
void end(const process_record& of, ticks patience) noexcept;

// Both ends of this pipe (its inode and device), which the living process `holder` has open as 0, 1 or 2. The read end
// shares the holder's open file description if that is one for reading and the kernel permits it. Trouble with
// EACCES or EPERM: it may have, but this process may not look; with ENOENT: it has not.
result<pipe_ends> reopen_pipe(std::uint32_t holder, const file_identity& pipe) noexcept;

// /proc exists, and shows the processes of our PID namespace under our numbers.
bool proc_is_ours() noexcept;

class orphan {
public:
    orphan() noexcept = default;

    // Whatever process has this pid now; nothing where there is none, or no pidfd.
    static orphan open(pid_t pid) noexcept;
    // The same one that the program has watched which this process was before.
    static orphan handed_over(int fd, std::optional<ticks> reaped_by) noexcept;

    explicit operator bool() const noexcept { return static_cast<bool>(process_); }

    // What to wait for on which descriptor (poll(2)), and until when.
    const unique_fd&     fd() const noexcept { return process_; }
    short                events() const noexcept;
    std::optional<ticks> deadline() const noexcept { return reaped_by_; }

    void send(int signal) const noexcept;
    bool has_ended() const noexcept;  // all of its threads

    // How it has ended, once that is known or will not be known any more (unknown_status); nothing before. A process
    // that its new parent does not reap is given a second.
    std::optional<int> ended(ticks now) noexcept;

private:
    unique_fd            process_;
    std::optional<ticks> reaped_by_;  // it has ended; until then its status may still come to be known
};

// What the kernel says of the pid of this record; `watched` becomes the process that has it, where there is a pidfd.
sighting sight(const process_record& of, orphan& watched) noexcept;

}  // namespace runwell::sys
