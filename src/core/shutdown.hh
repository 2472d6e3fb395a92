// shutdown.hh — what the commands that end a machine ask for: shutdown, halt, poweroff, reboot, telinit, runit-init.
//
//     shutdown [-hrPHf] [now | +m] [message ...]     halt, poweroff, reboot [-f]     telinit 0|1|6|S|q
//
// Sources: shutdown(8), runit-init(8).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/stages.hh"

namespace runwell {

struct shutdown_request {
    ending                       how   = ending::power_off;
    bool                         force = false;  // by reboot(2), at once
    std::uint64_t                delay = 0;      // minutes
    std::span<const char* const> message;
};

// `program` is the name without a path, `arguments` what follows it. Nothing: they are no command line of it.
std::optional<shutdown_request> shutdown_request_of(std::string_view             program,
                                                    std::span<const char* const> arguments) noexcept;

// Whether users get a message when so many minutes are left of a delay of `all` minutes.
bool is_announced(std::uint64_t left, std::uint64_t all) noexcept;

// A level of telinit.
enum class level : std::uint8_t {
    power_off,  // 0
    reboot,     // 6
    single,     // 1, s, S: the services of that name
    look,       // q, Q: runsvdir looks at its directory
};
std::optional<level> level_of(std::span<const char* const> arguments) noexcept;

// What runit-init asks for: runit looks at the first letter of the first argument, and at nothing else.
std::optional<ending> ending_of_init(std::span<const char* const> arguments) noexcept;

}  // namespace runwell
