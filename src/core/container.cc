#include "core/container.hh"

#include <algorithm>
#include <csignal>

#include "core/essential.hh"
#include "core/stages.hh"
#include "core/text.hh"
#include "core/wait_status.hh"

namespace runwell {
namespace {

using stage  = container_state::stage;
using kind   = container_event::kind;
using action = container_action::kind;

constexpr ticks fork_again = one_second;

// Durations from the moment at which services are killed: the limits for loggers that drain and scripts, for stage 3,
// and for the remaining processes after TERM and after KILL.
constexpr ticks drained      = one_second / 2;
constexpr ticks stage_3_over = one_second;
constexpr ticks termed       = one_second * 5 / 4;
constexpr ticks all_over     = one_second * 3 / 2;
constexpr ticks for_the_rest = one_second;  // and no longer than this for either

void push(container_actions& list, action what, int number = 0) noexcept {
    list.push({.what = what, .number = number});
}
void warn(container_actions& list, const char* text) noexcept { list.push({.what = action::warn, .text = text}); }

bool has_steps(stage of) noexcept {
    const stage_scripts its = scripts_of(of);
    return its.directory != nullptr || its.file != nullptr;
}

// The first that ends the container, or its command, says with what code.
void settle(container_state& s, int code) noexcept {
    if (!s.settled) s.code = code;
    s.settled = true;
}

void run_step(container_state& s, container_actions& list) noexcept {
    s.step_alive = true;
    s.step_again.reset();
    push(list, action::run_step);
}

void start_services(container_state& s, container_actions& list) noexcept {
    s.services_alive = true;
    s.services_again.reset();
    push(list, action::start_services);
}

void start_command(container_state& s, container_actions& list) noexcept {
    s.command_alive = true;
    s.command_again.reset();
    push(list, action::start_command);
}

void stop_processes(container_state& s, container_actions& list) noexcept {
    if (s.services_alive) push(list, action::signal_services, SIGHUP);
    if (s.command_alive) {
        push(list, action::signal_command, SIGTERM);
        push(list, action::signal_command, SIGCONT);
    }
}

void begin_to_end(container_state& s, const container_event& e) noexcept {
    s.asked = true;
    s.end   = e.at + s.patience;
}

void enter(container_state& s, stage next, const container_event& e, container_actions& list) noexcept {
    s.now             = next;
    s.out_of_patience = false;
    s.limit.reset();
    switch (next) {
        case stage::stage_1:
        case stage::start_hooks: return run_step(s, list);
        case stage::serving:
            if (e.services || !s.has_command) start_services(s, list);
            if (s.has_command) start_command(s, list);
            return;
        case stage::stop_hooks: s.limit = s.end - s.patience / 2; return run_step(s, list);
        case stage::stopping: s.limit = s.end; return stop_processes(s, list);
        case stage::after_hooks: s.limit = s.end + drained; return run_step(s, list);
        case stage::stage_3: s.limit = s.end + stage_3_over; return run_step(s, list);
        case stage::terminating:
            s.limit = std::min(e.at + for_the_rest, s.end + termed);
            push(list, action::signal_everybody, SIGTERM);
            return push(list, action::signal_everybody, SIGCONT);
        case stage::killing:
            s.limit = std::min(e.at + for_the_rest, s.end + all_over);
            return push(list, action::signal_everybody, SIGKILL);
        case stage::gone: return push(list, action::leave, s.code);
    }
}

// The stage that follows when this one is over.
stage after(const container_state& s) noexcept {
    switch (s.now) {
        case stage::stage_1: return s.asked ? stage::stage_3 : stage::start_hooks;
        case stage::start_hooks: return s.asked ? stage::stage_3 : stage::serving;
        case stage::serving: return stage::stop_hooks;
        case stage::stop_hooks: return stage::stopping;
        case stage::stopping: return stage::after_hooks;
        case stage::after_hooks: return stage::stage_3;
        case stage::stage_3: return stage::terminating;
        case stage::terminating: return stage::killing;
        case stage::killing:
        case stage::gone: return stage::gone;
    }
    return stage::gone;
}

void go_on(container_state& s, const container_event& e, container_actions& list) noexcept {
    s.step_again.reset();
    enter(s, after(s), e, list);
}

void ask_to_end(container_state& s, const container_event& e, container_actions& list) noexcept {
    if (s.asked) return;
    begin_to_end(s, e);
    s.services_again.reset();
    s.command_again.reset();
    if (s.now == stage::serving) return go_on(s, e, list);
    if (!s.step_alive) return go_on(s, e, list);
    s.limit = s.end;
    push(list, action::signal_step, SIGTERM);
    push(list, action::signal_step, SIGCONT);
}

void step_ended(container_state& s, const container_event& e, container_actions& list) noexcept {
    s.step_alive              = false;
    const int  code           = shell_code(e.status);
    const bool stage_1_failed = s.now == stage::stage_1 && (!WIFEXITED(e.status) || code == 100);
    const bool hook_failed    = s.now == stage::start_hooks && code != 0;
    if (!s.asked && (stage_1_failed || hook_failed)) {
        warn(list, "the services are not started.");
        begin_to_end(s, e);
        settle(s, code);
    }
    const bool was_the_last = s.now == stage::stage_1 || s.now == stage::stage_3 || s.out_of_patience ||
                              (s.now == stage::start_hooks && s.asked);
    if (was_the_last) return go_on(s, e, list);
    run_step(s, list);
}

void services_ended(container_state& s, const container_event& e, container_actions& list) noexcept {
    s.services_alive = false;
    if (s.now != stage::serving) return;
    const int code = shell_code(e.status);
    if (WIFEXITED(e.status) && code != 111) {
        if (!s.has_command) settle(s, code);
        return ask_to_end(s, e, list);
    }
    warn(list, "restarting.");
    s.services_again = e.at + fork_again;
}

void command_over(container_state& s, int code, const container_event& e, container_actions& list) noexcept {
    s.command_alive = false;
    settle(s, code);
    ask_to_end(s, e, list);
}

// Patience has come to its end.
void lose_patience(container_state& s, const container_event& e, container_actions& list) noexcept {
    s.limit.reset();
    if (has_steps(s.now)) {
        s.out_of_patience = true;
        if (!s.step_alive) return go_on(s, e, list);
        return push(list, action::signal_step, SIGKILL);
    }
    if (s.now != stage::stopping || s.out_of_patience) return go_on(s, e, list);
    s.out_of_patience = true;
    s.limit           = s.end + drained;
    warn(list, "services not terminated, sending sigkill...");
    push(list, action::kill_services);
    if (s.command_alive) push(list, action::signal_command, SIGKILL);
}

void do_what_is_due(container_state& s, const container_event& e, container_actions& list) noexcept {
    const auto due = [&](const std::optional<ticks>& when) { return when && e.at >= *when; };
    if (due(s.step_again)) run_step(s, list);
    if (due(s.services_again)) start_services(s, list);
    if (due(s.command_again)) start_command(s, list);
    if (due(s.limit)) lose_patience(s, e, list);
}

void hear(container_state& s, int signal, container_actions& list) noexcept {
    if (signal == SIGALRM) {
        if (s.services_alive) push(list, action::signal_services, signal);
        return;
    }
    if (s.command_alive) push(list, action::signal_command, signal);
}

// Is what this stage waits for over?
bool is_over(const container_state& s, const container_event& e) noexcept {
    switch (s.now) {
        case stage::stopping: return !s.services_alive && !s.command_alive && !e.services_left;
        case stage::terminating:
        case stage::killing: return !e.anybody_left;
        case stage::stage_1:
        case stage::start_hooks:
        case stage::serving:
        case stage::stop_hooks:
        case stage::after_hooks:
        case stage::stage_3:
        case stage::gone: return false;
    }
    return false;
}

}  // namespace

void step(container_state& of, const container_event& happened, container_actions& list) noexcept {
    const bool begins = of.now == stage::stage_1 && !of.step_alive && !of.step_again;
    switch (happened.what) {
        case kind::tick:
            if (begins) return enter(of, stage::stage_1, happened, list);
            do_what_is_due(of, happened, list);
            break;
        case kind::step_ended: step_ended(of, happened, list); break;
        case kind::no_step:
            of.step_alive = false;
            go_on(of, happened, list);
            break;
        case kind::services_ended: services_ended(of, happened, list); break;
        case kind::command_ended: command_over(of, shell_code(happened.status), happened, list); break;
        case kind::step_not_started:
            of.step_alive = false;
            of.step_again = happened.at + fork_again;
            break;
        case kind::services_not_started:
            of.services_alive = false;
            if (!of.asked) of.services_again = happened.at + fork_again;
            break;
        case kind::command_not_started:
            of.command_alive = false;
            if (happened.status != 0)
                command_over(of, happened.status, happened, list);
            else if (!of.asked)
                of.command_again = happened.at + fork_again;
            break;
        case kind::stop: ask_to_end(of, happened, list); break;
        case kind::cont:
            if (!happened.stopit) break;
            push(list, action::disarm);
            ask_to_end(of, happened, list);
            break;
        case kind::essential_ended:
            if (!of.asked) settle(of, happened.status);
            ask_to_end(of, happened, list);
            break;
        case kind::signal: hear(of, happened.status, list); break;
        case kind::child_gone: break;
    }
    if (is_over(of, happened)) enter(of, of.now == stage::stopping ? stage::after_hooks : stage::gone, happened, list);
}

std::optional<container_event> event_of_signal(int signal, int value) noexcept {
    switch (signal) {
        case SIGCHLD: return std::nullopt;
        case SIGCONT: return container_event{.what = kind::cont};
        case SIGTERM:
        case SIGINT:
        case SIGPWR:
        case SIGHUP: return container_event{.what = kind::stop};
        case essential_signal: return container_event{.what = kind::essential_ended, .status = value & 0xff};
        default: return container_event{.what = kind::signal, .status = signal};
    }
}

bool looks_at_services_left(const container_state& of) noexcept {
    return of.now == stage::stop_hooks || of.now == stage::stopping;
}

bool looks_at_anybody_left(const container_state& of) noexcept { return of.now >= stage::stage_3; }

stage_scripts scripts_of(stage stage) noexcept {
    switch (stage) {
        case stage::stage_1: return {.file = path::stage_1};
        case stage::start_hooks: return {.directory = "/etc/my_init.d", .file = "/etc/rc.local", .are_hooks = true};
        case stage::stop_hooks: return {.directory = "/etc/my_init.pre_shutdown.d", .are_hooks = true};
        case stage::after_hooks: return {.directory = "/etc/my_init.post_shutdown.d", .are_hooks = true};
        case stage::stage_3: return {.file = path::stage_3};
        case stage::serving:
        case stage::stopping:
        case stage::terminating:
        case stage::killing:
        case stage::gone: return {};
    }
    return {};
}

bool is_next_hook(std::string_view name, std::string_view last, std::string_view best) noexcept {
    return name > last && (best.empty() || name < best);
}

ticks patience_of(const char* seconds) noexcept {
    constexpr std::uint64_t most   = 86'400;
    const auto              number = seconds != nullptr ? whole_number(seconds) : std::nullopt;
    return number ? static_cast<ticks>(std::min(*number, most)) * one_second : container_state{}.patience;
}

std::optional<ticks> next_tick(const container_state& of) noexcept {
    std::optional<ticks> next;
    for (const auto& when : {of.limit, of.step_again, of.services_again, of.command_again})
        if (when) next = next ? std::min(*next, *when) : *when;
    return next;
}

}  // namespace runwell
