// stop.hh — how a stop ends, whatever the service does.
//
//     d, x, t: down-signal ──▶ ./run ends ─────────────▶ the rest ends ─────────────────▶ ./finish ends ──▶ down
//                   │                          │ contain: TERM  │                          │
//                   └── timeout-kill: KILL ────┴────────────────┴──▶ KILL, all of it       └── timeout-finish: KILL
//
//     control/t, control/d …     timeout-finish: KILL, and its command is carried out as if it had failed
//
// The rest: what ./run has started and left behind, where the file `contain` is beside it. One timeout-kill is for
// ./run and the rest together: it counts from the down-signal, or from the end of a ./run that ended by itself.
//
// core/service.cc composes this with the life of a service: it calls one of these functions where a limit begins or
// ends. Without the files of core/value_files.hh every limit is `never`, and nothing is ever due.
//
// Source of the names and their meaning: s6-supervise's servicedir page.
#pragma once

#include <csignal>
#include <optional>

#include "core/fixed.hh"
#include "core/ticks.hh"

namespace runwell {

inline constexpr ticks never = 0;

// What the files beside ./run say.
struct stop_rules {
    int   down_signal    = SIGTERM;
    int   reload_signal  = SIGHUP;
    ticks timeout_kill   = never;
    ticks timeout_finish = never;
    bool  contain        = false;

    friend constexpr bool operator==(const stop_rules&, const stop_rules&) = default;
};

// How long the rest of a contained service has where timeout-kill does not say it.
inline constexpr ticks usual_timeout_of_rest = 5 * one_second;

// Where a service is on its way down.
struct escalation {
    ticks kill_at   = never;  // ./run, or the rest, is killed
    ticks finish_at = never;  // ./finish is
    ticks script_at = never;  // the control script is
    bool  by_force  = false;  // the time of kill_at has come, or a user has sent `k` to the rest
    bool  rest      = false;  // ./run has ended, and what it has left has not

    friend constexpr bool operator==(const escalation&, const escalation&) = default;
};

// An action that has become due. The program looks up the receivers.
enum class stop_action : std::uint8_t { kill_process, kill_script, term_rest, kill_rest };
using stop_actions = fixed_list<stop_action, 3>;

constexpr ticks limit(ticks at, ticks timeout) noexcept { return timeout == never ? never : at + timeout; }

// The down-signal goes to ./run now, or control/t has done that. A second one changes nothing.
constexpr void begin_stop(escalation& of, const stop_rules& rules, ticks at) noexcept {
    if (of.kill_at == never && !of.by_force) of.kill_at = limit(at, rules.timeout_kill);
}
constexpr void begin_finish(escalation& of, const stop_rules& rules, ticks at) noexcept {
    of.finish_at = limit(at, rules.timeout_finish);
}
constexpr void begin_script(escalation& of, const stop_rules& rules, ticks at) noexcept {
    of.script_at = limit(at, rules.timeout_finish);
}

// ./run has ended and left processes behind.
constexpr stop_action begin_rest(escalation& of, const stop_rules& rules, ticks at) noexcept {
    of.rest = true;
    if (of.by_force) return stop_action::kill_rest;
    if (of.kill_at == never)
        of.kill_at = at + (rules.timeout_kill == never ? usual_timeout_of_rest : rules.timeout_kill);
    return stop_action::term_rest;
}

// What the time has come for, each once.
stop_actions due(escalation& of, ticks at) noexcept;

// When the next of it is, if ever.
std::optional<ticks> next_deadline(const escalation& of) noexcept;

}  // namespace runwell
