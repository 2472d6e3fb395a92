// text.hh — decimals and words, without a locale and without a heap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace runwell {

// A number in decimal, ready to be appended: decimal{42}.view() is "42".
class decimal {
public:
    explicit constexpr decimal(std::uint64_t value) noexcept {
        do {
            bytes_[--first_] = static_cast<char>('0' + value % 10);
            value /= 10;
        } while (value != 0);
    }
    constexpr std::string_view view() const noexcept { return {bytes_ + first_, sizeof bytes_ - first_}; }

private:
    char        bytes_[20]{};
    std::size_t first_ = sizeof bytes_;
};

// The digits at the beginning of text as a number, and how many there were. runit's programs read numbers this way:
// the caller deals with the rest. Saturates at the largest value.
struct scanned_number {
    std::uint64_t value  = 0;
    std::size_t   digits = 0;
};
scanned_number scan_number(std::string_view text) noexcept;

// All of text as a number; nothing when it is empty, holds anything but digits, or is too large.
std::optional<std::uint64_t> whole_number(std::string_view text) noexcept;

// The same, from least to largest, and nothing when it is not between them.
std::optional<std::int64_t> number_between(std::string_view text, std::int64_t least, std::int64_t largest) noexcept;

// The text after the first n bytes; n is at most text.size(). (substr() would have to check, and throw.)
constexpr std::string_view after(std::string_view text, std::size_t n) noexcept {
    return {text.data() + n, text.size() - n};
}

// The first n bytes, or all where there are fewer.
constexpr std::string_view up_to(std::string_view text, std::size_t n) noexcept {
    return {text.data(), n < text.size() ? n : text.size()};
}

// The part of a path after its last slash: "sv" of "/usr/bin/sv".
constexpr std::string_view base_name(std::string_view path) noexcept {
    path.remove_prefix(path.rfind('/') + 1);  // npos + 1 is 0
    return path;
}

// The text before the first such character, and the text after it; all of it and nothing, if there is none.
struct two_parts {
    std::string_view head;
    std::string_view rest;
    bool             found = false;
};
constexpr two_parts split(std::string_view text, char at) noexcept {
    const std::size_t place = text.find(at);
    if (place == std::string_view::npos) return {text, {}, false};
    two_parts parts{text.substr(0, place), text, true};
    parts.rest.remove_prefix(place + 1);
    return parts;
}

}  // namespace runwell
