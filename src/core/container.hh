// container.hh — the life of a container whose PID 1 is runit, as a pure function of its events.
//
//     /etc/runit/1 ─▶ my_init.d/* ─▶ services and the command ─▶ pre_shutdown.d/* ─▶ HUP to runsvdir, TERM, CONT to the
//          │               │                                                          command; KILL when time is up
//          │ crash, 100    │ fails                                                          │
//          └───────────────┴──────▶ /etc/runit/3 ◀── post_shutdown.d/* ◀────────────────────┘
//                                        └──▶ TERM to all, KILL to all ──▶ exit with a code
//
// What does not exist is passed over. The stop as a whole has only so much time; whatever happens, it ends:
//
//     asked         patience / 2           patience                      + 0.5 s    + 1 s         + 1.25 s     + 1.5 s
//       ├─ pre_shutdown.d ─┴─ services, command ─┴─ loggers, post_shutdown.d ─┴─ stage 3 ─┴─ TERM to all ─┴─ KILL ─┤
//
// A part that is over sooner leaves its time to those that follow; only TERM to all never has more than a second.
//
// step() decides; prog/runit carries it out. Source: the container's contract in runit(8).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/fixed.hh"
#include "core/service.hh"

namespace runwell {

struct container_state {
    enum class stage : std::uint8_t {
        stage_1,
        start_hooks,  // my_init.d, rc.local
        serving,
        stop_hooks,   // my_init.pre_shutdown.d
        stopping,     // services and command have their signal to stop
        after_hooks,  // my_init.post_shutdown.d
        stage_3,
        terminating,  // everything has been sent TERM
        killing,      // and KILL
        gone,
    };

    bool  has_command = false;
    ticks patience    = 8 * one_second;  // RUNWELL_STOP_SECONDS

    stage now             = stage::stage_1;
    bool  step_alive      = false;  // a process of stage 1, stage 3 or a hook
    bool  services_alive  = false;  // runsvdir, or /etc/runit/2
    bool  command_alive   = false;
    bool  asked           = false;  // the container is to end, and
    ticks end             = 0;      // this is when services that have not ended are killed
    bool  out_of_patience = false;  // KILL has been sent to what this stage waits for
    int   code            = 0;      // what to exit with
    bool  settled         = false;  // and nothing that ends from now on changes it

    std::optional<ticks> limit;           // when patience with this stage ends
    std::optional<ticks> step_again;      // a process could not be made: when to try again
    std::optional<ticks> services_again;  // the same, or runsvdir crashed
    std::optional<ticks> command_again;

    friend constexpr bool operator==(const container_state&, const container_state&) = default;
};

struct container_event {
    enum class kind : std::uint8_t {
        tick,                  // time has passed, or PID 1 starts
        step_ended,            // waitpid(2) says `status`
        no_step,               // there is nothing (more) to run in this stage
        services_ended,        //
        command_ended,         //
        step_not_started,      // no process could be made
        services_not_started,  //
        command_not_started,   // `status` 0: no process could be made; else the exit code to end with
        stop,                  // TERM, INT, PWR, HUP
        cont,                  // CONT: the same if the file stopit says so
        essential_ended,       // a service that the container lives for has ended, with exit code `status`
        signal,                // `status` is any other signal
        child_gone,            // a process has been reaped
    };
    kind  what          = kind::tick;
    ticks at            = 0;
    int   status        = 0;
    bool  services      = true;   // there is something to supervise
    bool  stopit        = false;  // cont: the file exists, and is executable by its owner
    bool  services_left = false;  // a runsv still answers
    bool  anybody_left  = false;  // another process exists
};

struct container_action {
    enum class kind : std::uint8_t {
        inform,            // "- runit: TEXT"
        warn,              // "- runit: warning: TEXT"
        run_step,          // the next process of this stage; report no_step if there is none
        start_services,    // /etc/runit/2, or runsvdir
        start_command,     //
        signal_step,       // `number` to the process of this stage
        signal_services,   // `number` to /etc/runit/2, or runsvdir
        signal_command,    // `number` to the command
        kill_services,     // KILL to every service that still runs
        signal_everybody,  // `number` to everything else
        disarm,            // chmod(stopit, 0)
        leave,             // exit with `number`
    };
    kind        what   = kind::inform;
    const char* text   = "";
    int         number = 0;
};
using container_actions = fixed_list<container_action, 12>;

void step(container_state& of, const container_event& happened, container_actions& list) noexcept;

// The next moment at which a tick would do something, if there is one.
std::optional<ticks> next_tick(const container_state& of) noexcept;

// What a signal means; nothing for SIGCHLD. `value`: what sigqueue(3) sent along.
std::optional<container_event> event_of_signal(int signal, int value) noexcept;

// The facts of an event that are worth a look in this state: the others change nothing.
bool looks_at_services_left(const container_state& of) noexcept;
bool looks_at_anybody_left(const container_state& of) noexcept;

// What a stage runs, one after the other: the scripts of `directory` in the order of their names, then `file`.
struct stage_scripts {
    const char* directory = nullptr;  // nullptr: none
    const char* file      = nullptr;
    bool        are_hooks = false;  // only regular files that are executable run, with the environment of the image
};
stage_scripts scripts_of(container_state::stage stage) noexcept;

// Whether `name` precedes `best`, the next hook as far as it is known, and follows `last`, the one that has run. Both
// may be empty: none.
bool is_next_hook(std::string_view name, std::string_view last, std::string_view best) noexcept;

// What supervises the services of a container: /etc/runit/2 where it exists, else runsvdir.
enum class service_program : std::uint8_t { stage_2, runsvdir };
constexpr service_program service_program_of(bool has_stage_2) noexcept {
    return has_stage_2 ? service_program::stage_2 : service_program::runsvdir;
}

// How long a stop may take: RUNWELL_STOP_SECONDS (nullptr: not set) in whole seconds, up to a day.
ticks patience_of(const char* seconds) noexcept;

}  // namespace runwell
