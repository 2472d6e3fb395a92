// terminals.hh — the people who work on this machine, as far as they sit in front of a terminal.
#pragma once

#include <string_view>

namespace runwell::sys {

// Writes `text` to every terminal that controls a process, so that its user sees it even without login records. Skips a
// terminal that would block. Needs /proc.
void tell_terminals(std::string_view text) noexcept;

}  // namespace runwell::sys
