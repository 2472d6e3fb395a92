// daemon_habits.hh — programs that go into the background, and how they are asked not to.
//
//     nginx            stays with: daemon off;          exec nginx -g 'daemon off;'
//     redis-server     goes with: --daemonize yes       leave it out
//
// A supervisor sees a program that has gone into the background as one that has ended. One row per program.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "svctl/shell_script.hh"

namespace runwell::svctl {

struct habit {
    enum class certainty : std::uint8_t { certain, unless_configured };

    std::string program;
    certainty   sure;
    std::string cure;
};

// What is known against a command; nothing where it stays, or is not known.
std::optional<habit> habit_of(const shell_call& call);

}  // namespace runwell::svctl
