// core/stages makes every decision; this file carries it out and reports the result back as an event.
#include "prog/runit/machine.hh"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "core/stages.hh"
#include "prog/runit/console.hh"
#include "prog/runit/listen.hh"
#include "sys/clock.hh"
#include "sys/power.hh"
#include "sys/signals.hh"
#include "sys/spawn.hh"
#include "sys/wait.hh"

namespace runwell {
namespace {

using kind   = system_event::kind;
using action = system_action::kind;

bool has_mode(const char* path, mode_t bits) noexcept {
    struct stat is;
    return ::stat(path, &is) == 0 && (is.st_mode & bits) == bits;
}

permissions look() noexcept {
    return {.stopit     = has_mode(path::stopit, S_IXUSR),
            .ctrlaltdel = has_mode(path::ctrlaltdel, S_IXUSR),
            .pwrfail    = has_mode(path::pwrfail, S_IXUSR),
            .reboot     = has_mode(path::reboot, S_IXUSR),
            .halt       = has_mode(path::halt, S_IXUSR),
            .nosync     = has_mode(path::nosync, 0)};
}

class machine {
public:
    machine(const console& says, bool is_machine) noexcept : console_{says} { state_.is_machine = is_machine; }

    void on(kind what, int status = 0) noexcept;
    void heard(int signal) noexcept;
    void reaped(sys::ended_child child) noexcept;

    std::optional<ticks> deadline() const noexcept { return next_tick(state_); }

private:
    // Returns the result as an event if it is known at once.
    std::optional<kind> act(const system_action& what) noexcept;
    std::optional<kind> start_stage(const char* path) noexcept;
    std::optional<kind> start_script(const char* path) noexcept;
    std::optional<kind> end() noexcept;

    console      console_;
    system_state state_;
    pid_t        stage_ = 0, script_ = 0, end_ = 0;
    pid_t        group_ = 0;  // that of the stage, which may outlive it
};

// An action may end at once (the file does not exist, no process could be made): then that is the next event. Such an
// action is the last of its list, so the order is kept.
void machine::on(kind what, int status) noexcept {
    for (bool more = true; more; status = 0) {
        system_actions list;
        step(state_, {.what = what, .at = sys::monotonic(), .status = status, .files = look()}, list);
        more = false;
        for (const system_action& one : list) {
            const std::optional<kind> over = act(one);
            if (!over) continue;
            what = *over;
            more = true;
        }
    }
}

void machine::heard(int signal) noexcept {
    if (const auto what = kind_of_signal(signal)) on(*what);
}

void machine::reaped(sys::ended_child child) noexcept {
    if (child.pid == stage_) {
        stage_ = 0;
        on(kind::stage_ended, child.status);
    } else if (child.pid == script_) {
        script_ = 0;
        on(kind::script_ended, child.status);
    } else if (child.pid == end_) {
        end_ = 0;
        on(kind::end_ended);
    }
}

std::optional<kind> machine::act(const system_action& what) noexcept {
    switch (what.what) {
        case action::inform: console_.inform(what.text, what.subject); break;
        case action::warn: console_.warn(what.text, what.subject); break;
        case action::start_stage: return start_stage(what.subject);
        case action::start_script: return start_script(what.subject);
        case action::arm_stopit: ::chmod(path::stopit, S_IXUSR); break;
        case action::disarm: ::chmod(path::stopit, 0); break;
        case action::signal_stage:
            if (stage_ > 0) ::kill(stage_, what.number);
            break;
        case action::signal_group:
            if (group_ > 0) ::kill(-group_, what.number);
            break;
        case action::kill_all: ::kill(-1, SIGKILL); break;
        case action::end: return end();
        case action::leave: ::_exit(0);
    }
    return std::nullopt;
}

// Stage 1 stays in the session of PID 1, and can take the console for a shell; the others have their own.
std::optional<kind> machine::start_stage(const char* path) noexcept {
    const char* const    argv[] = {path, nullptr};
    const bool           first  = state_.stage == 1;
    const sys::unique_fd input  = first ? console::for_stage_1() : sys::unique_fd{};
    const sys::spawned   child =
        sys::spawn({.path = path, .argv = argv, .envp = environ, .fd_for_0 = input.value(), .session = !first});
    if (child.pid > 0) {
        stage_ = group_ = child.pid;
        return std::nullopt;
    }
    if (child.pid < 0) {
        console_.cannot_fork(path, "pausing", child.code);
        return kind::stage_not_started;
    }
    console_.cannot("unable to start child: ", path, child.code);
    return kind::stage_ended;
}

std::optional<kind> machine::start_script(const char* path) noexcept {
    const char* const  argv[] = {path, nullptr};
    const sys::spawned child  = sys::spawn({.path = path, .argv = argv, .envp = environ});
    if (child.pid > 0) {
        script_ = child.pid;
        return std::nullopt;
    }
    if (child.pid < 0) {
        const bool is_power = state_.beside == system_state::script::pwrfail;
        console_.cannot_fork(path, is_power ? "forcing shutdown" : "pausing", child.code);
        return kind::script_not_started;
    }
    console_.cannot("unable to start child: ", path, child.code);
    return kind::script_ended;
}

std::optional<kind> machine::end() noexcept {
    const pid_t pid = sys::end_machine(state_.how, !state_.keep_dirty);
    if (pid > 0) {
        end_ = pid;
        return std::nullopt;
    }
    return kind::end_not_started;
}

}  // namespace

void run_machine(const console& says, bool is_machine) noexcept {
    machine              one{says, is_machine};
    const sys::unique_fd signals = listen(says, std::initializer_list<int>{SIGCHLD, SIGCONT, SIGINT, SIGPWR, SIGALRM});
    one.on(kind::tick);
    for (;;) {
        pollfd ready[] = {{signals.value(), POLLIN, 0}};
        if (!sys::wait_for(ready, one.deadline())) {
            one.on(kind::tick);
            continue;
        }
        while (const int signal = sys::next_signal(signals)) one.heard(signal);
        for (auto child = sys::reap(); child.pid != 0; child = sys::reap()) one.reaped(child);
    }
}

}  // namespace runwell
