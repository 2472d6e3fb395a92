#include "svctl/priority.hh"

#include <array>

#include "core/text.hh"
#include "svctl/human.hh"

namespace runwell::svctl {
namespace {

struct priority_row {
    std::string_view name;
    int              number;
};
// The first eight are the usual names.
constexpr std::array priority_rows{
    priority_row{"emerg", 0},   priority_row{"alert", 1},  priority_row{"crit", 2}, priority_row{"err", 3},
    priority_row{"warning", 4}, priority_row{"notice", 5}, priority_row{"info", 6}, priority_row{"debug", 7},
    priority_row{"panic", 0},   priority_row{"error", 3},  priority_row{"warn", 4},
};

constexpr bool is_of_name(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

std::optional<int> named(std::string_view word) noexcept {
    for (const priority_row& one : priority_rows)
        if (one.name == word) return one.number;
    return std::nullopt;
}

}  // namespace

std::optional<int> priority_of(std::string_view line) noexcept {
    if (line.starts_with('<')) {
        const auto digits = scan_number(line.substr(1));
        const bool fits   = digits.digits > 0 && digits.digits < 4 && line.substr(1 + digits.digits).starts_with('>');
        return fits ? std::optional{static_cast<int>(digits.value & 7)} : std::nullopt;
    }
    std::size_t dot = 0;
    while (dot < line.size() && is_of_name(line[dot])) ++dot;
    if (dot == 0 || dot == line.size() || line[dot] != '.') return std::nullopt;
    std::size_t colon = dot + 1;
    while (colon < line.size() && is_of_name(line[colon])) ++colon;
    if (!line.substr(colon).starts_with(": ")) return std::nullopt;
    return named(line.substr(dot + 1, colon - dot - 1));
}

std::optional<int> priority_named(std::string_view word) noexcept {
    if (const auto number = whole_number(word); number && *number < most_priority) return static_cast<int>(*number);
    return named(word);
}

std::string priority_names() {
    return joined(std::span{priority_rows}.first(most_priority), ", ", &priority_row::name);
}

}  // namespace runwell::svctl
