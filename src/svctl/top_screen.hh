// top_screen.hh — the terminal of `svctl top`: curses paints frames and reads keys; signals give the terminal back.
#pragma once

#include <csignal>
#include <cstddef>
#include <optional>

#include "svctl/terminal.hh"
#include "svctl/top_keys.hh"
#include "svctl/top_view.hh"
#include "sys/fd.hh"

namespace runwell::svctl {

// The signals that would end this process before it has given the terminal back: they wake the loop, which ends, and
// the process then ends by the signal. ncurses does this for INT and TERM alone.
class ending_signals {
public:
    ending_signals();
    ending_signals(const ending_signals&)            = delete;
    ending_signals& operator=(const ending_signals&) = delete;

    // Ends the process by the signal that has come, if one has.
    ~ending_signals();

    int fd() const { return wakes_.value(); }

private:
    static inline volatile std::sig_atomic_t came     = 0;
    static inline volatile std::sig_atomic_t waker_fd = -1;

    sys::unique_fd wakes_, waker_;
};

class top_screen {
public:
    explicit top_screen(const terminal& on);
    ~top_screen();
    top_screen(const top_screen&)            = delete;
    top_screen& operator=(const top_screen&) = delete;

    static std::size_t columns();
    static std::size_t lines();

    // The next key, if one was pressed.
    static std::optional<pressed> key();

    void show(const top_frame& frame) const;

private:
    void draw(int y, const top_line& line, bool reverse) const;

    void* screen_;  // a SCREEN of curses, whose header defines macros
    bool  colored_ = false;
};

}  // namespace runwell::svctl
