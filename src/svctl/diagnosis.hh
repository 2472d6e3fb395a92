// diagnosis.hh — why a service is not up, does not stay up, or does not go down: causes, each with its cure.
//
//     the directory      a dangling link; without a runsv; its lock is held by another process
//     supervise/         cannot be written: a read-only or a full file system
//     run                missing, not executable, empty, no #!, CRLF, no such interpreter, for another machine, noexec
//     the status         paused; TERM was sent and it lives on; wanted down, by whom; it ends as soon as it has begun
//     its last end       the exit status or signal that ./finish gets; how long ./run has lived; a ./run that is
//                        younger than its runsv
//     the supervisors    what runsv and runsvdir have last complained of: the title of runsvdir, or the file that its
//                        standard error is
//     the logger         the same for log/
//
// Everything is read, nothing is tried: no script is run and no lock is taken.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "svctl/processes.hh"
#include "svctl/remedies.hh"
#include "svctl/service.hh"
#include "svctl/services_directory.hh"

namespace runwell::svctl {

// The causes, the most telling first; none when all is as it should be.
std::vector<finding> diagnose(const services_directory& in, const service& of, const process_table& processes,
                              moment now);

// The runsvdir of a services directory, as far as the processes show to this user; nullptr: there is none.
const process* runsvdir_of(const services_directory& in, const process_table& processes);

// The messages in the title of a runsvdir ("runsvdir -P DIR log: …") that are about the service, oldest first.
std::vector<std::string> complaints_about(std::string_view title, std::string_view name);

// The pids that hold a lock on the file of that device and inode, as /proc/locks has them.
std::vector<int> lock_holders(std::string_view locks, unsigned major, unsigned minor, unsigned long long inode);
// Those of supervise/lock of a service; none, too, where this user may not look at the file.
std::vector<int> lock_holders(const services_directory& in, const std::string& name);

}  // namespace runwell::svctl
