#include "core/durations.hh"

#include <array>

#include "core/text.hh"

namespace runwell {
namespace {

struct unit {
    char  name[3];  // no pointer: a table of these needs no page of its own
    ticks size;
};

constexpr std::array units{
    unit{"", one_millisecond},  unit{"ms", one_millisecond},  unit{"s", one_second},
    unit{"m", 60 * one_second}, unit{"h", 3600 * one_second},
};

}  // namespace

std::optional<ticks> duration_in(std::string_view text) noexcept {
    const scanned_number count = scan_number(text);
    if (count.digits == 0) return std::nullopt;
    for (const unit& each : units) {
        if (after(text, count.digits) != std::string_view{each.name}) continue;
        if (count.value > static_cast<std::uint64_t>(longest_duration / each.size)) return std::nullopt;
        return static_cast<ticks>(count.value) * each.size;
    }
    return std::nullopt;
}

}  // namespace runwell
