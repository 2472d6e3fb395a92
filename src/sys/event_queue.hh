// event_queue.hh — a wait whose descriptors are named once and not with every wait (epoll).
//
// For a program that waits a hundred thousand times a second: a wait_for() of two descriptors costs 1–2 µs more.
//
// EPOLLET on a pipe or FIFO that is not empty waits for more, but the kernel does not promise to report it: a write(2)
// that fills the pipe and sleeps there does not wake the reader (core/log_input.hh).
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "core/result.hh"
#include "core/service.hh"
#include "sys/fd.hh"

namespace runwell::sys {

class event_queue {
public:
    // Trouble: out of descriptors.
    static result<event_queue> make() noexcept;

    // From now on `fd` is waited for; its events carry `tag`. False, with errno: EPERM for a regular file, which is
    // always ready.
    bool add(int fd, std::uint32_t events, std::uint32_t tag) const noexcept;
    // Other events for a descriptor that was added.
    void change(int fd, std::uint32_t events, std::uint32_t tag) const noexcept;
    void remove(int fd) const noexcept;

    // Waits until something happens, or `deadline` (monotonic; to the millisecond, never too early) has passed, and
    // calls happened(tag, events) for each.
    template <class Happened>
    void wait(std::optional<ticks> deadline, Happened happened) const noexcept {
        std::array<epoll_event, 4> events;
        for (const epoll_event& e : std::span{events}.first(wait(deadline, events))) happened(e.data.u32, e.events);
    }

    static constexpr ticks at_once = 0;  // a deadline that has passed

private:
    std::size_t wait(std::optional<ticks> deadline, std::array<epoll_event, 4>& events) const noexcept;

    unique_fd fd_;
};

}  // namespace runwell::sys
