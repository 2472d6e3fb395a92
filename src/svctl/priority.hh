// priority.hh — the syslog priority of a logged line, where it has one.
//
//     daemon.err: cannot bind           as socklog(8) writes what came through /dev/log      err, 3
//     <3>cannot bind                    as sd-daemon(3) has it                               err, 3
//     cannot bind                       none: svlogd(8) keeps what a service writes
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace runwell::svctl {

inline constexpr int most_priority = 8;  // graver than this is every one that there is: 0 (emerg) to 7 (debug)

std::optional<int> priority_of(std::string_view line) noexcept;

// "err", "error", "3"; nothing for what is no priority.
std::optional<int> priority_named(std::string_view word) noexcept;

// All of their names, for a message.
std::string priority_names();

}  // namespace runwell::svctl
