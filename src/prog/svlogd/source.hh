// source.hh — standard input, of which nothing is taken before it has been written.
//
//     stdin (a pipe) ══╦═════════════════════════▶ splice: exactly what has been written ──▶ /dev/null
//                      ╚══ tee ══▶ our pipe ── read ──▶ block ── write ──▶ the log directories
//
// So when svlogd is killed, what it had read is still in the pipe, which runsv keeps for the next one: at worst the
// last block is logged twice. The beginning of a line stays there, too, until the line is complete: the wait is for
// more, not for something (EPOLLET). Where stdin is no pipe, or there is no /dev/null, it is read.
//
// The open file description of stdin is left as it is: others share it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "sys/event_queue.hh"
#include "sys/files.hh"

namespace runwell {

class source {
public:
    enum class found {
        nothing,  // wait until pending()
        bytes,    // there is something new in bytes()
        end,      // and nothing will follow bytes()
        trouble,  // errno says what
    };

    // `room`: where a block goes. One byte of it is kept for end_line().
    source(int fd, std::span<char> room) noexcept;

    // Tells the queue what to wait for, and hears what has happened.
    void listen(const sys::event_queue& queue, std::uint32_t tag) noexcept;
    void heard(std::uint32_t events) noexcept;

    // look() may find something.
    bool pending() const noexcept { return pending_; }

    // What is there, without waiting. bytes() begin where they began before, less what take() took.
    found look() noexcept;

    // Brings the beginning of a line that is still in the pipe into bytes(), and nothing that has come since.
    void look_at_held() noexcept;

    std::string_view bytes() const noexcept { return {room_.data(), size_}; }
    std::span<char>  bytes() noexcept { return room_.first(size_); }

    // A newline after bytes(), which is not in the pipe.
    void end_line() noexcept;

    // The first n bytes() are dealt with.
    void take(std::size_t n) noexcept;

    // The first n bytes() are dealt with, and nothing else will be. How many of the others are not left to who reads
    // next.
    std::size_t leave_after(std::size_t n) noexcept;

    // The memory of blocks goes back to the kernel until it is used again; bytes() must be empty.
    void release() noexcept;
    bool used_much() const noexcept { return high_ > small_block; }

    static constexpr std::size_t small_block = 16'384;

private:
    found look_ahead() noexcept;
    found plain_read() noexcept;
    bool  copy_ahead(std::size_t n) noexcept;
    void  consume(std::size_t n) noexcept;
    void  grow(std::size_t n) noexcept;

    int             fd_;
    std::span<char> room_;
    std::size_t     size_        = 0;      // of bytes()
    std::size_t     owned_       = 0;      // of these, no longer in stdin
    std::size_t     held_        = 0;      // in the pipe, looked at, and not complete
    std::size_t     high_        = 0;      // of room_, used since the last release()
    bool            ended_       = false;  // end_line() was called
    bool            grown_       = false;
    bool            listened_to_ = false;
    bool            regular_     = false;  // a file
    bool            pending_     = false;
    bool            hung_up_     = false;  // nobody can write any more
    sys::pipe_ends  ahead_;                // none: stdin is read
    sys::unique_fd  null_;
};

}  // namespace runwell
