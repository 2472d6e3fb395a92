#include "core/shutdown.hh"

#include <array>

#include "core/options.hh"
#include "core/text.hh"

namespace runwell {
namespace {

constexpr std::array option_rows{option_row{'h', false}, option_row{'P', false}, option_row{'p', false},
                                 option_row{'H', false}, option_row{'r', false}, option_row{'f', false}};

// "now", "+5" or "5".
std::optional<std::uint64_t> minutes(std::string_view word) noexcept {
    constexpr std::uint64_t longest = std::uint64_t{60} * 24 * 365;
    if (word == "now") return 0;
    if (word.starts_with('+')) word.remove_prefix(1);
    const auto number = whole_number(word);
    return number && *number <= longest ? number : std::nullopt;
}

}  // namespace

std::optional<shutdown_request> shutdown_request_of(std::string_view             program,
                                                    std::span<const char* const> arguments) noexcept {
    shutdown_request asked;
    if (program == "shutdown" && arguments.empty()) return std::nullopt;
    if (program == "reboot") asked.how = ending::reboot;
    if (program == "halt") asked.how = ending::halt;

    option_reader<option_row> options{option_rows, arguments, double_dash::is_unknown};
    for (auto found = options.next(); found.row != nullptr || found.error; found = options.next()) {
        if (found.error) return std::nullopt;
        switch (found.row->letter) {
            case 'H': asked.how = ending::halt; break;
            case 'r': asked.how = ending::reboot; break;
            case 'f': asked.force = true; break;
            default: asked.how = ending::power_off; break;
        }
    }
    arguments = options.rest();
    if (arguments.empty()) return asked;
    const auto delay = minutes(arguments[0]);
    if (!delay) return std::nullopt;
    asked.delay   = *delay;
    asked.message = arguments.subspan(1);
    return asked;
}

bool is_announced(std::uint64_t left, std::uint64_t all) noexcept {
    return left == all || left <= 5 || left == 10 || left == 15 || left % 30 == 0;
}

std::optional<level> level_of(std::span<const char* const> arguments) noexcept {
    const std::string_view word = arguments.size() == 1 ? arguments[0] : "";
    if (word == "0") return level::power_off;
    if (word == "6") return level::reboot;
    if (word == "1" || word == "s" || word == "S") return level::single;
    if (word == "q" || word == "Q") return level::look;
    return std::nullopt;
}

std::optional<ending> ending_of_init(std::span<const char* const> arguments) noexcept {
    const char first = arguments.empty() ? '\0' : arguments[0][0];
    if (first == '0') return ending::power_off;
    if (first == '6') return ending::reboot;
    return std::nullopt;
}

}  // namespace runwell
