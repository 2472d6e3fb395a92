// regex.hh — an extended regular expression, as grep -E has it: regex(7).
//
// The C library's: it takes lines of any length and any bytes in them, where std::regex runs out of stack.
#pragma once

#include <regex.h>

#include <string>
#include <string_view>

namespace runwell::svctl {

class regex {
public:
    // Throws a failure of exit_code::usage that says what is wrong with it.
    explicit regex(const std::string& pattern, bool ignore_case = false);
    ~regex() { ::regfree(&compiled_); }
    regex(const regex&)            = delete;
    regex& operator=(const regex&) = delete;

    // Whether it is found anywhere in the text.
    bool is_in(std::string_view text) const;

private:
    ::regex_t compiled_{};
};

}  // namespace runwell::svctl
