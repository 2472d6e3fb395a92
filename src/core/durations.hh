// durations.hh — a duration as a user writes it into a file or an option.
//
//     "1500"  1500 milliseconds (as s6 reads a bare number)      "500ms"  "10s"  "2m"  "1h"
#pragma once

#include <optional>
#include <string_view>

#include "core/ticks.hh"

namespace runwell {

inline constexpr ticks one_millisecond  = one_second / 1000;
inline constexpr ticks longest_duration = 366 * ticks{24} * 3600 * one_second;

// Nothing when it is not exactly a whole number and one of these units, or more than a year.
std::optional<ticks> duration_in(std::string_view text) noexcept;

}  // namespace runwell
