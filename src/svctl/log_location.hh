// log_location.hh — the log directories that the logger of a service writes to.
//
//     service/log/supervise/status ──▶ the logger and its children ──▶ /proc/PID/fd: …/lock
//     service/log/run           ──▶ exec svlogd -tt /var/log/web        where it does not run, or may not be looked at
#pragma once

#include <string>
#include <vector>

#include "svctl/shell_script.hh"

namespace runwell::svctl {

// The arguments of an svlogd that are no options; nothing for another program.
std::vector<shell_word> directories_in(const shell_call& call);

// The directories that a script passes to svlogd, as they are written there; nothing if it starts no svlogd.
std::vector<shell_word> svlogd_directories(const std::string& script);

// The directories that the logger of a service writes to, the first one first. `directory` is that of the service.
// Throws a failure that says why there is none, or why it cannot be known.
std::vector<std::string> log_directories(const std::string& directory, const std::string& name);

}  // namespace runwell::svctl
