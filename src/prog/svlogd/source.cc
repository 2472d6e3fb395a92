#include "prog/svlogd/source.hh"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>

#include "sys/clock.hh"
#include "sys/kernel.hh"

namespace runwell {
namespace {

constexpr std::size_t page = 4096;

bool is_pipe(int fd) noexcept {
    struct stat about {};
    return ::fstat(fd, &about) == 0 && S_ISFIFO(about.st_mode);
}

bool readable(int fd) noexcept {
    pollfd p{fd, POLLIN, 0};
    return ::poll(&p, 1, 0) == 1 && (p.revents & POLLIN) != 0;
}

bool writable(int fd) noexcept {
    pollfd p{fd, POLLOUT, 0};
    return ::poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) != 0;
}

// Whether SIGIO was pending, which it no longer is. It is blocked.
bool take_sigio() noexcept {
    sigset_t only;
    ::sigemptyset(&only);
    ::sigaddset(&only, SIGIO);
    constexpr timespec at_once{};
    return ::sigtimedwait(&only, nullptr, &at_once) == SIGIO;
}

// A read(2) that never waits. O_NONBLOCK is no way: it belongs to the open file description, which other processes
// share. A FIFO, and a pipe before Linux 6.5, do not know RWF_NOWAIT.
ssize_t read_at_once(int fd, char* to, std::size_t n) noexcept {
    iovec         piece{to, n};
    const ssize_t got = ::syscall(SYS_preadv2, fd, &piece, 1L, -1L, -1L, sys::kernel::read_at_once);
    if (got >= 0 || errno != EOPNOTSUPP) return got;
    if (readable(fd)) return ::read(fd, to, n);
    errno = EAGAIN;
    return -1;
}

// SIGIO goes to this process from now on, or no longer.
bool set_async(int fd, bool on) noexcept {
    const int flags = ::fcntl(fd, F_GETFL);
    if (on && (::fcntl(fd, F_SETOWN, ::getpid()) != 0 || ::fcntl(fd, F_SETSIG, 0) != 0)) return false;
    return flags >= 0 && ::fcntl(fd, F_SETFL, on ? flags | O_ASYNC : flags & ~O_ASYNC) == 0;
}

// Whether this kernel sends SIGIO for every write to a pipe, also for one that finds no room (core/log_input.hh): tried
// on a pipe of our own.
bool kernel_announces_writes() noexcept {
    static constexpr std::array<char, 4096> some{};
    const auto                              probe = sys::make_pipe();
    if (!probe) return false;
    const int write_end = probe->write.value();
    if (::fcntl(write_end, F_SETPIPE_SZ, 1) < 0 || ::fcntl(write_end, F_SETFL, O_NONBLOCK) != 0) return false;
    if (!set_async(probe->read.value(), true)) return false;
    while (::write(write_end, some.data(), some.size()) > 0) {}
    return take_sigio() && ::write(write_end, some.data(), 1) < 0 && take_sigio();
}

}  // namespace

source::source(int fd, std::span<char> room) noexcept : fd_{fd}, room_{room} {
    if (!is_pipe(fd)) return;
    auto null = sys::open_at(AT_FDCWD, "/dev/null", O_WRONLY);
    auto pipe = sys::make_pipe();
    if (!null || !pipe) return;
    ahead_ = std::move(*pipe);
    null_  = std::move(*null);
    same_room();
}

// EPOLLET alone: the queue reports once that no process can write any more, and nothing else.
void source::listen(const sys::event_queue& queue, std::uint32_t tag, bool wanted) noexcept {
    if (regular_) return;
    std::uint32_t events = EPOLLET;
    if (wanted) {
        switch (waits(state_).by) {
            case input_wait::means::level: events = EPOLLIN; break;
            case input_wait::means::edge: events = EPOLLIN | EPOLLET; break;
            case input_wait::means::sigio: break;
        }
        if (watched_ && !state_.asked) watch(false);
    }
    if (listened_to_ == events) return;
    if (listened_to_) {
        queue.change(fd_, events, tag);
    } else {
        regular_ = !queue.add(fd_, events, tag);
        pending_ = regular_;
    }
    listened_to_ = events;
}

void source::heard(std::uint32_t events) noexcept {
    pending_ = true;
    hung_up_ = (events & EPOLLHUP) != 0;
}

bool source::pending() const noexcept {
    if (pending_) return true;
    const auto until = due();
    return until && sys::monotonic() >= *until;
}

