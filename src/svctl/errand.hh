// errand.hh — give services a command, wait until they have done it, and say so: one clear result each.
//
//     for each service:   listen, look, write the bytes to supervise/control
//     until all settled:  wait for an event ──▶ look at what has changed ──▶ core's judge(): not yet · done
//
//     web: up, process 4711, after 0.02 s                       standard output
//     svctl: db: not up after 7 s: down, wanted up              standard error: the cause
//     svctl: db/run is not executable                           and what diagnosis.hh has found behind it
//     svctl: make it so: chmod +x /etc/service/db/run           and the cure
//
// Nothing polls, but for one thing that has no event: a ./check that has said no is asked again, after 50 ms, 100 ms,
// and so on up to a second.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/verdict.hh"
#include "svctl/command.hh"
#include "svctl/service.hh"

namespace runwell::svctl {

struct errand {
    std::string bytes;                       // for supervise/control; may be empty
    goal        until         = goal::told;  // see core/verdict.hh
    std::string wish          = "told";      // "up", "down", "restarted", "sent HUP": "not up after 7 s"
    double      seconds       = default_seconds;
    bool        waits         = true;
    bool        patient       = false;  // a runsv that is not there (yet) is waited for
    bool        as_json       = false;  // one object at the end, and no lines; see svctl(8), JSON
    bool        needs_process = false;  // a service without a process fails: nothing is there to send a signal to
    bool        only_running  = false;  // one that does not run is left as it is

    static constexpr double default_seconds = 7;
};

// $SVWAIT, as for sv(8), else 7. Throws a failure where that is no number.
double seconds_to_wait(const std::optional<double>& told);

// A service, and the directory that it is in.
struct subject {
    const tree* in;
    std::string name;
};

// Runs the errand for all of them at once. Returns the code for all: see together().
exit_code run_errand(const setting& in, const std::vector<subject>& subjects, const errand& what);
exit_code run_errand(const setting& in, const tree& services, const std::vector<std::string>& names,
                     const errand& what);

// What --json prints for services that there is nothing to wait for: as run_errand() for such as are as they were
// wanted.
void print_as_met(const tree& services, const std::vector<std::string>& names);

// Writes control bytes to a service. Throws a failure: exit_code::failed when no runsv reads them.
void send(const tree& services, const std::string& name, std::string_view bytes);

}  // namespace runwell::svctl
