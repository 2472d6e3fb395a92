// options.hh — the command line of runsvdir, as runit reads it.
#pragma once

#include <optional>

namespace runwell::runsvdir {

struct options {
    bool        session   = false;  // -P
    bool        wait      = false;  // -W
    const char* directory = nullptr;
    char*       log       = nullptr;
};

// The words after the name of the program. Nothing when they name no directory.
std::optional<options> parse(char** words) noexcept;

}  // namespace runwell::runsvdir
