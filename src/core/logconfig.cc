#include "core/logconfig.hh"

#include <algorithm>
#include <limits>

#include "core/line_filter.hh"
#include "core/text.hh"

namespace runwell {
namespace {

std::uint64_t times(std::uint64_t value, std::uint64_t factor) noexcept {
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    return value > most / factor ? most : value * factor;
}

char letter_after(std::string_view text, scanned_number number) noexcept {
    return number.digits < text.size() ? text[number.digits] : '\0';
}

std::uint64_t size_in_bytes(std::string_view text) noexcept {
    const scanned_number number = scan_number(text);
    const char           unit   = letter_after(text, number);
    return times(number.value, unit == 'm' ? 1024 * 1024 : unit == 'k' ? 1024 : 1);
}

std::uint64_t time_in_seconds(std::string_view text) noexcept {
    const scanned_number number = scan_number(text);
    const char           unit   = letter_after(text, number);
    return times(number.value, unit == 'h' ? 3600 : unit == 'm' ? 60 : 1);
}

// Takes "127.0.0.1" from the beginning of the text.
std::optional<std::uint32_t> take_address(std::string_view& text) noexcept {
    std::uint32_t address = 0;
    for (int i = 0; i < 4; ++i) {
        if (i > 0) {
            if (text.empty() || text.front() != '.') return std::nullopt;
            text.remove_prefix(1);
        }
        const scanned_number part = scan_number(text);
        if (part.digits == 0 || part.value > 255) return std::nullopt;
        text.remove_prefix(part.digits);
        address = address << 8 | static_cast<std::uint32_t>(part.value);
    }
    return address;
}

std::optional<complaint> set_target(std::string_view text, bool only, udp_target& to) noexcept {
    constexpr std::uint64_t syslog  = 514;
    std::string_view        rest    = text;
    const auto              address = take_address(rest);
    if (!address) return complaint{"unable to scan ip address: ", text};
    const bool          said = !rest.empty() && rest.front() == ':';
    const std::uint64_t port = said ? scan_number(rest.substr(1)).value : syslog;
    if (port == 0 || port > 65'535) return complaint{"unable to scan port number: ", rest.substr(1)};
    to = {*address, static_cast<std::uint16_t>(port), to.only || only};
    return std::nullopt;
}

}  // namespace

std::optional<config_line> next_config_line(std::string_view& text) noexcept {
    if (text.size() < 2 && text != "\n") return std::nullopt;
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    line = line.substr(0, line.find('\0'));
    if (line.empty()) return config_line{};
    return config_line{line.front(), line.substr(1)};
}

config_size size_of_config(std::string_view text) noexcept {
    config_size size;
    while (const auto line = next_config_line(text)) {
        if (!is_rule(*line)) continue;
        if (size.rules == most_rules) {
            ++size.ignored;
            continue;
        }
        ++size.rules;
        size.steps += steps_of(line->rest);
    }
    return size;
}

std::optional<complaint> apply(config_line line, log_policy& to) noexcept {
    switch (line.letter) {
        case 's': to.size = size_in_bytes(line.rest); break;
        case 'n': to.keep = scan_number(line.rest).value; break;
        case 'N': to.keep_when_full = scan_number(line.rest).value; break;
        case 't': to.age = time_in_seconds(line.rest); break;
        case 'u': return set_target(line.rest, false, to.udp);
        case 'U': return set_target(line.rest, true, to.udp);
        case '!':
            if (!line.rest.empty()) to.processor = line.rest;
            break;
        case 'p':
            if (!line.rest.empty()) to.prefix = line.rest;
            break;
        default: break;  // a comment, a rule, or a letter of a later version
    }
    return std::nullopt;
}

}  // namespace runwell
