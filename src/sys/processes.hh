// processes.hh — who else runs on this machine, as far as /proc shows it to us.
#pragma once

#include "core/fixed.hh"

namespace runwell::sys {

// Whether a process whose name is `name` (at most 15 bytes, as in /proc/PID/comm) has `directory` as its working
// directory or on its command line. False too when /proc cannot be read.
bool anyone_works_on(const char* name, const char* directory) noexcept;

// The directory that a process of that name and of this user has as its last argument that begins with a slash, or as
// its working directory where it has none: what a runsvdir scans. Only one with a file called `member` in it. Empty
// when there is no such process, or it may not be seen.
fixed_text<4096> directory_of(const char* name, const char* member) noexcept;

}  // namespace runwell::sys
