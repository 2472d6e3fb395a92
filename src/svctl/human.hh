// human.hh — quantities as a person reads them.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "core/tai.hh"

namespace runwell::svctl {

// "0s", "59s", "1m05s", "2h03m", "4d07h", "1y200d": two units at most. Less than nothing is nothing.
std::string duration(std::int64_t seconds);

// "0", "812K", "1.4M", "23M", "1.2G": powers of 1024, two digits or more.
std::string bytes(std::uint64_t count);

// "0.04s", "12.3s", then as duration(): time of a processor.
std::string cpu_time(double seconds);

// "2026-11-22 11:11:41" in the person's time zone; with_zone adds " UTC" or what it is called.
std::string local_time(moment at, bool with_zone = false);

// "2026-11-22T11:11:41.175Z": for --json. In UTC, milliseconds always.
std::string iso_time(moment at);

// "1 service", "3 services", "2 processes".
std::string counted(std::size_t count, std::string_view noun);
// The same with what it does: counted(1, "service", "has", "have") is "1 service has".
std::string counted(std::size_t count, std::string_view noun, std::string_view does, std::string_view they_do);

// "a, b, c": the words of all, or what `word` makes of each.
template <class Range, class Word = std::identity>
std::string joined(const Range& all, std::string_view between, Word word = {}) {
    std::string text;
    bool        is_first = true;
    for (const auto& one : all) {
        if (!std::exchange(is_first, false)) text += between;
        text += std::invoke(word, one);
    }
    return text;
}

// How alike two names are: the number of letters to change, add, leave out or swap. For suggestions.
std::size_t distance(std::string_view one, std::string_view other);

// The name that was probably meant by this word; "" where none is like it.
std::string likeliest(std::string_view word, std::span<const std::string> names);

}  // namespace runwell::svctl
