// pair_world.hh — what must hold of a service and its logger after any event of any story.
//
// The explorer of pair.cc tries every story, the fuzzer fuzz_service.cc long and odd ones. Both say what a broken
// promise is to them: must().
#pragma once

#include <csignal>
#include <tuple>
#include <utility>

#include "core/pair.hh"

namespace runwell {

// The including file defines this: it reports a failure if `holds` is false.
void must(bool holds, const char* promise);

inline constexpr ticks begin_at = 1000 * one_second;  // the present; what passes makes the past older

// What the supervisor itself must keep: how many processes there are, and whether the logger's input has ended.
struct world {
    pair p;
    int  runs[2] = {0, 0};  // processes of ./run and ./finish
    int  scripts = 0;
    bool input   = true;  // the logger's input is open
    bool left    = false;
    bool killed[2]{};  // the process has been sent KILL

    bool essential = false;  // a container lives for the service
    bool told      = false;  // and PID 1 knows that it has exited

    stop_rules rules;                  // what the files beside ./run say
    bool       rest          = false;  // a contained ./run has left processes behind
    bool       finish_killed = false, script_killed = false, rest_killed = false;

    const service& part(member who) const { return who == member::main ? p.main : p.log; }

    // Two worlds with the same key have the same future, but for a logger that was killed: as a service of its own it
    // is explored enough.
    auto key() const {
        const auto of = [](const service& s) {
            const auto ahead    = [](ticks t) { return t == never ? never : (t - begin_at) / (one_second / 2); };
            const auto relative = [](ticks t) { return t > begin_at ? 1 : t > begin_at - one_second ? 0 : -1; };
            return std::tuple{s.now,
                              s.wanted,
                              s.alive,
                              s.paused,
                              s.got_term,
                              s.owed,
                              s.held,
                              s.script,
                              s.wait_status,
                              relative(s.not_before),
                              relative(s.started),
                              ahead(s.stop.kill_at),
                              ahead(s.stop.finish_at),
                              ahead(s.stop.script_at),
                              s.stop.by_force};
        };
        const bool free = rules == stop_rules{};  // of every limit: a KILL decides nothing
        return std::tuple{of(p.main),
                          of(p.log),
                          p.has_log,
                          p.draining,
                          p.unread,
                          input,
                          left,
                          essential,
                          told,
                          rules.timeout_kill,
                          rules.timeout_finish,
                          rules.contain,
                          rest,
                          !free && finish_killed,
                          !free && script_killed,
                          rest_killed,
                          p.main.killed};
    }
};

// Does what the step asks for, as far as a world without processes can.
inline void carry_out(world& w, const member_action& t) {
    using action = service_action::kind;
    int& runs    = w.runs[static_cast<int>(t.who)];
    switch (t.what.what) {
        case action::start_run:
        case action::start_finish:
            must(runs == 0, "no second copy");
            must(t.who == member::log || !w.p.draining, "no service while its logger drains");
            must(t.who == member::log || !w.rest, "nothing starts beside what ./run has left");
            ++runs;
            w.finish_killed = false;
            if (t.who == member::log && !w.p.draining) w.input = true;
            return;
        case action::send:
            must(runs == 1, "a signal has a receiver");
            must(t.what.signal == SIGKILL || w.part(t.who).now == phase::run, "./finish gets no other signal");
            if (t.what.signal == SIGKILL)
                (w.part(t.who).now == phase::finish ? w.finish_killed : w.killed[static_cast<int>(t.who)]) = true;
            return;
        case action::kill_script:
            must(w.scripts == 1, "a script is killed that runs");
            w.script_killed = true;
            return;
        case action::send_rest:
            must(w.rest, "what is left gets a signal while it lives");
            if (t.what.signal == SIGKILL) w.rest_killed = true;
            return;
        case action::run_script:
            must(w.scripts == 0, "one script at a time");
            must(t.who == member::main, "a logger has no scripts");
            ++w.scripts;
            w.script_killed = false;
            return;
        case action::end_input:
            must(w.runs[0] == 0, "the logger's input ends after the service");
            w.input = false;
            return;
        case action::end_container:
            must(w.essential && t.who == member::main, "a container ends for an essential service");
            must(!w.told, "its end is told once");
            w.told = true;
            return;
        case action::leave:
            must(w.runs[0] + w.runs[1] + w.scripts == 0, "nothing is left behind");
            must(w.p.main.wanted == want::exit, "it leaves when it is asked to");
            w.left = true;
            return;
    }
}

// One event, with every invariant that must hold after it, whatever the story.
inline world happens(world w, member who, event e) {
    e.at        = begin_at;
    e.essential = w.essential && who == member::main;
    if (who == member::main) e.rules = w.rules;
    const bool before = gone(w.p.main);
    if (!before) w.told = false;
    for (const member_action& t : step(w.p, who, e)) carry_out(w, t);

    for (const member each : {member::main, member::log}) {
        const service& s = w.part(each);
        must(s.alive == (w.runs[static_cast<int>(each)] == 1), "status does not lie");
        must(s.now != phase::run || s.alive, "run has a process");
        must(s.now != phase::down || !s.alive, "down has none");
        must(!s.got_term || s.alive, "a signal was got by somebody");
        must(!s.paused || s.alive, "somebody is paused");
        must(s.killed == w.killed[static_cast<int>(each)], "a ./run that was sent KILL is known to end");
    }
    must(w.rest == w.p.main.stop.rest && (!w.rest || w.p.main.now == phase::finish), "never down while the rest lives");
    if (e.what == event::kind::tick) {
        const auto next = next_deadline(w.part(who).stop);
        must(!next || *next > begin_at, "what is due is killed");
    }
    const bool once = e.what == event::kind::command && e.order.what == command::once;
    must(!once || w.part(who).owed || (w.part(who).now == phase::run && !w.part(who).killed),
         "once has a ./run that is not about to end, or is owed one");
    must(w.told || !w.essential || before || !gone(w.p.main), "the end of an essential service is told");
    must(!start_is_due(w.part(who)) || w.part(who).not_before > begin_at, "what is due is started");
    must(busy(w.p.main) == (w.scripts == 1), "busy while a script runs");
    must(!busy(w.p.log), "a logger is never busy");
    const bool over = w.p.main.wanted == want::exit && at_rest(w.p.main) && (!w.p.has_log || at_rest(w.p.log));
    must(!over || w.left, "when all is down and exit is wanted, it leaves");
    return w;
}

inline world begins(bool has_log, want main, want log, bool essential, const stop_rules& rules = {}) {
    world w;
    w.rules         = rules;
    w.essential     = essential;
    w.p.has_log     = has_log;
    w.p.main.wanted = main;
    w.p.log.wanted  = log;
    if (has_log) w = happens(w, member::log, {});
    return happens(w, member::main, {});
}

inline world later(world w, ticks passed = one_second) {
    for (service* s : {&w.p.main, &w.p.log}) {
        s->started -= passed;
        s->not_before -= passed;
        for (ticks* each : {&s->stop.kill_at, &s->stop.finish_at, &s->stop.script_at})
            if (*each != never) *each -= passed;
    }
    if (w.p.has_log) w = happens(w, member::log, {});
    return happens(w, member::main, {});
}

// What the world may answer. Each only where it can happen.
inline world ends(world w, member who, int status, bool has_finish, std::size_t unread = 0) {
    --w.runs[static_cast<int>(who)];
    w.killed[static_cast<int>(who)] = false;
    return happens(w, who, {.what = event::kind::ended, .status = status, .has_finish = has_finish, .unread = unread});
}
inline world leaves_a_rest(world w, int status) {
    --w.runs[0];
    w.killed[0]   = false;
    w.rest        = true;
    w.rest_killed = false;
    return happens(w, member::main, {.what = event::kind::ended, .status = status, .has_rest = true});
}
inline world rest_ends(world w, bool has_finish) {
    w.rest = false;
    return happens(w, member::main, {.what = event::kind::rest_ended, .has_finish = has_finish});
}
inline world fails_to_start(world w, member who) {
    --w.runs[static_cast<int>(who)];
    w.killed[static_cast<int>(who)] = false;
    return happens(w, who, {.what = event::kind::could_not_start});
}
inline world script_ends(world w, bool handled) {
    --w.scripts;
    return happens(w, member::main, {.what = event::kind::script_ended, .handled = handled});
}

// A story without further commands, in which every process ends: does it come to rest where it should?
inline void must_have_a_way_out(world w) {
    const bool exits = w.p.main.wanted == want::exit;
    for (int steps = 0; steps < 50 && !w.left; ++steps) {
        const service &main = w.p.main, &log = w.p.log;
        if (w.rest)
            w = rest_ends(w, false);
        else if (busy(main))
            w = script_ends(w, false);
        else if (main.alive && (main.wanted != want::up || main.now == phase::finish))
            w = ends(w, member::main, 0, false);
        else if (log.alive && (log.wanted != want::up || !w.input))
            w = ends(w, member::log, 0, false);
        else
            w = later(w);
    }
    must(w.left == exits, "it leaves if exit is wanted, and only then");
    if (exits) return;
    must((w.p.main.wanted == want::up) == (w.p.main.now == phase::run), "what is wanted comes about");
    must(!w.p.draining, "a drain comes to an end");
}

// A story in which nothing of the service ends but by KILL: with a limit for each part, it is down in that time.
inline void must_end_by_force(world w) {
    const bool has_limits = w.rules.timeout_kill != never && w.rules.timeout_finish != never;
    if (!has_limits || w.left || w.p.main.wanted == want::up) return;
    for (int halves = 0; halves < 40 && !w.left && (w.p.main.now != phase::down || busy(w.p.main)); ++halves) {
        const service& main   = w.p.main;
        const bool     a_once = main.now == phase::run && main.stop.kill_at == never && !main.stop.by_force;
        if (!busy(main) && a_once && !w.killed[0])
            w = happens(w, member::main, {.what = event::kind::command, .order = *command_of('d')});
        else if (busy(main) && w.script_killed)
            w = script_ends(w, false);
        else if (w.rest && w.rest_killed)
            w = rest_ends(w, true);
        else if (main.alive && w.killed[0] && w.rules.contain)
            w = leaves_a_rest(w, SIGKILL);
        else if (main.alive && (w.killed[0] || w.finish_killed))
            w = ends(w, member::main, SIGKILL, main.now == phase::run);
        else
            w = later(w, one_second / 2);
    }
    must(w.left || (w.p.main.now == phase::down && !busy(w.p.main)), "a stop with limits comes to its end");
}

}  // namespace runwell
