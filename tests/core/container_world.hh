// container_world.hh — what must hold of a container after any event of any story.
//
// The explorer of container.cc tries every story, the fuzzer fuzz_stages.cc long and odd ones.
#pragma once

#include <algorithm>
#include <csignal>
#include <tuple>
#include <vector>

#include "core/container.hh"
#include "must.hh"

namespace runwell::of_container {

using stage  = container_state::stage;
using kind   = container_event::kind;
using action = container_action::kind;

constexpr int exited(int code) { return code << 8; }

// What exists, as the deeds have made it.
struct reality {
    bool step = false, services = false, command = false, left = false;
    bool told_to_stop = false;  // services and command

    friend auto operator<=>(const reality&, const reality&) = default;
};
struct world {
    container_state s;
    reality         is;
};

inline auto key(const world& w) {
    const container_state& s = w.s;
    return std::tuple{s.has_command,     s.now,  s.step_alive, s.services_alive, s.command_alive,  s.asked,
                      s.out_of_patience, s.code, s.limit,      s.step_again,     s.services_again, s.command_again,
                      s.settled,         s.end,  w.is};
}

inline void check(const world& w) {
    const container_state& s = w.s;
    must(w.is.step == s.step_alive, "w.is.step == s.step_alive");
    must(w.is.services == s.services_alive, "w.is.services == s.services_alive");
    must(w.is.command == s.command_alive, "w.is.command == s.command_alive");
    must(w.is.left == (s.now == stage::gone), "w.is.left == (s.now == stage::gone)");
    must(w.is.left || w.is.step || w.is.services || w.is.command || next_tick(s), "nothing may hang");
    must(s.now <= stage::serving || w.is.left || s.limit || w.is.step, "every part of a stop has its time");
    must(s.now == stage::serving || (!s.services_again && !s.command_again), "nothing starts during a stop");
    must(!s.asked || !s.limit || *s.limit <= s.end + 3 * one_second / 2, "the whole has its time");
    if (s.code != 0) {
        must(s.settled, "s.settled");
    }
}

inline world after(world w, container_event e) {
    switch (e.what) {
        case kind::step_ended:
        case kind::no_step:
        case kind::step_not_started: w.is.step = false; break;
        case kind::services_ended:
        case kind::services_not_started: w.is.services = false; break;
        case kind::command_ended:
        case kind::command_not_started: w.is.command = false; break;
        default: break;
    }
    container_actions list;
    step(w.s, e, list);
    must(list.size() < 12U, "the list is long enough");
    for (const container_action& one : list) {
        must(!w.is.left, "nothing comes after the exit");
        switch (one.what) {
            case action::run_step:
                must(!w.is.step, "!w.is.step");
                w.is.step = true;
                break;
            case action::start_services:
                must(!w.is.services, "!w.is.services");
                must(!w.s.asked, "!w.s.asked");
                w.is.services = true;
                break;
            case action::start_command:
                must(!w.is.command, "!w.is.command");
                must(!w.s.asked, "!w.s.asked");
                w.is.command = true;
                break;
            case action::signal_step: must(w.is.step, "w.is.step"); break;
            case action::signal_services: must(w.is.services, "w.is.services"); break;
            case action::signal_command: must(w.is.command, "w.is.command"); break;
            case action::leave: w.is.left = true; break;
            default: break;
        }
    }
    for (auto* when : {&w.s.limit, &w.s.step_again, &w.s.services_again, &w.s.command_again})
        if (*when) *when = std::max<ticks>(**when - e.at, 0);
    if (w.s.asked) w.s.end = std::max(w.s.end - e.at, -2 * one_second);
    return w;
}

inline std::vector<container_event> events_of(const world& w) {
    std::vector<container_event> events;
    const auto                   add = [&](container_event e) {
        for (int bits = 0; bits < 8; ++bits) {
            e.services      = (bits & 1) != 0;
            e.services_left = (bits & 2) != 0;
            e.anybody_left  = (bits & 4) != 0 || w.is.step || w.is.services || w.is.command;
            events.push_back(e);
        }
    };
    if (w.is.left) return {};
    if (const auto due = next_tick(w.s)) add({.what = kind::tick, .at = *due});
    for (const kind any : {kind::stop, kind::child_gone}) add({.what = any});
    add({.what = kind::cont, .stopit = true});
    add({.what = kind::essential_ended, .status = 42});
    add({.what = kind::signal, .status = SIGUSR1});
    add({.what = kind::signal, .status = SIGALRM});
    if (w.is.step) {
        for (const int status : {exited(0), exited(5), exited(100), SIGKILL})
            add({.what = kind::step_ended, .status = status});
        add({.what = kind::no_step});
        if (!w.s.out_of_patience) add({.what = kind::step_not_started});
    }
    if (w.is.services) {
        for (const int status : {exited(0), exited(111), SIGKILL})
            add({.what = kind::services_ended, .status = status});
        add({.what = kind::services_not_started});
    }
    if (w.is.command) {
        for (const int status : {exited(0), exited(3), SIGKILL}) add({.what = kind::command_ended, .status = status});
        add({.what = kind::command_not_started});
        add({.what = kind::command_not_started, .status = 127});
    }
    return events;
}

// Whatever ignores what: once it has been asked to, and when what is sent KILL ends, the container ends, and in time.
inline void check_that_it_ends(world w) {
    ticks passed = 0;
    w            = after(w, {.what = kind::stop, .services_left = true, .anybody_left = true});
    for (int steps = 0; steps < 40 && !w.is.left; ++steps) {
        if (w.is.step && w.s.out_of_patience)
            w = after(w, {.what = kind::step_ended, .status = SIGKILL, .services_left = true, .anybody_left = true});
        else if (w.is.step && !w.s.limit)
            w = after(w, {.what = kind::no_step, .services_left = true, .anybody_left = true});
        else {
            const ticks due = next_tick(w.s).value_or(0);
            passed += due;
            w = after(w, {.what = kind::tick, .at = due, .services_left = true, .anybody_left = true});
        }
    }
    must(passed <= w.s.patience + 3 * one_second / 2, "passed <= w.s.patience + 3 * one_second / 2");
    must(w.is.left, "it ends");
}

}  // namespace runwell::of_container
