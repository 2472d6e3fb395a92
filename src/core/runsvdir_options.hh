// runsvdir_options.hh — the command line of runsvdir, as runit reads it.
//
//     runsvdir [-P] [-W | --wait] [--] dir [log]
//
// runit reads one option, and takes an argument that begins with -P for -P, whatever follows. Every other argument is
// the directory: "-x" is one, too. So the letters of options.hh are not what this program is called with. -W and
// --wait, which runit does not know, may stand before or behind -P, or share its argument.
#pragma once

#include <optional>
#include <span>

namespace runwell {

struct runsvdir_options {
    bool        session   = false;  // -P
    bool        wait      = false;  // -W
    const char* directory = nullptr;
    char*       log       = nullptr;  // nullptr: none
};

// `arguments`: without argv[0]. Nothing when they name no directory.
std::optional<runsvdir_options> runsvdir_options_of(std::span<char* const> arguments) noexcept;

}  // namespace runwell
