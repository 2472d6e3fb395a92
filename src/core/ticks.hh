// ticks.hh — durations: nanoseconds of a clock that never jumps.
#pragma once

#include <cstdint>

namespace runwell {

using ticks                       = std::int64_t;
inline constexpr ticks one_second = 1'000'000'000;

}  // namespace runwell
