#include "core/stages.hh"

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

#include "core/wait_status.hh"

namespace runwell {
namespace {

using activity = system_state::activity;
using script   = system_state::script;
using kind     = system_event::kind;
using action   = system_action::kind;

constexpr ticks patience = 5 * one_second;  // as runit has it, for everything

constexpr std::array stage_paths{path::stage_1, path::stage_2, path::stage_3};

const char* path_of(const system_state& s) noexcept { return stage_paths[static_cast<std::size_t>(s.stage - 1)]; }
const char* path_of(script which) noexcept { return which == script::ctrlaltdel ? path::ctrlaltdel : path::pwrfail; }

void inform(const char* text, const char* subject, system_actions& list) noexcept {
    list.push({.what = action::inform, .text = text, .subject = subject});
}
void warn(const char* text, const char* subject, system_actions& list) noexcept {
    list.push({.what = action::warn, .text = text, .subject = subject});
}

void start_stage(system_state& s, system_actions& list) noexcept {
    if (!s.entered) inform("enter stage: ", path_of(s), list);
    s.entered = true;
    s.now     = activity::running;
    list.push({.what = action::start_stage, .subject = path_of(s)});
}

void start_end(system_state& s, system_actions& list) noexcept {
    s.now       = activity::ending;
    s.end_alive = true;
    switch (s.how) {
        case ending::reboot: inform("system reboot.", "", list); break;
        case ending::power_off: inform("power off...", "", list); break;
        case ending::halt: inform("system halt.", "", list); break;
    }
    list.push({.what = action::end});
}

void enter(system_state& s, int stage, system_actions& list) noexcept {
    s.stage   = stage;
    s.entered = false;
    s.over.reset();
    start_stage(s, list);
}

void end_all(system_state& s, const system_event& e, system_actions& list) noexcept {
    inform("sending KILL signal to all processes...", "", list);
    list.push({.what = action::kill_all});
    s.how        = ending_of(e.files);
    s.keep_dirty = e.files.nosync;
    start_end(s, list);
}

void leave_stage(system_state& s, const system_event& e, system_actions& list) noexcept {
    inform("leave stage: ", path_of(s), list);
    if (s.stage == 3) return end_all(s, e, list);
    enter(s, s.stage + 1, list);
}

void stage_is_over(system_state& s, int status, const system_event& e, system_actions& list) noexcept {
    const bool crashed = !WIFEXITED(status);
    const int  code    = shell_code(status);
    if (status != 0) warn(crashed ? "child crashed: " : "child failed: ", path_of(s), list);
    if (s.stage == 1 && (crashed || code == 100)) {
        inform("leave stage: ", path_of(s), list);
        warn("skipping stage 2...", "", list);
        return enter(s, 3, list);
    }
    if (s.stage == 2 && (crashed || code == 111)) {
        warn("killing all processes in stage 2...", "", list);
        list.push({.what = action::signal_group, .number = SIGKILL});
        s.now = activity::pausing;
        s.due = e.at + patience;
        return;
    }
    leave_stage(s, e, list);
}

void stage_ended(system_state& s, const system_event& e, system_actions& list) noexcept {
    if (s.now != activity::running) return leave_stage(s, e, list);  // as requested
    if (s.beside == script::none || s.stage != 2) return stage_is_over(s, e.status, e, list);
    s.over = e.status;  // ctrlaltdel is about to decide how the machine ends
    s.now  = activity::pausing;
    s.due  = 0;
}

// CONT: shut down, when stopit says so.
void obey_stopit(system_state& s, const system_event& e, system_actions& list) noexcept {
    list.push({.what = action::disarm});
    if (s.now != activity::running) return leave_stage(s, e, list);
    list.push({.what = action::signal_stage, .number = SIGTERM});
    s.now = activity::stopping;
    s.due = e.at + patience;
}

void start_script(system_state& s, system_actions& list) noexcept {
    s.script_alive = true;
    list.push({.what = action::start_script, .subject = path_of(s.beside)});
}

void run_script(system_state& s, script which, system_actions& list) noexcept {
    s.beside = which;
    inform(which == script::ctrlaltdel ? "ctrl-alt-del request..." : "powerfail event...", "", list);
    if (which == script::pwrfail) list.push({.what = action::arm_stopit});
    inform("enter stage: ", path_of(which), list);
    start_script(s, list);
}

bool takes_signals(const system_state& s) noexcept {
    return s.stage == 2 && (s.now == activity::running || s.now == activity::starting || s.now == activity::pausing);
}

void take_requests(system_state& s, const system_event& e, system_actions& list) noexcept {
    if (!takes_signals(s) || s.beside != script::none) return;
    const bool power = std::exchange(s.power_failed, false), interrupt = s.interrupted;
    if (power && e.files.pwrfail) return run_script(s, script::pwrfail, list);
    s.interrupted = false;
    if (interrupt && e.files.ctrlaltdel) run_script(s, script::ctrlaltdel, list);
}

void script_is_over(system_state& s, const system_event& e, system_actions& list) noexcept {
    s.script_alive = false;
    s.beside       = script::none;
    if (!takes_signals(s)) return;
    if (e.files.stopit) return obey_stopit(s, e, list);
    if (s.over) {
        const int status = *s.over;
        s.over.reset();
        stage_is_over(s, status, e, list);
    }
    take_requests(s, e, list);
}

void script_ended(system_state& s, const system_event& e, system_actions& list) noexcept {
    const char* const name = path_of(s.beside);
    if (WIFSIGNALED(e.status)) warn("child crashed: ", name, list);
    inform("leave stage: ", name, list);
    script_is_over(s, e, list);
}

void script_not_started(system_state& s, const system_event& e, system_actions& list) noexcept {
    s.script_alive = false;
    s.script_due   = e.at + patience;
    if (s.beside == script::pwrfail) script_is_over(s, e, list);  // no time for that: it has armed stopit
}

void hear(system_state& s, const system_event& e, system_actions& list) noexcept {
    if (!takes_signals(s)) return warn("signals only work in stage 2.", "", list);
    switch (e.what) {
        case kind::cont:
            if (e.files.stopit) obey_stopit(s, e, list);
            return;
        case kind::alarm:
            if (s.now == activity::running) list.push({.what = action::signal_stage, .number = SIGALRM});
            return;
        case kind::interrupt: s.interrupted = true; break;
        case kind::power: s.power_failed = true; break;
        case kind::tick:
        case kind::stage_ended:
        case kind::script_ended:
        case kind::end_ended:
        case kind::stage_not_started:
        case kind::script_not_started:
        case kind::end_not_started: return;
    }
    take_requests(s, e, list);
}

// The process that should end the machine has failed. If the machine cannot be powered off, it is halted.
void end_ended(system_state& s, system_actions& list) noexcept {
    s.end_alive = false;
    if (!s.is_machine) {
        list.push({.what = action::leave});
    } else if (s.how == ending::power_off) {
        s.how = ending::halt;
        return start_end(s, list);
    }
    s.now = activity::at_rest;
}

void do_what_is_due(system_state& s, const system_event& e, system_actions& list) noexcept {
    if (s.beside != script::none && !s.script_alive && e.at >= s.script_due) {
        if (takes_signals(s))
            start_script(s, list);
        else
            s.beside = script::none;
    }
    if (e.at < s.due) return;
    switch (s.now) {
        case activity::starting: return start_stage(s, list);
        case activity::pausing:
            if (s.over) return;
            warn("restarting.", "", list);
            return enter(s, 2, list);
        case activity::stopping:
            warn("stage 2 not terminated, sending sigkill...", "", list);
            list.push({.what = action::signal_stage, .number = SIGKILL});
            s.now = activity::killed;
            return;
        case activity::ending:
            if (!s.end_alive) start_end(s, list);
            return;
        case activity::running:
        case activity::killed:
        case activity::at_rest: return;
    }
}

}  // namespace

void step(system_state& of, const system_event& happened, system_actions& list) noexcept {
    switch (happened.what) {
        case kind::tick: return do_what_is_due(of, happened, list);
        case kind::stage_ended: return stage_ended(of, happened, list);
        case kind::script_ended: return script_ended(of, happened, list);
        case kind::end_ended: return end_ended(of, list);
        case kind::stage_not_started:
            of.now = activity::starting;
            of.due = happened.at + patience;
            return;
        case kind::script_not_started: return script_not_started(of, happened, list);
        case kind::end_not_started:
            of.end_alive = false;
            of.due       = happened.at + patience;
            return;
        case kind::cont:
        case kind::interrupt:
        case kind::power:
        case kind::alarm: return hear(of, happened, list);
    }
}

std::optional<kind> kind_of_signal(int signal) noexcept {
    switch (signal) {
        case SIGCONT: return kind::cont;
        case SIGINT: return kind::interrupt;
        case SIGPWR: return kind::power;
        case SIGALRM: return kind::alarm;
        default: return std::nullopt;
    }
}

ending ending_of(const permissions& files) noexcept {
    return files.reboot ? ending::reboot : files.halt ? ending::halt : ending::power_off;
}

permissions permissions_for(ending how) noexcept {
    return {.stopit = true, .reboot = how == ending::reboot, .halt = how == ending::halt};
}

std::optional<ticks> next_tick(const system_state& of) noexcept {
    std::optional<ticks> next;
    switch (of.now) {
        case activity::starting:
        case activity::stopping: next = of.due; break;
        case activity::pausing:
            if (!of.over) next = of.due;
            break;
        case activity::ending:
            if (!of.end_alive) next = of.due;
            break;
        case activity::running:
        case activity::killed:
        case activity::at_rest: break;
    }
    const bool script_waits = of.beside != script::none && !of.script_alive;
    if (script_waits) next = next ? std::min(*next, of.script_due) : of.script_due;
    return next;
}

}  // namespace runwell
