// line_filter.hh — the star patterns of svlogd(8): which lines are kept, and which are shown on standard error.
//
//     +*: *: pid *        compiled once         literal ""  then  ✱':' ": "  then  ✱':' ": pid "  then  ✱ (the rest)
//
//     *x   anything up to the first x; there is no way back      +x   one x or more
//     *    at the end: anything                                  else itself
//
// Measured on runit 2.1.2 and 2.3.1, and kept: a line that ends while a plus still takes is matched, whatever follows
// in the pattern (`a+bc` matches "ab"); the letter after a star or a plus is itself, be it a star (`a**b` looks for
// "*"). Not kept: `+x` where the line has ended compares what an earlier line has left in runit's buffer; here it is no
// match.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace runwell {

// A star or a plus, and the plain letters that follow it.
struct pattern_step {
    enum class kind : std::uint8_t {
        until,  // anything up to `letter`, which `literal` begins with
        rest,   // anything, to the end
        many,   // `letter`, once or more
        never,  // a plus with nothing after it
    };
    kind             what   = kind::never;
    char             letter = '\0';
    std::string_view literal;
};

struct pattern {
    std::string_view              literal;  // what the line begins with
    std::span<const pattern_step> steps;
};

// How many steps the pattern has.
std::size_t steps_of(std::string_view text) noexcept;

// The pattern, ready to match. It borrows `text`, and the first steps_of(text) of `room`, which must be that large.
pattern compile(std::string_view text, std::span<pattern_step> room) noexcept;

bool matches(const pattern& with, std::string_view line) noexcept;

// A line of a config: + and - select and deselect for the log, e and E for standard error.
struct filter_rule {
    enum class target : std::uint8_t { log, alert };
    target  what = target::log;
    bool    take = true;
    pattern when;
};

struct filter_result {
    bool log   = true;
    bool alert = false;
};

// For each of the two, the last rule that matches decides; without one, a line is logged and not shown.
filter_result filter(std::span<const filter_rule> rules, std::string_view line) noexcept;

}  // namespace runwell