// What the queue said may have changed: a FIFO can be opened again.
bool source::hung_up() const noexcept {
    pollfd p{fd_, 0, 0};
    return ::poll(&p, 1, 0) == 1 && (p.revents & POLLHUP) != 0;
}

source::found source::look() noexcept {
    if (!ahead_.read) return plain_read();
    pending_ = false;
    input_event event;
    event.at = state_.until != 0 ? sys::monotonic() : 0;
    for (;;) {
        const std::size_t  at   = state_.owned;
        const input_action next = step(state_, event);
        consume(at, next.take);
        switch (next.then) {
            case input_action::kind::look:
                event = copy_ahead();
                if (event.what == input_event::kind::woken) return found::error;
                break;
            case input_action::kind::watch:
                event           = {};
                event.what      = input_event::kind::watching;
                event.announced = watch(true);
                break;
            case input_action::kind::grow:
                event      = {};
                event.what = enlarge() ? input_event::kind::enlarged : input_event::kind::full;
                break;
            case input_action::kind::log:
                size_ = state_.owned + state_.seen;
                grow(state_.seen);
                return found::bytes;
            case input_action::kind::end: size_ = state_.owned + state_.seen; return found::end;
            case input_action::kind::wait: size_ = state_.owned; return found::nothing;
        }
    }
}

source::found source::plain_read() noexcept {
    const ssize_t got = ::read(fd_, room_.data() + size_, room_.size() - 1 - size_);
    pending_          = regular_;
    if (got < 0) return errno == EAGAIN || errno == EINTR ? found::nothing : found::error;
    if (got == 0) return found::end;
    size_ += static_cast<std::size_t>(got);
    state_.owned = size_;
    high_        = std::max(high_, size_);
    return found::bytes;
}

// Copies the pipe's bytes to memory, after those that it owns. Neither `looked` nor `end`: it failed, see errno.
input_event source::copy_ahead() noexcept {
    input_event seen;
    seen.what        = input_event::kind::looked;
    seen.at          = state_.held > 0 ? sys::monotonic() : 0;
    seen.hung_up     = hung_up_ && hung_up();  // before that: nothing can come after it
    const bool asks  = state_.asked || seen.hung_up;
    const bool known = !asks || same_room();
    const auto got   = ::tee(fd_, ahead_.write.value(), room_.size() - 1 - state_.owned, SPLICE_F_NONBLOCK);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return seen;
    if (got == 0) seen.what = input_event::kind::end;
    if (got <= 0) {
        if (got < 0) seen.what = input_event::kind::woken;
        return seen;
    }
    seen.bytes   = static_cast<std::size_t>(got);
    seen.no_room = asks && !(known && writable(ahead_.write.value()));
    if (!read_copy(seen.bytes)) seen.what = input_event::kind::woken;
    return seen;
}

// What tee(2) has put into our pipe. A read(2) ends behind a packet (pipe(2), O_DIRECT), and drops what it has no room
// for: so the last byte of a copy of more than a page is asked for alone, and shows whether it belonged to a packet.
bool source::read_copy(std::size_t n) noexcept {
    const std::size_t begin = state_.owned, end = begin + n;
    for (std::size_t at = begin; at < end;) {
        const bool    probes = !packets_ && n > page && at + 1 < end;
        const ssize_t got    = ::read(ahead_.read.value(), room_.data() + at, end - at - (probes ? 1 : 0));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        at += static_cast<std::size_t>(got);
        if (!probes) {
            packets_ |= at < end;
            continue;
        }
        const bool dropped = at + 1 == end && !readable(ahead_.read.value());
        packets_           = at + 1 < end || dropped;
        if (dropped && ::tee(fd_, ahead_.write.value(), n, SPLICE_F_NONBLOCK) != static_cast<ssize_t>(n)) return false;
        if (dropped) at = begin;
    }
    high_   = std::max(high_, end);
    copied_ = n;
    return true;
}

// Gives our pipe, which is empty, as many slots as stdin has: then it is full when stdin is.
bool source::same_room() const noexcept {
    const int size = ::fcntl(fd_, F_GETPIPE_SZ);
    return ::fcntl(ahead_.write.value(), F_GETPIPE_SZ) == size ||
           ::fcntl(ahead_.write.value(), F_SETPIPE_SZ, size) == size;
}

