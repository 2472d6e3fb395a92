// Any text is a config, and every rule in it compiles into the room that it said it needs.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/line_filter.hh"
#include "core/logconfig.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace runwell;
    std::string_view text{reinterpret_cast<const char*>(data), size};
    log_policy       policy;
    std::size_t      lines = 0;
    while (const auto line = next_config_line(text)) {
        if (++lines > size) __builtin_trap();
        if (const auto bad = apply(*line, policy); bad && bad->what.empty()) __builtin_trap();
        if (!is_rule(*line)) continue;
        std::vector<pattern_step> room(steps_of(line->rest));
        if (compile(line->rest, room).steps.size() != room.size()) __builtin_trap();
    }
    if (policy.least() && policy.keep != 0 && *policy.least() >= policy.keep) __builtin_trap();
    if (policy.udp.only && policy.udp.port == 0) __builtin_trap();
    return 0;
}
