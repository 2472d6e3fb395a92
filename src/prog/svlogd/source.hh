// source.hh — standard input, of which nothing is taken before it has been written.
//
//     stdin (a pipe) ══╦══ tee ══▶ our pipe ── read ──▶ block ── write ──▶ the log directories
//                      ╚═════════════════════════ read: exactly what has been written, once more
//
// So when svlogd is killed, what it had read is still in the pipe, which runsv keeps for the next one: at worst the
// last block is logged twice. The beginning of a line stays there, too, until the line is complete or the pipe needs
// the room. core/log_input.hh makes every decision; this file carries it out. Where stdin is no pipe, or /dev/null is
// missing, it is read.
//
// The open file description of stdin is shared with others, runsv for example. O_ASYNC is set on it while a line is
// held, with this process as the owner: SIGIO goes nowhere else, and nowhere at all after a kill -9.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/log_input.hh"
#include "sys/event_queue.hh"
#include "sys/files.hh"

namespace runwell {

class source {
public:
    enum class found {
        nothing,  // wait until pending()
        bytes,    // there is something new in bytes()
        end,      // and nothing will follow bytes()
        error,    // errno says what
    };

    // `room`: where a block goes. One byte of it is kept for end_line().
    source(int fd, std::span<char> room) noexcept;
    ~source() { watch(false); }

    source(const source&)            = delete;
    source& operator=(const source&) = delete;

    // Tells the queue what to wait for: for input or, while that cannot be logged, for nothing.
    void listen(const sys::event_queue& queue, std::uint32_t tag, bool wanted) noexcept;
    // The queue's events, and SIGIO.
    void heard(std::uint32_t events) noexcept;
    void signalled() noexcept { pending_ |= static_cast<bool>(ahead_.read); }

    // look() may find something: now, and at due().
    bool                 pending() const noexcept;
    std::optional<ticks> due() const noexcept { return waits(state_).until; }

    // Looks at the input without waiting. bytes() begin where they began before, less the bytes that take() took.
    found look() noexcept;

    // The input stays in a pipe until it is taken, and these bytes() are no longer there.
    bool is_peeked_at() const noexcept { return static_cast<bool>(ahead_.read); }
    bool owns_bytes() const noexcept { return state_.owned > 0; }

    // No process can write to the pipe.
    bool hung_up() const noexcept;

    // Before the end, nothing being logged: whether bytes() have something to log. The beginning of a line is left in
    // the pipe if another process can still read it there: stdin is closed to find that out.
    bool leaves_bytes(const sys::event_queue& queue) noexcept;

    std::string_view bytes() const noexcept { return {room_.data(), size_}; }
    std::span<char>  bytes() noexcept { return room_.first(size_); }

    // A newline after bytes(), which is not in the pipe.
    void end_line() noexcept;

    // The first n bytes() are dealt with.
    void take(std::size_t n) noexcept;

    // Consumes the first n bytes and stops reading. Returns how many of the rest are lost because they are no longer in
    // the pipe.
    std::size_t leave_after(std::size_t n) noexcept;

    // The memory of blocks goes back to the kernel until it is used again; bytes() must be empty.
    void release() noexcept;
    bool used_much() const noexcept { return high_ > small_block; }

    static constexpr std::size_t small_block = 16'384;

private:
    found       plain_read() noexcept;
    input_event copy_ahead() noexcept;
    bool        read_copy(std::size_t n) noexcept;
    bool        same_room() const noexcept;
    bool        watch(bool on) noexcept;
    bool        lives_on(const sys::event_queue& queue) noexcept;
    void        consume(std::size_t at, std::size_t n) noexcept;
    void        grow(std::size_t n) noexcept;

    int                          fd_;
    std::span<char>              room_;
    log_input                    state_;
    std::size_t                  size_    = 0;      // of bytes()
    std::size_t                  high_    = 0;      // of room_, used since the last release()
    bool                         ended_   = false;  // end_line() was called
    bool                         grown_   = false;
    bool                         regular_ = false;  // a file: always ready
    bool                         pending_ = false;
    bool                         hung_up_ = false;  // no process can write to the pipe, said the queue
    bool                         watched_ = false;  // O_ASYNC is set
    bool                         packets_ = false;  // seen in the input
    std::optional<bool>          sigio_works_;
    std::optional<std::uint32_t> listened_to_;  // events that the queue waits for
    sys::pipe_ends               ahead_;        // none: stdin is read
    sys::unique_fd               null_;
};

}  // namespace runwell
