// cleaning.hh — svlogd -r and -R: which bytes of a line are replaced, and by what.
//
//     -r _ -R '[]'      "a\t[b]\xff"  →  "a__b__"
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace runwell {

// The replacement of each byte. Applying it twice is the same as once.
class cleaning {
public:
    // Replaces what is not printable ASCII, and the bytes in `also`, with `by`.
    constexpr cleaning(char by, std::string_view also) noexcept {
        for (std::size_t i = 0; i < table_.size(); ++i) table_[i] = i < 32 || i > 126 ? by : static_cast<char>(i);
        for (const char c : also) table_[static_cast<unsigned char>(c)] = by;
        table_[static_cast<unsigned char>(by)] = by;
    }

    constexpr void apply(std::span<char> line) const noexcept {
        for (char& c : line) c = table_[static_cast<unsigned char>(c)];
    }

private:
    std::array<char, 256> table_{};
};

}  // namespace runwell
