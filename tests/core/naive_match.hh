// naive_match.hh — the oracle of the pattern matcher: svlogd(8), PATTERN MATCHING, letter by letter and without any
// preparation. For the tests and the fuzzer of core/selection.
#pragma once

#include <cstddef>
#include <string_view>

namespace runwell {

// The letter after a star is looked for, and then it is read as a part of the pattern: a star again, if it is one.
inline bool naive_match(std::string_view p, std::string_view s) {
    std::size_t i = 0, j = 0;
    while (i < p.size()) {
        if (p[i] == '*') {
            if (++i == p.size()) return true;
            while (j < s.size() && s[j] != p[i]) ++j;
            if (j == s.size()) return false;
        } else if (p[i] == '+') {
            if (++i == p.size() || j == s.size() || s[j] != p[i]) return false;
            while (j < s.size() && s[j] == p[i]) ++j;
            if (j == s.size()) return true;
            ++i;
        } else {
            if (j == s.size() || s[j] != p[i]) return false;
            ++i, ++j;
        }
    }
    return j == s.size();
}

}  // namespace runwell
