#include "core/boot.hh"

#include <string_view>

namespace runwell {

boot_request boot_request_of(std::span<char* const> arguments) noexcept {
    boot_request asked;
    while (!arguments.empty()) {
        const std::string_view word = arguments[0];
        if (!word.starts_with('-')) break;
        arguments = arguments.subspan(1);
        if (word == "--") break;
        if (word == "--container") asked.container = true;
    }
    asked.command = arguments;
    return asked;
}

boot boot_of(const boot_request& asked, bool is_machine, bool has_stage_2) noexcept {
    if (is_machine) return boot::machine;
    const bool is_own = asked.container || !asked.command.empty() || !has_stage_2;
    return is_own ? boot::container : boot::guest;
}

}  // namespace runwell
