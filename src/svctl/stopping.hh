// stopping.hh — how a service ends: what the files of one value say, what is contained, and how far a stop is.
//
//     NAME/timeout-kill …                 their values                                 core/value_files.hh
//     /proc/PID/cgroup                    in the leaf of this directory: contained     sys/contained.hh
//     NAME/supervise/lock                 when the KILL is due                         core/ledger.hh
//     NAME/supervise/status, its mtime    since when TERM has been sent
//     /proc                               which processes live
//
// A subreaper shows nowhere: a service is contained by one if its supervisor is ours, its file `contain` is older than
// its ./run, and that is in no leaf. What this user may not read is not known, and left out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/value_files.hh"
#include "svctl/json.hh"
#include "svctl/processes.hh"
#include "svctl/service.hh"
#include "svctl/services_directory.hh"
#include "sys/contained.hh"

namespace runwell::svctl {

struct file_value {
    value_file  what;
    std::string value;
    bool        is_understood;
};

// Those that can be read, in the order of value_file_rows.
std::vector<file_value> values_of(const services_directory& in, const std::string& name);

// By what the service is contained now; `none`, too, where that is not known.
sys::containment containment_of(const services_directory& in, const service& of);

// Whether ./run is contained, or has ended and what it has started lives.
bool is_contained(const services_directory& in, const service& of);

// "cgroup", "subreaper"; "" for none.
std::string_view word(sys::containment by) noexcept;

// A stop, or the first half of a restart, that goes on.
struct stopping {
    std::optional<double>       seconds;  // since the signal, or since the end of ./run
    std::optional<double>       kill_in;  // nothing: no limit is known
    std::vector<const process*> alive;    // of the table that was asked
};

// Nothing: the service is not on its way down.
std::optional<stopping> stopping_of(const services_directory& in, const service& of, const process_table& processes,
                                    moment now);
json                    json_of(const std::optional<stopping>& of);  // null, or as svctl(8), JSON, has it

// "TERM sent, KILL in 7s, 2 processes left": for a person who waits. The signal is that of down-signal.
std::string progress_of(const services_directory& in, const service& of, const stopping& its);

}  // namespace runwell::svctl
