// log_elsewhere.hh — where the lines of a service go that has no svlogd, and the command that shows them, if there is
// one.
//
//     log/run: exec vlogger -t web      syslog      svctl logs socklog-unix --grep web, or grep web /var/log/syslog
//     no log/                           its standard output, which is that of its runsvdir: a file, a terminal, nothing
#pragma once

#include <optional>
#include <string>

#include "svctl/errors.hh"
#include "svctl/services_directory.hh"

namespace runwell::svctl {

// What to say instead of the lines; nothing where it cannot be known.
std::optional<failure> log_elsewhere(const services_directory& in, const std::string& name);

}  // namespace runwell::svctl
