// stages_world.hh — what must hold of a machine after any event of any story.
//
// The explorer of stages.cc tries every story, the fuzzer fuzz_stages.cc long and odd ones.
#pragma once

#include <algorithm>
#include <csignal>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/stages.hh"
#include "must.hh"

namespace runwell::of_machine {

using activity = system_state::activity;
using script   = system_state::script;
using kind     = system_event::kind;
using action   = system_action::kind;

constexpr int exited(int code) { return code << 8; }
constexpr int killed = SIGKILL;

// What exists, as the deeds have made it.
struct reality {
    bool stage = false, script = false, end = false;
    int  last_stage = 0;
    bool killed_all = false;
    bool left       = false;
};

inline constexpr std::string_view stage_files[] = {path::stage_1, path::stage_2, path::stage_3};

struct world {
    system_state s;
    reality      is;
};

inline auto key(const world& w) {
    const system_state& s = w.s;
    return std::tuple{s.is_machine,
                      s.stage,
                      s.now,
                      s.due,
                      s.entered,
                      s.beside,
                      s.script_alive,
                      s.script_due,
                      s.interrupted,
                      s.power_failed,
                      s.over.value_or(-1),
                      s.how,
                      s.end_alive,
                      s.keep_dirty,
                      w.is.stage,
                      w.is.script,
                      w.is.end,
                      w.is.last_stage,
                      w.is.killed_all,
                      w.is.left};
}

// Times are relative to now, so that there are finitely many states.
inline ticks relative(ticks due, ticks now) { return std::max<ticks>(due - now, 0); }

inline void check(const world& w) {
    const system_state& s = w.s;
    must(w.is.stage == (s.now == activity::running || s.now == activity::stopping || s.now == activity::killed),
         "w.is.stage == (s.now == activity::running || s.now == activity::stopping || s.now == activity::killed)");
    must(w.is.script == s.script_alive, "w.is.script == s.script_alive");
    must(w.is.end == s.end_alive, "w.is.end == s.end_alive");
    must(!s.script_alive || s.beside != script::none, "!s.script_alive || s.beside != script::none");
    must(!s.over || s.beside != script::none, "what is remembered is remembered for the script");
    must(w.is.killed_all == (s.now == activity::ending || s.now == activity::at_rest),
         "w.is.killed_all == (s.now == activity::ending || s.now == activity::at_rest)");
    const bool something_will_happen = w.is.stage || w.is.script || w.is.end || next_tick(s);
    must(something_will_happen || s.now == activity::at_rest, "nothing may hang");
    must(w.is.left == (s.now == activity::at_rest && !s.is_machine),
         "w.is.left == (s.now == activity::at_rest && !s.is_machine)");
}

inline world after(world w, system_event e) {
    switch (e.what) {
        case kind::stage_ended:
        case kind::stage_not_started: w.is.stage = false; break;
        case kind::script_ended:
        case kind::script_not_started: w.is.script = false; break;
        case kind::end_ended:
        case kind::end_not_started: w.is.end = false; break;
        default: break;
    }
    system_actions list;
    step(w.s, e, list);
    must(list.size() < 12U, "the list is long enough");
    for (const system_action& one : list) {
        switch (one.what) {
            case action::start_stage:
                must(!w.is.stage, "one stage at a time");
                must(!w.is.killed_all, "!w.is.killed_all");
                must(w.s.stage >= w.is.last_stage, "never back");
                must(one.subject == stage_files[static_cast<std::size_t>(w.s.stage - 1)],
                     "one.subject == stage_files[static_cast<std::size_t>(w.s.stage - 1)]");
                w.is.stage      = true;
                w.is.last_stage = w.s.stage;
                break;
            case action::start_script:
                must(!w.is.script, "!w.is.script");
                must(w.s.stage == 2, "w.s.stage == 2");
                w.is.script = true;
                break;
            case action::signal_stage: must(w.is.stage, "w.is.stage"); break;
            case action::kill_all:
                must(!w.is.stage, "!w.is.stage");
                must(w.is.last_stage == 3, "stage 3 is never skipped");
                w.is.killed_all = true;
                break;
            case action::end:
                must(w.is.killed_all, "w.is.killed_all");
                must(!w.is.end, "!w.is.end");
                w.is.end = true;
                break;
            case action::leave: w.is.left = true; break;
            default: break;
        }
    }
    w.s.due        = relative(w.s.due, e.at);
    w.s.script_due = relative(w.s.script_due, e.at);
    if (!next_tick(w.s) || w.s.now == activity::running) w.s.due = 0;  // it is not looked at
    if (w.s.beside == script::none || w.s.script_alive) w.s.script_due = 0;
    return w;
}

inline std::vector<system_event> events_of(const world& w) {
    std::vector<system_event> events;
    const auto                add = [&](system_event e) {
        for (int bits = 0; bits < 8; ++bits) {
            e.files = {.stopit = (bits & 1) != 0, .ctrlaltdel = (bits & 2) != 0, .pwrfail = (bits & 4) != 0};
            events.push_back(e);
        }
    };
    if (w.is.left) return {};
    add({.what = kind::tick});
    if (const auto due = next_tick(w.s)) add({.what = kind::tick, .at = *due});
    for (const kind signal : {kind::cont, kind::interrupt, kind::power, kind::alarm}) add({.what = signal});
    if (w.is.stage) {
        for (const int status : {exited(0), exited(1), exited(100), exited(111), killed})
            add({.what = kind::stage_ended, .status = status});
        if (w.s.now == activity::running) add({.what = kind::stage_not_started});
    }
    if (w.is.script) {
        add({.what = kind::script_ended});
        add({.what = kind::script_ended, .status = killed});
        add({.what = kind::script_not_started});
    }
    if (w.is.end) {
        add({.what = kind::end_ended});
        add({.what = kind::end_not_started});
    }
    return events;
}

// However it stands: when every process ends and time passes, the machine comes to its end.
inline void check_that_it_ends(world w) {
    for (int steps = 0; steps < 30; ++steps) {
        if (w.s.now == activity::at_rest) return;
        if (w.is.script)
            w = after(w, {.what = kind::script_ended});
        else if (w.is.stage)
            w = after(w, {.what = kind::stage_ended});
        else if (w.is.end)
            w = after(w, {.what = kind::end_ended});
        else
            w = after(w, {.what = kind::tick, .at = next_tick(w.s).value_or(0)});
    }
    must(false, "it comes to its end");
}

}  // namespace runwell::of_machine
