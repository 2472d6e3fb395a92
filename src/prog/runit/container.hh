// container.hh — process no 1 of a container that has no /etc/runit/2, or a command to run.
#pragma once

#include "prog/runit/console.hh"

namespace runwell {

// Never returns: exits with the code of the container. `command` is argv-like; empty for none.
[[noreturn]] void run_container(const console& says, char** command) noexcept;

}  // namespace runwell
