#include "core/session.hh"

#include <algorithm>

namespace runwell {
namespace {

using stage  = session::stage;
using check  = session::check;
using kind   = session_event::kind;
using action = session_action;

bool runs(const status& of) noexcept { return of.pid != 0 && of.now == phase::run; }

ticks next_pause(ticks last, const rhythm& by) noexcept {
    return last == 0 ? by.first : std::min(2 * last, by.longest);
}

action settle(session& s, settlement why) noexcept {
    s.now = stage::settled;
    s.why = why;
    return action::settle;
}

// To be gone is what some commands are for.
action settle_absent(session& s, const session_rules& rules) noexcept {
    return settle(s, rules.until == goal::gone ? settlement::done : settlement::absent);
}

void plan_look(session& s, const rhythm& by, ticks at) noexcept {
    s.look_at.reset();
    if (by.first == 0) return;
    s.pause   = next_pause(s.pause, by);
    s.look_at = at + s.pause;
}

action wait(session& s, const session_rules& rules, const rhythm& by, ticks at) noexcept {
    if (at >= rules.deadline) return settle(s, settlement::too_late);
    plan_look(s, by, at);
    return action::wait;
}

bool may_arrive(const session& s, const session_rules& rules, ticks at) noexcept {
    return at < rules.deadline && (rules.patient || at < s.newcomer_until);
}

action await(session& s, const session_rules& rules, ticks at) noexcept {
    plan_look(s, rules.looks_absent, at);
    return action::ask_for_runsv;
}

action seen_to_give(session& s, const session_rules& rules, const session_event& e) noexcept {
    s.before = e.now;
    if (rules.needs_process && !runs(e.now)) return settle(s, settlement::no_process);
    if (rules.only_running && !runs(e.now)) return settle(s, settlement::left_alone);
    return action::give;
}

// Without a runsv the command is tried all the same where none is waited for: the error says what is missing.
action absent_to_give(session& s, const session_rules& rules, ticks at) noexcept {
    if (may_arrive(s, rules, at)) return await(s, rules, at);
    return rules.patient ? settle(s, settlement::too_late) : action::give;
}

// The runsv that was given the command has exited: the next one is given it again.
action lost(session& s, const session_rules& rules, ticks at) noexcept {
    if (!rules.patient && rules.newcomer == 0) return settle_absent(s, rules);
    s.now            = stage::to_give;
    s.newcomer_until = at + rules.newcomer;
    s.pause          = 0;
    return action::look;
}

action absent(session& s, const session_rules& rules, const session_event& e) noexcept {
    if (rules.patient && rules.until == goal::down && e.at_rest) return settle(s, settlement::done);
    return s.now == stage::to_give ? absent_to_give(s, rules, e.at) : lost(s, rules, e.at);
}

// A client that only waits for a service to be up does not mind that it is to run once.
verdict judge(const session& s, const session_rules& rules, const session_event& e) noexcept {
    if (rules.until == goal::up && rules.bytes.empty() && runs(e.now)) return verdict::done_if_checked;
    return judge(rules.until, s.before, e.now, e.heard);
}

// An answer of ./check counts for the status that it was started with.
action seek_agreement(session& s, const session_rules& rules, const session_event& e) noexcept {
    const bool is_same = s.checked == e.now;
    if (s.checks == check::agrees && is_same) return settle(s, settlement::done);
    if (s.checks == check::runs || (s.check_at && is_same)) return wait(s, rules, rules.looks_checked, e.at);
    s.check_at.reset();
    s.checks  = check::none;
    s.checked = e.now;
    return action::run_check;
}

action seen(session& s, const session_rules& rules, const session_event& e) noexcept {
    if (s.now == stage::to_give) return seen_to_give(s, rules, e);
    switch (judge(s, rules, e)) {
        case verdict::done: return settle(s, settlement::done);
        case verdict::done_if_checked: return seek_agreement(s, rules, e);
        case verdict::not_yet: break;
    }
    return wait(s, rules, s.watched ? rules.looks_watched : rules.looks_blind, e.at);
}

action given(session& s, const session_rules& rules) noexcept {
    if (!rules.waits) return settle(s, settlement::given);
    s.now = stage::given;
    return action::look;  // the service may be in that state already, and then no event is ever heard
}

action check_differs(session& s, const session_rules& rules, ticks at) noexcept {
    s.checks      = check::none;
    s.check_pause = next_pause(s.check_pause, rules.checks);
    s.check_at    = at + s.check_pause;
    return action::wait;
}

}  // namespace

session begin(const session_rules& rules, ticks at) noexcept {
    session made;
    made.newcomer_until = at + rules.newcomer;
    return made;
}

session_action step(session& of, const session_rules& rules, const session_event& happened) noexcept {
    if (is_settled(of)) return action::settle;
    if (of.check_at && happened.at >= *of.check_at) of.check_at.reset();
    switch (happened.what) {
        case kind::seen: return seen(of, rules, happened);
        case kind::absent: return absent(of, rules, happened);
        case kind::given: return given(of, rules);
        case kind::not_given:
            return may_arrive(of, rules, happened.at) ? await(of, rules, happened.at) : settle_absent(of, rules);
        case kind::check_started: of.checks = check::runs; [[fallthrough]];
        case kind::check_unknown: return wait(of, rules, rules.looks_checked, happened.at);
        case kind::check_missing: return settle(of, settlement::done);
        case kind::check_agrees: of.checks = check::agrees; return action::look;
        case kind::check_differs: return check_differs(of, rules, happened.at);
        case kind::failed: return settle(of, settlement::failed);
    }
    return action::wait;
}

ticks due(const session& of, const session_rules& rules) noexcept {
    ticks next = rules.deadline;
    if (of.look_at) next = std::min(next, *of.look_at);
    if (of.check_at) next = std::min(next, *of.check_at);
    return next;
}

}  // namespace runwell
