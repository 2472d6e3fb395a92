// terminals.hh — the people who work on this machine, as far as they sit in front of a terminal.
#pragma once

#include <string_view>

namespace runwell::sys {

// Writes `text` to every terminal that controls a process: whoever is there sees it, whether or not a record of logins
// is kept. A terminal that would make us wait is passed over. Needs /proc.
void tell_terminals(std::string_view text) noexcept;

}  // namespace runwell::sys
