// service.hh — the life of one service, as a pure function of what happens to it.
//
//                  up, once                 ./run ended                  ./finish ended
//        down ────────────────▶ run ─────────────────────▶ finish ─────────────────────▶ down
//         ▲   (control/u first)  │                                                        │
//         │                      └──────── there is no ./finish: straight to down ───────▶┤
//         └─── want up: again, but never two starts within one second ◀───────────────────┘
//
// step() never forks, signals, reads a clock or touches a file: it says what should be done, and prog/runsv.cc does it.
//
// Three rules keep two copies from ever living side by side:
//   · a process counts as living until it has been reaped, whatever was sent to it;
//   · while a control script runs, nothing of the service is started, and no further command is taken: the commands
//     wait in the control pipe, in order (busy() says so);
//   · only the service's own `alive` allows a start, and only a start sets it.
//
// Sources: runsv(8); behaviour measured on runit 2.1.2 and 2.3.1.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/commands.hh"
#include "core/fixed.hh"
#include "core/status.hh"
#include "core/stop.hh"
#include "core/tai.hh"
#include "core/ticks.hh"
#include "core/wait_status.hh"

namespace runwell {

// What a service can be, between two events.
struct service {
    phase now    = phase::down;
    want  wanted = want::up;
    bool  alive  = false;  // a process of `now` exists; with `finish` and not alive, ./finish is about to start

    bool paused   = false;
    bool got_term = false;
    bool killed   = false;  // KILL was sent to ./run, so it is about to end
    bool owed     = false;  // one start is owed, whatever is wanted: `once`
    bool held     = false;  // the pair is draining its logger: only a logger is started, and only when that is owed
    bool blocked  = false;  // what may be an old process of it lives: nothing is started (core/takeover.hh)
    bool is_log   = false;  // a logger has no ./finish, no control scripts, and does not know `exit`
    char script   = '\0';   // the control script that runs now

    int    wait_status = 0;  // how ./run ended: waitpid(2), or unknown_status
    moment since;            // wall clock: ./run was started, or the service went down
    ticks  started    = 0;   // when ./run was started
    ticks  not_before = 0;   // nothing is started before this

    escalation stop;  // with `rest`: now is `finish`, not alive, and ./finish is not due yet

    friend constexpr bool operator==(const service&, const service&) = default;
};

// An event of a service.
struct event {
    enum class kind : std::uint8_t {
        tick,             // time has passed, or the supervisor begins
        command,          // a control byte; never while busy()
        ended,            // the process of `now` has been reaped
        script_ended,     // the control script has been reaped, or there is none
        could_not_start,  // the start that was asked for did not come to be: no process, no memory
        rest_ended,       // nothing lives any more of what ./run has left behind
    };
    kind        what       = kind::tick;
    ticks       at         = 0;
    moment      wall       = {};
    bool        essential  = false;  // a container lives for this service: core/essential.hh
    command_row order      = {};     // command
    int         status     = 0;      // ended: waitpid(2), or unknown_status
    bool        has_finish = false;  // ended, rest_ended: ./finish can be read
    bool        has_rest   = false;  // ended, of a contained ./run: processes that it has started live on
    std::size_t unread     = 0;      // ended, of a logger: bytes that it has left in its pipe
    bool        handled    = false;  // script_ended: it exited 0, so its signal is not sent
    stop_rules  rules      = {};     // what the files beside ./run say now
};

// What is to be done, in order. A control script is always the last: what follows depends on its answer.
struct service_action {
    enum class kind : std::uint8_t {
        start_run,     // ./run
        start_finish,  // ./finish, with wait_status as its two arguments
        send,          // `signal` to ./run; KILL also to ./finish
        kill_script,   // KILL to the control script
        send_rest,  // `signal` to all that a contained ./run has left; KILL until nothing lives; then report rest_ended
        run_script,     // control/`script`, if it is there and executable; then tell script_ended
        end_input,      // the logger is to see the end of its input: close the writing end of the pipe
        end_container,  // an essential service has ended for good: tell process no 1
        leave,          // everything has ended: exit
    };
    kind what   = kind::leave;
    int  signal = 0;
    char script = '\0';

    friend constexpr bool operator==(const service_action&, const service_action&) = default;
};
using service_actions = fixed_list<service_action, 8>;

// A step changes the service and adds to the list. An essential service that has crashed is not started again.
void step(service& of, const event& happened, service_actions& list) noexcept;

// A control script is running: commands must wait.
constexpr bool busy(const service& of) noexcept { return of.script != '\0'; }

// No process, no script, and none about to start.
constexpr bool at_rest(const service& of) noexcept {
    return of.now == phase::down && !of.alive && !busy(of) && !of.owed;
}

// Down, and nothing known now will start it.
constexpr bool gone(const service& of) noexcept {
    return of.now == phase::down && !of.owed && of.wanted != want::up && !of.is_log;
}

// Something is only waiting for not_before.
constexpr bool start_is_due(const service& of) noexcept {
    if (of.alive || of.blocked || of.stop.rest || busy(of)) return false;
    if (of.held) return of.is_log && of.owed;
    return of.now == phase::finish || of.owed || of.wanted == want::up;
}

}  // namespace runwell
