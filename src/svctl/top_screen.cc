#include "svctl/top_screen.hh"

#define NCURSES_NOMACROS
#include <curses.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

#include "svctl/errors.hh"

namespace runwell::svctl {
namespace {

constexpr int escape = 27;

constexpr std::array ending{SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGALRM, SIGTERM, SIGUSR1, SIGUSR2};

struct paint {
    tint   in;
    short  pair;
    short  color;  // -1: none
    chtype how;
};
constexpr paint paints[] = {{tint::strong, 0, -1, A_BOLD},
                            {tint::faint, 0, -1, A_DIM},
                            {tint::good, 1, COLOR_GREEN, 0},
                            {tint::young, 2, COLOR_YELLOW, 0},
                            {tint::bad, 3, COLOR_RED, A_BOLD}};

chtype style(tint in, bool colored) {
    for (const paint& one : paints)
        if (one.in == in) return one.how | (colored ? static_cast<chtype>(COLOR_PAIR(one.pair)) : 0);
    return 0;
}

pressed key_of(int key) {
    switch (key) {
        case KEY_UP: return {top_key::up};
        case KEY_DOWN: return {top_key::down};
        case KEY_PPAGE: return {top_key::page_up};
        case KEY_NPAGE: return {top_key::page_down};
        case KEY_HOME: return {top_key::home};
        case KEY_END: return {top_key::end};
        case KEY_RESIZE: return {top_key::resize};
        case '\n':
        case '\r':
        case KEY_ENTER: return {top_key::enter};
        case KEY_BACKSPACE:
        case 127:
        case '\b': return {top_key::backspace};
        case escape: return {top_key::escape};
        default: return {top_key::character, key < 256 ? static_cast<char>(key) : '\0'};
    }
}

}  // namespace

ending_signals::ending_signals() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) throw system_failure(errno, "make", "a pipe");
    wakes_.reset(ends[0]), waker_.reset(ends[1]);
    waker_fd              = waker_.value();
    struct sigaction what = {};
    what.sa_handler       = [](int number) {
        const int before = errno;
        came             = number;
        if (::write(waker_fd, "", 1) < 0) {}  // it is full: the loop is about to wake
        errno = before;
    };
    for (const int number : ending) {
        struct sigaction now = {};
        // One that the parent has ignored stays so: nohup(1).
        if (::sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_DFL) ::sigaction(number, &what, nullptr);
    }
}

ending_signals::~ending_signals() {
    if (came == 0) return;
    static_cast<void>(::signal(came, SIG_DFL));
    static_cast<void>(::raise(came));
}

top_screen::top_screen(const terminal& on) : screen_{::newterm(nullptr, stdout, stdin)} {
    if (screen_ == nullptr)
        throw failure{exit_code::usage, "this terminal is of a kind that cannot be drawn on",
                      "say what it is: TERM=xterm svctl top"};
    ::cbreak(), ::noecho(), ::curs_set(0), ::set_escdelay(25);
    ::keypad(stdscr, TRUE), ::nodelay(stdscr, TRUE);
    if (!on.has_color() || !::has_colors()) return;
    ::start_color(), ::use_default_colors();
    for (const paint& one : paints)
        if (one.color >= 0) ::init_pair(one.pair, one.color, -1);
    colored_ = true;
}

top_screen::~top_screen() { ::endwin(), ::delscreen(static_cast<SCREEN*>(screen_)); }

std::size_t top_screen::columns() { return static_cast<std::size_t>(std::max(::getmaxx(stdscr), 1)); }
std::size_t top_screen::lines() { return static_cast<std::size_t>(std::max(::getmaxy(stdscr), 1)); }

std::optional<pressed> top_screen::key() {
    const int key = ::getch();
    return key == ERR ? std::nullopt : std::optional{key_of(key)};
}

void top_screen::show(const top_frame& frame) const {
    ::erase();
    for (std::size_t y = 0; y < frame.lines.size() && y < lines(); ++y)
        draw(static_cast<int>(y), frame.lines[y], y != 0 && y == frame.selected);
    ::refresh();
}

void top_screen::draw(int y, const top_line& line, bool reverse) const {
    std::size_t used = 0;
    for (const cell& one : line) {
        const std::string text = used < columns() ? fit(one.text, columns() - used) : "";
        ::attrset(static_cast<int>(style(one.in, colored_) | (reverse ? A_REVERSE : 0)));
        ::mvaddstr(y, static_cast<int>(used), text.c_str());
        used += columns_of(text);
    }
    ::attrset(static_cast<int>(reverse ? A_REVERSE : A_NORMAL));
    if (reverse && used < columns()) ::mvaddstr(y, static_cast<int>(used), std::string(columns() - used, ' ').c_str());
}

}  // namespace runwell::svctl
