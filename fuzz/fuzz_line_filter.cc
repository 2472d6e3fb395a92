// The compiled pattern matches what a naive reading of svlogd(8), letter by letter, matches.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/line_filter.hh"
#include "naive_match.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace runwell;
    const std::string_view all{reinterpret_cast<const char*>(data), size};
    const std::size_t      newline = all.find('\n');
    if (newline == std::string_view::npos) return 0;
    const std::string_view    text = all.substr(0, newline), line = all.substr(newline + 1);
    std::vector<pattern_step> room(steps_of(text));
    if (matches(compile(text, room), line) != naive_match(text, line)) __builtin_trap();
    return 0;
}