// Whether the kernel now sends SIGIO for every write.
bool source::watch(bool on) noexcept {
    if (on && !sigio_works_) sigio_works_ = kernel_announces_writes();
    if (watched_ == on || !sigio_works_.value_or(false)) return watched_;
    const bool changed = set_async(fd_, on);
    if (changed) watched_ = on;
    return watched_;
}

// The first n bytes of the pipe are bytes() from `at` on. A read(2) costs less than a splice(2) to /dev/null, and takes
// all of them or, if svlogd is killed, none, whereas a SIGKILL stops splice(2) between two pages: the successor finds
// the whole block or nothing of it. But a read(2) ends behind a packet and drops the rest of one that is longer than n,
// which is possible where more than n bytes were copied.
void source::consume(std::size_t at, std::size_t n) noexcept {
    if (!packets_ && (n > page || n == copied_)) {
        while (read_at_once(fd_, room_.data() + at, n) < 0 && errno == EINTR) {}
        return;
    }
    while (n > 0) {
        const ssize_t gone = ::splice(fd_, nullptr, null_.value(), nullptr, n, SPLICE_F_NONBLOCK);
        if (gone < 0 && errno == EINTR) continue;
        if (gone <= 0) return;
        n -= static_cast<std::size_t>(gone);
    }
}

bool source::leaves_bytes(const sys::event_queue& queue) noexcept {
    if (state_.held > 0) {
        const auto got  = ::tee(fd_, ahead_.write.value(), state_.held, SPLICE_F_NONBLOCK);
        const bool here = got > 0 && read_copy(static_cast<std::size_t>(got));
        if (here && !stays_in_pipe(state_, !hung_up() && lives_on(queue))) {
            state_.seen = static_cast<std::size_t>(got);
            state_.held = 0;
            size_       = state_.owned + state_.seen;
        }
    }
    return size_ > 0;
}

// Whether another process has the pipe when this one has left. A FIFO lives as long as its writers. A pipe's open file
// description that other processes share stays in an epoll set after it was closed here (epoll(7)), and is readable.
bool source::lives_on(const sys::event_queue& queue) noexcept {
    constexpr decltype(statfs::f_type) pipefs = 0x50495045;
    struct statfs                      about {};
    if (::fstatfs(fd_, &about) == 0 && about.f_type != pipefs) return true;
    const auto other = sys::event_queue::make();
    if (!other || !other->add(fd_, EPOLLIN, 0)) return false;
    watch(false);
    queue.remove(fd_);
    regular_ = true;  // it is not listened to any more
    if (::dup3(null_.value(), fd_, O_CLOEXEC) != fd_) return false;
    bool alive = false;
    other->wait(sys::event_queue::at_once, [&](std::uint32_t, std::uint32_t) { alive = true; });
    return alive;
}

void source::end_line() noexcept {
    room_[size_++] = '\n';
    ended_         = true;
}

void source::take(std::size_t n) noexcept {
    if (ended_) {
        ended_ = false;
        --size_;
        n = std::min(n, size_);
    }
    input_event event;
    event.what              = input_event::kind::logged;
    event.bytes             = n;
    const std::size_t  at   = state_.owned;
    const input_action next = step(state_, event);
    consume(at, next.take);
    if (next.then == input_action::kind::look) pending_ = true;
    std::memmove(room_.data(), room_.data() + n, state_.owned);
    size_ = state_.owned;
}

std::size_t source::leave_after(std::size_t n) noexcept {
    if (ended_) n = std::min(n, --size_);
    if (n > state_.owned) consume(state_.owned, n - state_.owned);
    return state_.owned > n ? state_.owned - n : 0;
}

// More room for a pipe that was full, where that is allowed.
void source::grow(std::size_t n) noexcept {
    if (grown_ || !wants_more_room(n)) return;
    grown_ = true;
    enlarge();
    same_room();
}

bool source::enlarge() const noexcept {
    const int size = ::fcntl(fd_, F_GETPIPE_SZ);
    if (size < 0) return false;
    const auto larger = larger_than(static_cast<std::size_t>(size));
    return larger && ::fcntl(fd_, F_SETPIPE_SZ, static_cast<int>(*larger)) > size;
}

void source::release() noexcept {
    if (high_ > page && size_ == 0) ::madvise(room_.data() + page, room_.size() - page, MADV_DONTNEED);
    high_ = 0;
}

}  // namespace runwell
