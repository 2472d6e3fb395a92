#include "sys/event_queue.hh"

#include <algorithm>
#include <cerrno>
#include <limits>

#include "sys/clock.hh"
#include "sys/coverage.hh"

namespace runwell::sys {

result<event_queue> event_queue::make() noexcept {
    event_queue made;
    made.fd_.reset(::epoll_create1(EPOLL_CLOEXEC));
    if (!made.fd_) return error{"unable to wait for events", "", errno};
    return made;
}

bool event_queue::add(int fd, std::uint32_t events, std::uint32_t tag) const noexcept {
    epoll_event wanted{};
    wanted.events   = events;
    wanted.data.u32 = tag;
    return ::epoll_ctl(fd_.value(), EPOLL_CTL_ADD, fd, &wanted) == 0;
}

void event_queue::change(int fd, std::uint32_t events, std::uint32_t tag) const noexcept {
    epoll_event wanted{};
    wanted.events   = events;
    wanted.data.u32 = tag;
    ::epoll_ctl(fd_.value(), EPOLL_CTL_MOD, fd, &wanted);
}

void event_queue::remove(int fd) const noexcept { ::epoll_ctl(fd_.value(), EPOLL_CTL_DEL, fd, nullptr); }

std::size_t event_queue::wait(std::optional<ticks> deadline, std::array<epoll_event, 4>& events) const noexcept {
    constexpr ticks millisecond = one_second / 1000;
    int             left        = -1;
    if (deadline) {
        const ticks nanos = *deadline == at_once ? 0 : std::max<ticks>(*deadline - monotonic(), 0);
        left =
            static_cast<int>(std::min<ticks>((nanos + millisecond - 1) / millisecond, std::numeric_limits<int>::max()));
    }
    keep_counts();
    const int count = ::epoll_wait(fd_.value(), events.data(), static_cast<int>(events.size()), left);
    return count > 0 ? static_cast<std::size_t>(count) : 0;
}

}  // namespace runwell::sys
