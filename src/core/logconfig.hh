// logconfig.hh — the file `config` of a log directory: text → policy. svlogd(8), CONFIG.
//
//     s100k            size            !gzip -9                 processor
//     n20              keep            u10.0.0.1:514            and to this address
//     N5               keep when full  pweb:                    prefix
//     t24h             age             -*: *: debug *           selection.hh
//
// Ignores lines that it does not know; reads numbers up to the first character that is not a digit, as runit does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace runwell {

// Where datagrams go.
struct udp_target {
    std::uint32_t address = 0;      // IPv4, in the order of a number: 127.0.0.1 is 0x7f000001
    std::uint16_t port    = 0;      // 0: nowhere
    bool          only    = false;  // and not into the directory

    friend constexpr bool operator==(const udp_target&, const udp_target&) = default;
};

struct log_policy {
    std::uint64_t                size = 1'000'000;  // s, bytes; 0: no limit
    std::uint64_t                keep = 10;         // n, files; 0: all
    std::optional<std::uint64_t> keep_when_full;    // N, files; 10 where it is not said
    std::uint64_t                age = 0;           // t, seconds; 0: no limit
    udp_target                   udp;
    std::string_view             processor;
    std::string_view             prefix;

    // How many files are left when the disk is full and old ones make room; nothing: none is deleted then.
    // An N that is not below n has no effect.
    constexpr std::optional<std::uint64_t> least() const noexcept {
        if (keep == 0) return keep_when_full;
        const std::uint64_t least = keep_when_full.value_or(10);
        return least < keep ? std::optional{least} : std::nullopt;
    }
};

// A line of a config. Neither it nor its rest holds the newline, or what follows a zero byte.
struct config_line {
    char             letter = '\0';  // '\0': an empty line
    std::string_view rest;
};

// Takes the next line from `text`; nothing at its end. A single letter at the very end, without a newline, is no line
// (runit 2.1.2 and 2.3.1 do not see it).
std::optional<config_line> next_config_line(std::string_view& text) noexcept;

// A line that is + - e or E.
constexpr bool is_rule(config_line line) noexcept {
    return line.letter == '+' || line.letter == '-' || line.letter == 'e' || line.letter == 'E';
}

// svlogd reads at most so much of a config, and the lines that are whole in it. A user who can write a config cannot
// make svlogd grow or stand still by it.
inline constexpr std::size_t largest_config = 65'536;  // bytes
inline constexpr std::size_t most_rules     = 1000;
inline constexpr std::size_t longest_prefix = 4096;  // bytes

// The text up to its last line end; all of it where there is none.
constexpr std::string_view whole_lines(std::string_view text) noexcept {
    const std::size_t last = text.rfind('\n');
    return last == std::string_view::npos ? text : std::string_view{text.data(), last + 1};
}

// How many rules of a config are used, and how many steps their patterns have.
struct config_size {
    std::size_t rules = 0, steps = 0, ignored = 0;
};
config_size size_of_config(std::string_view text) noexcept;

// What cannot be understood in a line: "unable to scan port number: " and "0".
struct complaint {
    std::string_view what, about;
};

// Changes the policy as the line says; rules are not its affair.
std::optional<complaint> apply(config_line line, log_policy& to) noexcept;

}  // namespace runwell
