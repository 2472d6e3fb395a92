#include "sys/hangup_set.hh"

#include <sys/epoll.h>

#include <cerrno>

namespace runwell::sys {

result<void> hangup_set::add(int pipe) noexcept {
    if (!set_) set_.reset(::epoll_create1(EPOLL_CLOEXEC));
    epoll_event wanted{};  // no events: the exit of the reader (EPOLLERR) is always reported
    wanted.data.fd = pipe;
    if (!set_ || ::epoll_ctl(set_.value(), EPOLL_CTL_ADD, pipe, &wanted) != 0)
        return error{"unable to listen to a pipe", "", errno};
    return {};
}

int hangup_set::next() const noexcept {
    epoll_event happened{};
    return set_ && ::epoll_wait(set_.value(), &happened, 1, 0) == 1 ? happened.data.fd : -1;
}

}  // namespace runwell::sys
