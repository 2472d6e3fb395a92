// rotation.hh — when `current` has become an old file, and which old files have had their time: svlogd(8), LOG FILE
// ROTATION.
//
//     size s, line length l        0 ──────────────── s − l ───────────── s
//                                  no line end rotates │ the first one does │ the hard cut
//
// So a file is whole lines of at most s bytes as long as no line is longer than l. With s ≤ l (where runit 2.1.2 and
// 2.3.1 cut every line at s) a file ends before the line that would not fit, and only a line longer than s is cut.
//
// Old files are named after the moment of their rotation, so the oldest is the first by name. A name later than that of
// the newest rotation was given by a clock that has been set back since: those are older still.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/fixed.hh"
#include "core/tai.hh"

namespace runwell {

struct size_limits {
    std::uint64_t size    = 0;  // s, bytes; 0: no limit
    std::size_t   longest = 0;  // l
};

// What to do next with bytes that are to be logged: write the first `take` of them; then, if `rotate`, rotate.
struct portion {
    std::size_t take   = 0;
    bool        rotate = false;

    friend constexpr bool operator==(const portion&, const portion&) = default;
};

// `written`: the size of current, bytes. `bytes`: whole lines, or at least the head (framing.hh) of the last one.
portion next_portion(std::string_view bytes, std::uint64_t written, size_limits limits) noexcept;

// "@400000006b02cdf70a5758b4.s": the kinds of old files.
enum class old_file : char {
    done       = 's',
    unfinished = 'u',  // to be processed
    temporary  = 't',  // what a processor has written so far
};

constexpr std::size_t old_name_size = tai::label_size + 2;
using old_name                      = fixed_text<old_name_size>;

old_name name_of(moment rotated, old_file what) noexcept;
old_name with_kind(const old_name& name, old_file what) noexcept;

// Anything of that length that begins with @ counts, whatever it ends with: svlogd always took it so.
constexpr bool is_old_name(std::string_view name) noexcept {
    return name.size() == old_name_size && name.front() == '@';
}
constexpr bool is_old_name(std::string_view name, old_file what) noexcept {
    return is_old_name(name) && name.back() == static_cast<char>(what);
}

// Looks at the names of a directory one by one, and keeps the oldest.
class oldest_files {
public:
    // `newest`: the name that was given last, of any kind; empty: none was given.
    explicit oldest_files(std::string_view newest) noexcept : newest_{newest} {}

    void add(std::string_view name) noexcept;

    std::size_t seen() const noexcept { return seen_; }

    // The i-th oldest; valid for i < kept().
    std::size_t     kept() const noexcept { return kept_; }
    const old_name& operator[](std::size_t i) const noexcept { return names_[i]; }

    static constexpr std::size_t most_kept = 16;

private:
    bool older(std::string_view a, std::string_view b) const noexcept;

    std::string_view                newest_;
    std::array<old_name, most_kept> names_;
    std::size_t                     kept_ = 0;
    std::size_t                     seen_ = 0;
};

// How many of `seen` old files are too many. `keep`: n, 0: all are kept.
constexpr std::uint64_t surplus(std::uint64_t seen, std::uint64_t keep) noexcept {
    return keep != 0 && seen > keep ? seen - keep : 0;
}

}  // namespace runwell
