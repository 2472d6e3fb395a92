// state_from_processes.hh — the state of a service whose supervise/ this user may not read, from its processes.
//
//     runsvdir -P /etc/service ─┬─ runsv web ─┬─ nginx       the service: its process, and since when
//                               │             └─ svlogd      its logger
//                               └─ runsv db                  it is down
//
// Every user may read which process is whose child. That does not show what is wanted.
#pragma once

#include "svctl/processes.hh"
#include "svctl/service.hh"
#include "svctl/services_directory.hh"

namespace runwell::svctl {

// Sets `said` of the service and of its log service, as far as the processes show it; nothing where they do not.
void state_from_processes(const services_directory& in, service& of, const process_table& processes);

}  // namespace runwell::svctl
