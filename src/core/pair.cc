#include "core/pair.hh"

namespace runwell {
namespace {

service& part(pair& p, member who) noexcept { return who == member::main ? p.main : p.log; }

void step_one(pair& p, member who, const event& e, member_actions& actions) noexcept {
    service_actions list;
    step(part(p, who), e, list);
    for (const service_action& what : list) actions.push({who, what});
}

bool may_be_killed(int status) noexcept { return status == unknown_status || WIFSIGNALED(status); }

// A logger that has not read what is in the pipe is owed one more start.
void let_it_read(pair& p, const event& e, member_actions& actions) noexcept {
    p.log.owed = true;
    step_one(p, member::log, {.at = e.at, .wall = e.wall}, actions);
}

// Whether a logger that drains has ended before its time. One that exits without reading is not started for ever.
bool has_left_a_rest(pair& p, const event& e) noexcept {
    if (e.what != event::kind::ended || p.log.wanted != want::exit) return false;
    const bool reads_on = e.unread != 0 && (p.unread == 0 || e.unread < p.unread);
    p.unread            = e.unread;
    return reads_on || may_be_killed(e.status);
}

void drain(pair& p, const event& e, member_actions& actions) noexcept {
    p.draining   = true;
    p.main.held  = true;
    p.log.held   = true;
    p.log.wanted = want::exit;
    actions.push({member::log, {.what = service_action::kind::end_input}});
    if (!p.log.alive) let_it_read(p, e, actions);
}

void begin_again(pair& p, const event& e, member_actions& actions) noexcept {
    p.draining   = false;
    p.unread     = 0;
    p.main.held  = false;
    p.log.held   = false;
    p.log.wanted = want::up;
    const event tick{.at = e.at, .wall = e.wall};
    step_one(p, member::log, tick, actions);
    step_one(p, member::main, tick, actions);
}

}  // namespace

member_actions step(pair& of, member who, const event& happened) noexcept {
    member_actions actions;
    step_one(of, who, happened, actions);

    if (of.draining && at_rest(of.log)) {
        if (who == member::log && has_left_a_rest(of, happened))
            let_it_read(of, happened, actions);
        else if (of.main.wanted == want::exit)
            actions.push({member::main, {.what = service_action::kind::leave}});
        else
            begin_again(of, happened, actions);
    } else if (!of.draining && of.main.wanted == want::exit && at_rest(of.main)) {
        const bool somebody_reads = of.has_log && (of.log.alive || of.log.wanted == want::up);
        if (somebody_reads)
            drain(of, happened, actions);
        else
            actions.push({member::main, {.what = service_action::kind::leave}});
    }
    return actions;
}

std::optional<ticks> next_tick(const pair& of) noexcept {
    std::optional<ticks> next;
    const auto           consider = [&](const service& s) {
        if (start_is_due(s) && (!next || s.not_before < *next)) next = s.not_before;
        const auto stop = next_deadline(s.stop);
        if (stop && (!next || *stop < *next)) next = stop;
    };
    consider(of.main);
    if (of.has_log) consider(of.log);
    return next;
}

}  // namespace runwell
