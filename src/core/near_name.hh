// near_name.hh — how alike two names are, for "did you mean".
//
//     distance("wbe", "web") == 1        letters to change, add, leave out or swap with their neighbour
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace runwell {

inline constexpr std::size_t longest_near_name = 64;

// Optimal string alignment; names longer than the limit are alike in nothing.
constexpr std::size_t distance(std::string_view one, std::string_view other) noexcept {
    if (one.size() > longest_near_name || other.size() > longest_near_name) return std::max(one.size(), other.size());
    std::array<std::array<unsigned char, longest_near_name + 1>, 3> rows{};  // of this letter, the last, the one before
    for (std::size_t j = 0; j <= other.size(); ++j) rows[0][j] = static_cast<unsigned char>(j);
    for (std::size_t i = 1; i <= one.size(); ++i) {
        auto& now         = rows[i % 3];
        auto& last        = rows[(i - 1) % 3];
        auto& before_last = rows[(i + 1) % 3];
        now[0]            = static_cast<unsigned char>(i);
        for (std::size_t j = 1; j <= other.size(); ++j) {
            const int change = one[i - 1] == other[j - 1] ? 0 : 1;
            int       least  = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + change});
            if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
                least = std::min(least, before_last[j - 2] + 1);
            now[j] = static_cast<unsigned char>(least);
        }
    }
    return rows[one.size() % 3][other.size()];
}

// Whether `name` may be what was meant by `word`, apart by so much.
constexpr bool is_near(std::string_view word, std::size_t apart) noexcept {
    return apart <= std::max<std::size_t>(word.size() / 3, 1);
}

}  // namespace runwell
