// operation.hh — an operation on services: send control bytes, wait until the goal is reached, report one result each.
//
//     for each service:   listen, look, write the bytes to supervise/control
//     until all settled:  wait for an event ──▶ look at what has changed ──▶ core/session decides: wait · done
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

struct operation {
    std::string bytes;                       // for supervise/control; may be empty
    goal        until         = goal::told;  // see core/verdict.hh
    std::string goal_word     = "told";      // "up", "down", "restarted", "sent HUP": "not up after 7 s"
    double      seconds       = default_seconds;
    bool        waits         = true;
    bool        patient       = false;  // waits for a runsv that does not run yet
    bool        as_json       = false;  // one object at the end, and no lines; see svctl(8), JSON
    bool        needs_process = false;  // a service without a process fails: nothing is there to send a signal to
    bool        only_running  = false;  // one that does not run is left as it is

    static constexpr double default_seconds = 7;
};

// $SVWAIT, as for sv(8), else 7. Throws a failure where that is no number.
double seconds_to_wait(const std::optional<double>& told);

// A service and the services directory that contains it.
struct target {
    const services_directory* in;
    std::string               name;
};

// Runs the operation on all targets at once. Returns one exit code for all of them: see together().
exit_code run_operation(const settings& in, const std::vector<target>& targets, const operation& what);
exit_code run_operation(const settings& in, const services_directory& services, const std::vector<std::string>& names,
                        const operation& what);

// What --json prints for services that are already in the requested state: the same object as run_operation() prints.
void print_as_met(const services_directory& services, const std::vector<std::string>& names);

// Writes control bytes to a service. Throws a failure: exit_code::failed when no runsv reads them.
void send(const services_directory& services, const std::string& name, std::string_view bytes);

}  // namespace runwell::svctl
