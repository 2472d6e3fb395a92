// terminal.hh — where svctl's words go: how wide it is, whether it knows colour, and how text fills columns.
//
//     const terminal out{STDOUT_FILENO, color_mode::automatic};
//     out.paint(tint::bad, "down")        "down" in a pipe, "\e[31mdown\e[0m" on a terminal
//     fit("naïve café", 8)                "naïve c…"      columns, not bytes; never half a character
//     printable("a\nb\x1b[2J")            "a\nb\x1b[2J" spelt out: no name or log line moves the cursor
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace runwell::svctl {

enum class color_mode : std::uint8_t { automatic, always, never };

enum class tint : std::uint8_t {
    plain,
    strong,  // headings, names
    faint,   // of no interest: everything is as wanted
    good,    // up
    young,   // up, but only just; or on its way
    bad,     // wanted up and not up; an error
    name_1,  // six that distinguish names; name_tint() assigns them
    name_2,
    name_3,
    name_4,
    name_5,
    name_6,
};

// The colour of the i-th name; they repeat after six.
constexpr tint name_tint(std::size_t i) noexcept {
    return static_cast<tint>(static_cast<std::size_t>(tint::name_1) + i % 6);
}

class terminal {
public:
    // `automatic`: colour if `fd` is a terminal that is not dumb, and NO_COLOR is not set (https://no-color.org).
    // `full`: lines may be as long as they want on a terminal, too.
    terminal(int fd, color_mode mode, bool full = false);

    bool is_terminal() const noexcept { return is_terminal_; }
    bool has_color() const noexcept { return has_color_; }
    // Whether lines and dots beyond ASCII can be drawn: what the locale says.
    bool has_unicode() const noexcept { return has_unicode_; }
    // In columns; 0 where lines may be as long as they want: not a terminal, or `full`. Asks the terminal at each call.
    std::size_t width() const;
    // In lines; 0 where there is no terminal.
    std::size_t height() const;

    // The text between the escape sequences of that colour. The second appends it to `onto`.
    std::string paint(tint in, std::string_view text) const;
    void        paint(std::string& onto, tint in, std::string_view text) const;

private:
    int  fd_;
    bool is_terminal_;
    bool has_color_;
    bool has_unicode_;
    bool full_;
};

// Writes to standard output. stdio remembers an error, and main() reports it.
void print(std::string_view text);

// Sets the locale up as the environment wants it; to be called once, before any of the others. Times and messages stay
// as in the C locale: only what a character is comes from it.
void use_locale();

// How many columns text takes; a byte that is not UTF-8 takes one.
std::size_t columns_of(std::string_view text);

// `text` in at most `columns`, cut with "…" where it is longer. 0 columns: all of it.
std::string fit(std::string_view text, std::size_t columns);

// `text` in lines of at most `columns`, broken at spaces; a word that is longer has a line of its own. 0 columns: one
// line. Never empty.
std::vector<std::string> wrapped(std::string_view text, std::size_t columns);

// `text` followed (or preceded) by as many spaces as make it `columns` wide.
std::string pad(std::string_view text, std::size_t columns, bool to_the_right = false);

// Untrusted text, safe to show: control characters and bytes that are not UTF-8 as \n, \t, \xNN, and
// then a backslash as \\. Harmless text stays unchanged.
std::string printable(std::string_view text);

// The same for a text of lines: newlines and tabulators stay.
std::string harmless(std::string_view text);

}  // namespace runwell::svctl
