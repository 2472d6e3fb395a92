#include "core/runsvdir_options.hh"

#include <string_view>

namespace runwell {
namespace {

// Whether a word is an option at this place. Adds it to the others.
bool take(std::string_view word, runsvdir_options& chosen) noexcept {
    if (!chosen.wait && (word == "-W" || word == "--wait")) return chosen.wait = true;
    if (chosen.session) return false;
    if (!chosen.wait && (word == "-PW" || word == "-WP")) return chosen.wait = chosen.session = true;
    if (chosen.wait ? word == "-P" : word.starts_with("-P")) return chosen.session = true;
    return false;
}

bool ends_options(std::string_view word, const runsvdir_options& chosen) noexcept {
    const bool none_yet = !chosen.session && !chosen.wait;
    return none_yet ? word.starts_with("--") : chosen.wait && word == "--";
}

}  // namespace

std::optional<runsvdir_options> runsvdir_options_of(std::span<char* const> arguments) noexcept {
    runsvdir_options chosen;
    while (!arguments.empty() && take(arguments[0], chosen)) arguments = arguments.subspan(1);
    if (!arguments.empty() && ends_options(arguments[0], chosen)) arguments = arguments.subspan(1);
    if (arguments.empty()) return std::nullopt;
    chosen.directory = arguments[0];
    if (arguments.size() > 1) chosen.log = arguments[1];
    return chosen;
}

}  // namespace runwell
