#include "core/text.hh"

#include <limits>

namespace runwell {

scanned_number scan_number(std::string_view text) noexcept {
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    scanned_number read;
    for (const char c : text) {
        if (c < '0' || c > '9') break;
        const auto digit = static_cast<std::uint64_t>(c - '0');
        read.value       = read.value > (most - digit) / 10 ? most : read.value * 10 + digit;
        ++read.digits;
    }
    return read;
}

std::optional<std::uint64_t> whole_number(std::string_view text) noexcept {
    constexpr std::size_t always_fits = 19;  // digits of 2^63
    const scanned_number  read        = scan_number(text);
    if (text.empty() || text.size() > always_fits || read.digits != text.size()) return std::nullopt;
    return read.value;
}

std::optional<std::int64_t> number_between(std::string_view text, std::int64_t least, std::int64_t largest) noexcept {
    const auto number = whole_number(text);  // which has 19 digits at most: it fits
    if (!number || static_cast<std::int64_t>(*number) < least || static_cast<std::int64_t>(*number) > largest)
        return std::nullopt;
    return static_cast<std::int64_t>(*number);
}

}  // namespace runwell
