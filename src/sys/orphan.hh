// orphan.hh — a process that is not our child, known by its birth (core/ledger.hh) and watched through a pidfd.
//
// Of a child the kernel keeps everything until it is reaped. Of somebody else's child there is less: that it has ended
// is seen at once; how, when its parent has reaped it, since Linux 6.15. See pidfd_open(2).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "core/ledger.hh"
#include "core/result.hh"
#include "sys/fd.hh"

namespace runwell::sys {

// Whether the process of this birth is there and has not ended. False too where /proc does not tell.
bool lives(const birth& of) noexcept;

// Whether this is a child of this process that is still to be reaped.
bool is_child(pid_t pid) noexcept;

// Waits until the process has ended; false when it has not after `patience` (nanoseconds), if there is one. It looks
// every 20 ms: for where there is no pidfd, or for who cannot go on before.
bool wait_for_end(const birth& of, std::optional<ticks> patience) noexcept;

// Sends TERM and CONT, after `patience` (nanoseconds) KILL, and returns when the process has ended.
void end(const birth& of, ticks patience) noexcept;

// Both ends of the pipe with this inode, which the living process `holder` has open as 0, 1 or 2. Trouble with EACCES
// or EPERM: it may have, but this process may not look; with ENOENT: it has not.
result<pipe_ends> reopen_pipe(std::uint32_t holder, std::uint64_t inode) noexcept;

// When process no 1, as this process sees it, was started: nanoseconds of CLOCK_BOOTTIME. Nothing where /proc does not
// tell.
std::optional<ticks> namespace_began() noexcept;

class orphan {
public:
    orphan() noexcept = default;

    // The living process of this birth. Trouble: it has ended (ESRCH), or it cannot be watched.
    static result<orphan> watch(const birth& of) noexcept;

    explicit operator bool() const noexcept { return static_cast<bool>(process_); }

    // What to wait for on which descriptor (poll(2)), and until when.
    const unique_fd&     fd() const noexcept { return process_; }
    short                events() const noexcept;
    std::optional<ticks> deadline() const noexcept { return reaped_by_; }

    void send(int signal) const noexcept;

    // How it has ended, once that is known or will not be known any more (unknown_status); nothing before. A process
    // that its new parent does not reap is given a second.
    std::optional<int> ended(ticks now) noexcept;

private:
    unique_fd            process_;
    std::optional<ticks> reaped_by_;  // it has ended; until then its status may still come to be known
};

}  // namespace runwell::sys
