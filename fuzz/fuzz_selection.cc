// The compiled pattern matches what a naive reading of svlogd(8), letter by letter, matches.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/selection.hh"

namespace {

bool naive(std::string_view p, std::string_view s) {
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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace runwell;
    const std::string_view all{reinterpret_cast<const char*>(data), size};
    const std::size_t      newline = all.find('\n');
    if (newline == std::string_view::npos) return 0;
    const std::string_view    text = all.substr(0, newline), line = all.substr(newline + 1);
    std::vector<pattern_step> room(steps_of(text));
    if (matches(compile(text, room), line) != naive(text, line)) __builtin_trap();
    return 0;
}
