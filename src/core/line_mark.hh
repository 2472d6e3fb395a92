// line_mark.hh — a line that is longer than -l, whose head is in the log and whose rest is still in the pipe.
//
//     file `lock` of a log directory:   form ␣ boot ␣ device ␣ inode ␣ bytes ␣ hash ␣ before ␣ after ␣ current ␣ end …
//     taken ⏎
//
// svlogd takes the head of such a line from the pipe before the line has ended. What remains in the pipe does not look
// like the rest of a line, so svlogd writes it down, in each directory, after it has written the block and before it
// takes the block from the pipe; then it writes that it has been taken. A successor that finds the block not taken
// compares: where the pipe begins with it (its length and hash) `before` holds, otherwise svlogd was killed in that
// moment, and `after` holds. The mark counts for that pipe only.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/ledger.hh"

namespace runwell {

// Between two blocks.
struct line_state {
    bool         inside = false;  // a line whose head has gone before
    bool         taking = false;  // and it is logged here
    std::int64_t size   = 0;      // of current then, bytes; negative: so many bytes before its beginning

    friend constexpr bool operator==(const line_state&, const line_state&) = default;
};

// Which pipe it was.
struct pipe_name {
    boot_name     boot{};
    std::uint64_t device = 0, inode = 0;

    friend constexpr bool operator==(const pipe_name&, const pipe_name&) = default;
};

struct line_mark {
    pipe_name     pipe;
    std::uint64_t bytes = 0, hash = 0;  // of the block
    line_state    before, after;
    bool          taken   = false;
    std::uint64_t current = 0;  // its inode, as it was when the sizes were taken

    // The state at the beginning of `input`, which is everything that the pipe holds.
    const line_state& at(std::string_view input) const noexcept;

    friend constexpr bool operator==(const line_mark&, const line_mark&) = default;
};

std::uint64_t hash_of(std::string_view block) noexcept;

constexpr std::size_t line_mark_size = 256, place_of_taken = line_mark_size - 2;
constexpr char        is_taken = '+';
using line_mark_text           = std::array<char, line_mark_size>;

line_mark_text write(const line_mark& mark) noexcept;
line_mark_text no_line_mark() noexcept;
// Nothing where the text has not exactly that form.
std::optional<line_mark> read_line_mark(std::string_view text) noexcept;

}  // namespace runwell
