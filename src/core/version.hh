// version.hh — which runwell this is: what every program says to -V, before its usage.
//
//     $ sv -V
//     runwell 0.1.0
//     usage: sv [-v] [-w sec] command service ...
//
// The exit code is that of the usage, as in runit. Where runit takes a name and knows no options (runsv, runsvdir,
// runsvchdir), -V is the name of a directory first of all: it means the version where there is no such directory.
#pragma once

#include <string_view>

namespace runwell {

inline constexpr std::string_view version_words = "runwell " RUNWELL_VERSION;

// Whether the first argument, and there is one, is -V.
constexpr bool asks_for_version(int argc, char* const* argv) noexcept {
    return argc > 1 && std::string_view{argv[1]} == "-V";
}

}  // namespace runwell
