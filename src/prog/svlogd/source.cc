#include "prog/svlogd/source.hh"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace runwell {
namespace {

constexpr std::size_t most_held   = 16'384;   // of an incomplete line, bytes; looked at again with each that comes
constexpr int         larger_pipe = 262'144;  // bytes

bool is_pipe(int fd) noexcept {
    struct stat about {};
    return ::fstat(fd, &about) == 0 && S_ISFIFO(about.st_mode);
}

bool writable(int fd) noexcept {
    pollfd p{fd, POLLOUT, 0};
    return ::poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) != 0;
}

}  // namespace

source::source(int fd, std::span<char> room) noexcept : fd_{fd}, room_{room} {
    if (!is_pipe(fd)) return;
    auto null = sys::open_at(AT_FDCWD, "/dev/null", O_WRONLY);
    auto pipe = sys::make_pipe();
    if (!null || !pipe) return;
    ahead_ = std::move(*pipe);
    null_  = std::move(*null);
    // As many pieces as stdin can hold: what is there is seen at once.
    ::fcntl(ahead_.write.value(), F_SETPIPE_SZ, ::fcntl(fd, F_GETPIPE_SZ));
}

// A pipe tells once of everything that comes; anything else is asked anew. A regular file is always ready.
void source::listen(const sys::event_queue& queue, std::uint32_t tag) noexcept {
    const std::uint32_t events = EPOLLIN | (ahead_.read ? EPOLLET : EPOLLONESHOT);
    if (!listened_to_) {
        listened_to_ = true;
        regular_     = !queue.add(fd_, events, tag);
        pending_     = regular_;
    } else if (!ahead_.read && !pending_) {
        queue.change(fd_, events, tag);
    }
}

void source::heard(std::uint32_t events) noexcept {
    pending_ = true;
    hung_up_ = (events & EPOLLHUP) != 0;
}

source::found source::look() noexcept { return ahead_.read ? look_ahead() : plain_read(); }

source::found source::plain_read() noexcept {
    const ssize_t got = ::read(fd_, room_.data() + size_, room_.size() - 1 - size_);
    pending_          = regular_;
    if (got < 0) return errno == EAGAIN || errno == EINTR ? found::nothing : found::trouble;
    if (got == 0) return found::end;
    size_ += static_cast<std::size_t>(got);
    owned_ = size_;
    high_  = std::max(high_, size_);
    return found::bytes;
}

source::found source::look_ahead() noexcept {
    const ssize_t got = ::tee(fd_, ahead_.write.value(), room_.size() - 1 - owned_, SPLICE_F_NONBLOCK);
    pending_          = false;
    if (got < 0) return errno == EAGAIN || errno == EINTR ? found::nothing : found::trouble;
    if (got == 0) return found::end;

    const auto n    = static_cast<std::size_t>(got);
    const bool more = n > held_;
    const bool full = !more && !writable(ahead_.write.value());  // and so is stdin, which has no more room
    if (!copy_ahead(n)) return found::trouble;
    if (!more && hung_up_) return found::end;
    if (full) {
        consume(n);
        owned_ = size_;
        held_  = 0;
    }
    if (!more) {
        size_ = owned_;
        return found::nothing;
    }
    // Where much was there, there may have been more than fits.
    pending_ = hung_up_ || n >= small_block;
    held_    = 0;
    grow(n);
    return found::bytes;
}

void source::look_at_held() noexcept {
    if (held_ == 0) return;
    const ssize_t got = ::tee(fd_, ahead_.write.value(), held_, SPLICE_F_NONBLOCK);
    held_             = 0;
    if (got > 0) copy_ahead(static_cast<std::size_t>(got));
}

// What tee(2) has put into our pipe, after what is owned.
bool source::copy_ahead(std::size_t n) noexcept {
    size_ = owned_;
    while (n > 0) {
        const ssize_t got = ::read(ahead_.read.value(), room_.data() + size_, n);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        size_ += static_cast<std::size_t>(got);
        n -= static_cast<std::size_t>(got);
    }
    high_ = std::max(high_, size_);
    return true;
}

void source::consume(std::size_t n) noexcept {
    while (n > 0) {
        const ssize_t gone = ::splice(fd_, nullptr, null_.value(), nullptr, n, 0);
        if (gone < 0 && errno == EINTR) continue;
        if (gone <= 0) return;
        n -= static_cast<std::size_t>(gone);
    }
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
    if (n > owned_) {
        consume(n - owned_);
        owned_ = n;
    }
    const std::size_t later = size_ - owned_;  // in the pipe: the beginning of a line
    if (later > 0 && (owned_ > n || later > most_held)) {
        consume(later);
        owned_ = size_;
    } else if (later > 0) {
        held_    = later;
        pending_ = true;  // look once more: the pipe may be full of it
    }
    std::memmove(room_.data(), room_.data() + n, owned_ - n);
    owned_ -= n;
    size_ = owned_;
}

std::size_t source::leave_after(std::size_t n) noexcept {
    if (ended_) n = std::min(n, --size_);
    if (n > owned_) consume(n - owned_);
    return owned_ > n ? owned_ - n : 0;
}

// A writer that has filled the pipe gets more room, where that is allowed: fewer, larger blocks.
void source::grow(std::size_t n) noexcept {
    constexpr std::size_t nearly_full = 61'440;  // bytes, of the 64 KiB that a pipe has
    if (grown_ || n < nearly_full) return;
    grown_ = true;
    if (::fcntl(fd_, F_GETPIPE_SZ) < larger_pipe) ::fcntl(fd_, F_SETPIPE_SZ, larger_pipe);
    ::fcntl(ahead_.write.value(), F_SETPIPE_SZ, ::fcntl(fd_, F_GETPIPE_SZ));
}

void source::release() noexcept {
    constexpr std::size_t page = 4096;
    if (high_ > page && size_ == 0) ::madvise(room_.data() + page, room_.size() - page, MADV_DONTNEED);
    high_ = 0;
}

}  // namespace runwell
