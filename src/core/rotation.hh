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

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
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

// The kinds of old files, by the last letter of their names: "@400000006b02cdf70a5758b4.s".
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

// The moment that names the next old file: now, or, where the clock has not moved on since `newest`, just after that.
// So the order of names is that of the rotations where the clock goes back. Where a file has that name already, the
// next is next_name(at, at).
constexpr moment next_name(moment now, moment newest) noexcept {
    if (now > newest) return now;
    constexpr std::uint32_t last_nano = 999'999'999;
    return newest.nanos == last_nano ? moment{newest.seconds + 1, 0} : moment{newest.seconds, newest.nanos + 1};
}

// Is given the names of a directory one by one, and says which files to delete: what processors have left behind, and
// the oldest files that are too many. Only so many at once: the rest is for another look at the directory.
class pruning {
public:
    // `newest`: the name that was given last, of any kind; empty: none was given. `in_work`: is being processed, and
    // stays, in all its kinds. `keep`: so many files stay; nothing: all do.
    pruning(std::string_view newest, std::string_view in_work, std::optional<std::uint64_t> keep,
            std::size_t most = most_at_once) noexcept
        : newest_{label_of(newest)}, in_work_{label_of(in_work)}, keep_{keep}, most_{std::min(most, most_at_once)} {}

    void add(std::string_view name) noexcept;

    // After all names: sorts what is to be deleted.
    void finish() noexcept;

    // To be deleted now, the oldest first; and whether that is not all.
    std::size_t size() const noexcept;
    old_name    operator[](std::size_t i) const noexcept;
    bool        more() const noexcept { return doomed() > kept_; }

    static constexpr std::size_t most_at_once = 512;

private:
    using stored = std::array<char, old_name_size>;

    static constexpr std::string_view label_of(std::string_view name) noexcept {
        return {name.data(), name.size() < tai::label_size ? name.size() : tai::label_size};
    }
    bool          goes_before(const stored& a, const stored& b) const noexcept;
    std::uint64_t doomed() const noexcept;

    std::string_view                 newest_, in_work_;
    std::optional<std::uint64_t>     keep_;
    std::size_t                      most_;
    std::size_t                      kept_  = 0;
    std::uint64_t                    files_ = 0, leftovers_ = 0, candidates_ = 0;
    std::array<stored, most_at_once> names_;  // a heap, the one to be deleted last in front; only the used part is read
};

// n of a config: 0 keeps all.
constexpr std::optional<std::uint64_t> kept_by(std::uint64_t n) noexcept {
    return n == 0 ? std::nullopt : std::optional{n};
}

}  // namespace runwell
