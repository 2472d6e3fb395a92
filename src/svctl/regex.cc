#include "svctl/regex.hh"

#include <array>

#include "svctl/errors.hh"
#include "svctl/terminal.hh"

namespace runwell::svctl {

regex::regex(const std::string& pattern, bool ignore_case) {
    const int code = ::regcomp(&compiled_, pattern.c_str(), REG_EXTENDED | REG_NOSUB | (ignore_case ? REG_ICASE : 0));
    if (code == 0) return;
    std::array<char, 128> words{};
    ::regerror(code, &compiled_, words.data(), words.size());
    throw failure{exit_code::usage, printable(pattern) + ": no regular expression: " + words.data(),
                  R"(put a backslash before what is meant as it is: \[ \( \* \+ \?)"};
}

bool regex::is_in(std::string_view text) const {
    regmatch_t all{0, static_cast<regoff_t>(text.size())};
    return ::regexec(&compiled_, text.data(), 1, &all, REG_STARTEND) == 0;
}

}  // namespace runwell::svctl
