#include "core/service.hh"

#include "core/essential.hh"

namespace runwell {
namespace {

using action = service_action::kind;

constexpr bool running(const service& s) noexcept { return s.now == phase::run && s.alive; }

void send(service& s, int signal, service_actions& list) noexcept {
    if (!running(s)) return;
    list.push({.what = action::send, .signal = signal});
    s.killed = s.killed || signal == SIGKILL;
}

// ./run or ./finish.
void kill(service& s, service_actions& list) noexcept {
    if (running(s)) return send(s, SIGKILL, list);
    if (s.alive) list.push({.what = action::send, .signal = SIGKILL});
}

void begin_run(service& s, const event& e, service_actions& list) noexcept {
    s.now      = phase::run;
    s.alive    = true;
    s.owed     = false;
    s.paused   = false;
    s.got_term = false;
    s.killed   = false;
    s.stop     = {};
    s.started  = e.at;
    s.since    = e.wall;
    list.push({.what = action::start_run});
}

void ask_script(service& s, char letter, const event& e, service_actions& list) noexcept;

// control/`letter` has answered: do what its command does, unless it has `handled` that.
void after_script(service& s, char letter, bool handled, const event& e, service_actions& list) noexcept {
    switch (letter) {
        case 'u':
            if (!s.blocked) return begin_run(s, e, list);
            s.owed = s.owed || s.wanted != want::up;
            return;
        case 't':
            if (running(s)) begin_stop(s.stop, e.rules, e.at);
            if (!handled && running(s)) {
                send(s, e.rules.down_signal, list);
                s.got_term = true;
            }
            if (s.wanted == want::up) return;
            send(s, SIGCONT, list);  // control/c is not asked: runsv(8), CUSTOMIZE CONTROL
            s.paused = false;
            return ask_script(s, s.wanted == want::exit ? 'x' : 'd', e, list);
        case 'd':
        case 'x': return;  // asked last, and whatever it answers
        case 'p': s.paused = running(s); break;
        case 'c': s.paused = false; break;
        default: break;
    }
    if (letter == 'k' && !handled && running(s)) s.stop.by_force = e.rules.contain;  // and so is what it leaves behind
    const auto row = command_of(letter);
    if (!handled && row) send(s, letter == 'h' ? e.rules.reload_signal : row->signal, list);
}

void ask_script(service& s, char letter, const event& e, service_actions& list) noexcept {
    if (s.is_log) return after_script(s, letter, false, e, list);
    s.script = letter;
    begin_script(s.stop, e.rules, e.at);
    list.push({.what = action::run_script, .script = letter});
}

// Unlike runit, whose `k` reaches ./run alone: a ./finish that hangs would keep the service from ending for ever.
void kill_what_is_left(service& s, service_actions& list) noexcept {
    if (s.now != phase::finish) return;
    kill(s, list);
    if (!s.stop.rest) return;
    s.stop.by_force = true;
    list.push({.what = action::send_rest, .signal = SIGKILL});
}

void obey(service& s, const event& e, service_actions& list) noexcept {
    switch (e.order.what) {
        case command::up: s.wanted = want::up; return;
        case command::once:
            s.wanted = want::down;
            s.owed   = s.now != phase::run || s.killed;  // as runit, which mostly reaps it before it reads on
            return;
        case command::exit:
            if (s.is_log) return;
            [[fallthrough]];
        case command::down:
            s.wanted = e.order.what == command::exit ? want::exit : want::down;
            s.owed   = false;
            if (running(s)) ask_script(s, 't', e, list);
            return;
        case command::kill: kill_what_is_left(s, list); [[fallthrough]];
        case command::term:
        case command::pause:
        case command::cont:
        case command::hup:
        case command::alarm:
        case command::interrupt:
        case command::quit:
        case command::usr1:
        case command::usr2:
            if (running(s)) ask_script(s, e.order.letter, e, list);
            return;
    }
}

void lose_process(service& s) noexcept {
    s.alive    = false;
    s.paused   = false;
    s.got_term = false;
    s.killed   = false;
}

void finish(service& s) noexcept {
    s.now  = phase::finish;
    s.stop = {.script_at = s.stop.script_at};
}

void go_down(service& s, const event& e) noexcept {
    s.now        = phase::down;
    s.since      = e.wall;
    s.not_before = s.started + one_second;
    s.stop       = {.script_at = s.stop.script_at};
}

void end(service& s, const event& e, service_actions& list) noexcept {
    const bool is_last = e.essential && s.now == phase::run && has_crashed(e.status, s.got_term);
    if (is_last && s.wanted == want::up) s.wanted = want::down;
    lose_process(s);
    if (s.now == phase::run) {
        s.wait_status = e.status;
        if (e.has_rest && !s.is_log) {
            s.now           = phase::finish;
            const auto what = begin_rest(s.stop, e.rules, e.at);
            list.push({.what = action::send_rest, .signal = what == stop_action::kill_rest ? SIGKILL : SIGTERM});
            return;
        }
        if (e.has_finish && !s.is_log) return finish(s);
    }
    go_down(s, e);
}

void end_rest(service& s, const event& e) noexcept {
    if (!s.stop.rest) return;
    if (e.has_finish) return finish(s);
    go_down(s, e);
}

void start_failed(service& s, const event& e) noexcept {
    lose_process(s);
    s.stop       = {.script_at = s.stop.script_at};
    s.not_before = e.at + one_second;
    if (s.now != phase::run) return;  // ./finish stays due
    s.now   = phase::down;
    s.since = e.wall;
    s.owed  = s.wanted != want::up || s.held;
}

void start_what_is_due(service& s, const event& e, service_actions& list) noexcept {
    if (!start_is_due(s) || e.at < s.not_before) return;
    if (s.now == phase::finish) {
        s.alive = true;
        begin_finish(s.stop, e.rules, e.at);
        list.push({.what = action::start_finish});
        return;
    }
    ask_script(s, 'u', e, list);
}

void do_what_is_due(service& s, const event& e, service_actions& list) noexcept {
    for (const stop_action what : due(s.stop, e.at)) switch (what) {
            case stop_action::kill_process: kill(s, list); break;
            case stop_action::kill_script: list.push({.what = action::kill_script}); break;
            case stop_action::term_rest: list.push({.what = action::send_rest, .signal = SIGTERM}); break;
            case stop_action::kill_rest: list.push({.what = action::send_rest, .signal = SIGKILL}); break;
        }
}

}  // namespace

void step(service& of, const event& happened, service_actions& list) noexcept {
    const bool was_gone = gone(of);
    switch (happened.what) {
        case event::kind::tick: do_what_is_due(of, happened, list); break;
        case event::kind::command: obey(of, happened, list); break;
        case event::kind::ended: end(of, happened, list); break;
        case event::kind::script_ended: {
            const char letter = of.script;
            of.script         = '\0';
            of.stop.script_at = never;
            after_script(of, letter, happened.handled, happened, list);
            break;
        }
        case event::kind::could_not_start: start_failed(of, happened); break;
        case event::kind::rest_ended: end_rest(of, happened); break;
    }
    start_what_is_due(of, happened, list);
    if (happened.essential && !was_gone && gone(of)) list.push({.what = action::end_container});
}

}  // namespace runwell
