// session.hh — one service that a client (sv, svctl) has given a command to, until it obeys or the wait ends.
//
//                   give                       judge() says done, ./check agrees
//     to_give ─────────────────▶ given ────────────────────────────────────────────▶ settled
//        ▲  │ no runsv              │                                                   ▲
//        │  └── waits for one ──────┼──────────── no runsv, too late, failed ───────────┘
//        └── its runsv has exited ──┘
//
// step() never opens a file, starts a process or reads a clock: the client reports what it has seen, and step() answers
// with the next thing to do. `why` says how a settled session ended.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/status.hh"
#include "core/ticks.hh"
#include "core/verdict.hh"

namespace runwell {

// The pause before the next look or the next ./check: `first`, doubled each time, up to `longest`. No pause is planned
// by the default one: only an event causes a look.
struct rhythm {
    ticks first = 0, longest = 0;
};

// What a client wants, the same for all of its services.
struct session_rules {
    std::string_view bytes         = {};  // the command, for supervise/control; "": the client only waits
    goal             until         = goal::told;
    bool             waits         = true;   // else a session is settled as soon as the command has been given
    bool             needs_process = false;  // a service without a process fails
    bool             only_running  = false;  // a service that does not run is left alone
    bool             patient       = false;  // a service without a runsv is waited for until `deadline`,
    ticks            newcomer      = 0;      // … else for so long, from the beginning or from the exit of a runsv
    ticks            deadline      = 0;      // a command that is not obeyed by then is too late

    rhythm checks;         // from one ./check that does not agree to the next
    rhythm looks_absent;   // from look to look: while there is no runsv,
    rhythm looks_checked;  // … only ./check is missing,
    rhythm looks_watched;  // … changes of its status are heard,
    rhythm looks_blind;    // … and where they cannot be heard
};

enum class settlement : std::uint8_t {
    none,        // not settled
    done,        // the goal is reached
    given,       // the command has been given, and nothing is waited for
    left_alone,  // only_running
    no_process,  // needs_process
    absent,      // no runsv reads commands
    too_late,    // the deadline is over
    failed,      // the client has met an error
};

struct session {
    enum class stage : std::uint8_t { to_give, given, settled };
    enum class check : std::uint8_t { none, runs, agrees };

    stage      now     = stage::to_give;
    settlement why     = settlement::none;
    check      checks  = check::none;
    bool       watched = false;  // the client hears changes of the status

    status before;   // when the command was given
    status checked;  // when ./check was started

    ticks                newcomer_until = 0;  // a runsv may arrive until then
    ticks                pause          = 0;  // before the last planned look; 0: the rhythm begins again
    ticks                check_pause    = 0;
    std::optional<ticks> look_at;   // the next look, if one is planned
    std::optional<ticks> check_at;  // not before: ./check has not agreed
};

struct session_event {
    enum class kind : std::uint8_t {
        seen,           // a runsv supervises the service, and reports `now`
        absent,         // no runsv does, or the one that did has exited
        given,          // the bytes have been written
        not_given,      // … could not be: no runsv reads them
        check_started,  // ./check runs
        check_missing,  // there is none, or it cannot be run: nothing speaks against the service
        check_unknown,  // whether there is one cannot be known now
        check_agrees,   // it exited 0
        check_differs,  // it ended otherwise
        failed,         // the client cannot go on with this service
    };
    kind   what    = kind::seen;
    ticks  at      = 0;
    status now     = {};     // seen
    bool   heard   = true;   // seen: runsv had read all commands before it reported
    bool   at_rest = false;  // absent: no process of the service exists
};

// What the client does next for this service.
enum class session_action : std::uint8_t {
    wait,           // until something is heard, or until due()
    look,           // report `seen` or `absent`
    give,           // write the bytes, if there are any; report `given` or `not_given`
    ask_for_runsv,  // show runsvdir that a runsv is wanted, then wait
    run_check,      // start ./check; report check_started, check_missing or check_unknown
    settle,         // the session is over
};

// A session begins with a look, at the time `at`.
session        begin(const session_rules& rules, ticks at) noexcept;
session_action step(session& of, const session_rules& rules, const session_event& happened) noexcept;

// When the client looks again although it has heard nothing.
ticks due(const session& of, const session_rules& rules) noexcept;

// Something was heard of the service: the pauses between looks begin again with the shortest.
constexpr void stir(session& of) noexcept { of.pause = 0; }

constexpr bool is_settled(const session& of) noexcept { return of.now == session::stage::settled; }

}  // namespace runwell
