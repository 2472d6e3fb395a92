// wait.hh — the one wait of every supervisor: until something can be read, or the deadline has come.
#pragma once

#include <optional>
#include <span>

#include "core/service.hh"

struct pollfd;

namespace runwell::sys {

// Waits until one of the descriptors is ready or `deadline` (monotonic, nanoseconds) has passed; for ever when there is
// none. A pollfd with fd -1 is passed over. Returns whether any was ready; their revents say which.
bool wait_for(std::span<pollfd> ready, std::optional<ticks> deadline) noexcept;

}  // namespace runwell::sys
