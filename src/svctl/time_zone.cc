#include "svctl/time_zone.hh"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>

#include "svctl/errors.hh"
#include "svctl/files.hh"
#include "svctl/terminal.hh"

namespace runwell::svctl {
namespace {

constexpr std::string_view digits  = "0123456789";
constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

// How many of the first characters belong to the set.
std::size_t length_of(std::string_view text, std::string_view set) noexcept {
    return std::min(text.find_first_not_of(set), text.size());
}

// Takes "CET" or "<+03>" off the text.
bool take_name(std::string_view& text) noexcept {
    const bool        is_quoted = text.starts_with('<');
    const std::size_t size      = is_quoted ? text.find('>') : length_of(text, letters);
    if (size == std::string_view::npos || size < 3) return false;
    text.remove_prefix(is_quoted ? size + 1 : size);
    return true;
}

// Takes "-1", "+5:30" or "7:00:30" off the text.
bool take_offset(std::string_view& text) noexcept {
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    for (int part = 0; part < 3; ++part) {
        const std::size_t size = length_of(text, digits);
        if (size == 0 || size > 2) return false;
        text.remove_prefix(size);
        if (!text.starts_with(':')) break;
        text.remove_prefix(1);
    }
    return true;
}

// A file of the time zone database begins with these four letters.
bool is_zone_file(const std::string& path) { return read_file(path, 4).text == "TZif"; }

bool is_time_zone(std::string_view text) {
    if (text.starts_with(':')) text.remove_prefix(1);
    if (text.empty() || is_zone_rule(text)) return true;
    const char*       told      = std::getenv("TZDIR");
    const std::string directory = told != nullptr && *told != '\0' ? told : "/usr/share/zoneinfo";
    return is_zone_file(text.front() == '/' ? std::string{text} : directory + "/" + std::string{text});
}

}  // namespace

bool is_zone_rule(std::string_view text) noexcept {
    if (text == "UTC" || text == "GMT") return true;
    return take_name(text) && take_offset(text) && (text.empty() || take_name(text));
}

void check_time_zone() {
    static bool is_checked = false;
    if (std::exchange(is_checked, true)) return;
    const char* zone = std::getenv("TZ");
    if (zone == nullptr || is_time_zone(zone)) return;
    say(failure{exit_code::good,
                "TZ=" + printable(zone) + " in the environment names no time zone of this machine: times are in UTC",
                "to have them in the zone of the machine: unset TZ"});
}

}  // namespace runwell::svctl
