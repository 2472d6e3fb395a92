// log_input.hh — when svlogd looks at its input pipe, what it takes out of it, and how it waits for more.
//
//     empty ──woken──▶ look ──more──▶ log ──▶ everything was logged ─────────────────────────────▶ empty
//                                      └────▶ the beginning of a line is left: held
//     held ──▶ look ──nothing new──▶ watch ──▶ look ──nothing new──▶ wait: held
//     held ──no slot is free──▶ enlarge the pipe ──▶ look
//     held ──and no larger pipe, too long, or too old──▶ take ──▶ empty, and the line's beginning is in memory
//
// svlogd leaves the beginning of a line in the pipe, where it survives a kill -9. But the kernel promises to wake a
// reader only if the pipe was empty: a large write(2) behind a held line fills the pipe and sleeps, and epoll, edge- or
// level-triggered, cannot distinguish it from the pipe that the reader has already seen. So there are two kinds of
// sleep:
//
//   - without a deadline, level-triggered, only on an empty pipe: every kernel wakes that reader;
//   - behind a held line, with a deadline, and with SIGIO (O_ASYNC) where the kernel sends it for every write. A held
//     line in a full pipe may keep a writer asleep, and no call reports that writer: svlogd makes the pipe larger,
//     which wakes it. It takes the line out of the pipe if the pipe cannot grow, or after the last deadline.
//
// Linux, fs/pipe.c, whom pipe_write() wakes (tests/core/pipe_model.hh models all three):
//
//     before 5.5     epoll and SIGIO whenever the call has written something: also before it sleeps
//     5.5 to 5.13    both only if the pipe was empty when the call began or went on
//     since 5.14     epoll also at the end of the call, but not before it sleeps; SIGIO always, also when the call has
//                    found no room (also 5.10.61)
//
// step() is pure. prog/svlogd/source.cc carries the actions out and reports the results as events.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/ticks.hh"

namespace runwell {

inline constexpr std::size_t most_held = 16'384;  // bytes of a line that is left in the pipe

struct input_event {
    enum class kind : unsigned char {
        woken,     // the input may have something, or a deadline has passed
        looked,    // `found` bytes are in the pipe; no_room, hung_up: as they were before that
        end,       // the pipe is empty, and no process can write to it
        watching,  // `announced`: from now on the kernel sends SIGIO for every write
        enlarged,  // the pipe has more slots; its sleeping writers were woken
        full,      // the pipe cannot get more slots
        logged,    // the first `bytes` of memory
    };

    kind        what      = kind::woken;
    std::size_t bytes     = 0;
    bool        no_room   = false;  // each slot of the pipe is in use, or that is not known; so there may be more
    bool        hung_up   = false;
    bool        announced = false;
    ticks       at        = 0;
};

struct input_action {
    enum class kind : unsigned char {
        wait,   // as waits() says
        look,   // copy to memory what is in the pipe, and leave it there
        watch,  // ask for SIGIO
        grow,   // enlarge the pipe
        log,    // memory has something new: owned + seen bytes
        end,    // nothing will follow owned + seen bytes
    };

    kind        then = kind::wait;
    std::size_t take = 0;  // before that: this many bytes go out of the pipe. They are in memory, or logged
};

struct log_input {
    std::size_t owned     = 0;      // bytes at the beginning of memory that are no longer in the pipe
    std::size_t held      = 0;      // bytes that follow them, and that are the first of the pipe, too
    std::size_t seen      = 0;      // bytes of the pipe in memory, while a block is logged
    bool        asked     = false;  // for SIGIO, since svlogd last waited on an empty pipe
    bool        announced = false;  // and it comes
    unsigned    deadlines = 0;      // that have passed behind this held line
    ticks       until     = 0;      // the next one; 0: not waiting behind a held line

    friend bool operator==(const log_input&, const log_input&) = default;
};

input_action step(log_input& of, const input_event& event) noexcept;

// How to wait after input_action::wait.
struct input_wait {
    enum class means : unsigned char {
        level,  // epoll, level-triggered: the pipe is empty
        edge,   // epoll, edge-triggered
        sigio,  // SIGIO, and epoll for the writers' end (EPOLLHUP)
    };

    means                by = means::level;
    std::optional<ticks> until;
};
input_wait waits(const log_input& of) noexcept;

// At SIGTERM the beginning of a line stays in the pipe when another logger can read it there; else it is logged as a
// line.
constexpr bool stays_in_pipe(const log_input& of, bool pipe_lives_on) noexcept {
    return of.owned == 0 && of.held > 0 && pipe_lives_on;
}

// The size that a full pipe gets, bytes; nothing: it is large enough. The size of a small one is the kernel's default.
inline constexpr std::size_t         default_pipe = 65'536, larger_pipe = 262'144;
constexpr std::optional<std::size_t> larger_than(std::size_t size) noexcept {
    if (size >= larger_pipe) return std::nullopt;
    return size < default_pipe ? default_pipe : larger_pipe;
}

// A writer that has filled a pipe of the default size gets a larger one: fewer, larger blocks.
constexpr bool wants_more_room(std::size_t found) noexcept { return found >= 61'440; }

}  // namespace runwell
