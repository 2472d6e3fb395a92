// processes.hh — who else runs on this machine, as far as /proc shows it to us.
#pragma once

namespace runwell::sys {

// Whether a process whose name is `name` (at most 15 bytes, as in /proc/PID/comm) has `directory` as its working
// directory or on its command line. False too when /proc cannot be read.
bool anyone_works_on(const char* name, const char* directory) noexcept;

}  // namespace runwell::sys
