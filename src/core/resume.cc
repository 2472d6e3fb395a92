#include "core/resume.hh"

#include <algorithm>

namespace runwell {
namespace {

constexpr bool is_alphanumeric(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// The same form of stamp, of any time.
bool is_like(std::string_view text, std::string_view stamp) noexcept {
    return std::equal(text.begin(), text.end(), stamp.begin(),
                      [](char a, char b) { return is_alphanumeric(b) ? is_alphanumeric(a) : a == b; });
}

}  // namespace

std::optional<line_part> part_of(std::string_view last, std::string_view text, std::string_view stamp,
                                 std::string_view prefix) noexcept {
    line_part part;
    part.stamp = std::min(last.size(), stamp.size());
    if (!is_like(up_to(last, part.stamp), stamp)) return std::nullopt;
    last        = after(last, part.stamp);
    part.prefix = std::min(last.size(), prefix.size());
    if (up_to(last, part.prefix) != up_to(prefix, part.prefix)) return std::nullopt;
    last      = after(last, part.prefix);
    part.text = last.size();
    return text.starts_with(last) ? std::optional{part} : std::nullopt;
}

}  // namespace runwell
