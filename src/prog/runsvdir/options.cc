#include "prog/runsvdir/options.hh"

#include <string_view>

namespace runwell::runsvdir {

// runit reads one option, takes whatever begins with -P for -P, and any other word for the directory.
std::optional<options> parse(char** words) noexcept {
    options chosen;
    for (; *words != nullptr; ++words) {
        const std::string_view word = *words;
        if (!chosen.wait && (word == "-W" || word == "--wait")) {
            chosen.wait = true;
        } else if (!chosen.wait && !chosen.session && (word == "-PW" || word == "-WP")) {
            chosen.wait = chosen.session = true;
        } else if (!chosen.session && word.starts_with("-P") && (!chosen.wait || word == "-P")) {
            chosen.session = true;
        } else {
            const bool none_yet = !chosen.session && !chosen.wait;
            if ((none_yet && word.starts_with("--")) || (chosen.wait && word == "--")) ++words;
            break;
        }
    }
    if (*words == nullptr) return std::nullopt;
    chosen.directory = *words++;
    chosen.log       = *words;
    return chosen;
}

}  // namespace runwell::runsvdir
