// stages.hh — the life of a machine, as a pure function of what happens to process no 1.
//
//                        ┌── 5 s ──┐ crashed, exited 111
//                        ▼         │
//     /etc/runit/1 ──▶ /etc/runit/2 ──▶ /etc/runit/3 ──▶ KILL to all ──▶ reboot, power off or halt
//          │             ▲     │ CONT and stopit: TERM, KILL after 5 s       ▲
//          │             └─ ctrlaltdel, pwrfail run beside it                │ no process could be made: again
//          └── crashed, exited 100: straight to stage 3                      └──── in 5 s, whatever it is for
//
// step() never forks, signals, reads a clock or touches a file: it says what should be done, and prog/runit does it.
// There is no story in which this ends, or waits for a process that does not exist.
//
// Sources: runit(8); measured on runit 2.1.2 and 2.3.1.
#pragma once

#include <cstdint>
#include <optional>

#include "core/fixed.hh"
#include "core/service.hh"

namespace runwell {

// The files by which an administrator speaks to process no 1. RUNWELL_STOP_DIR may end in the beginning of a file name,
// as with the "/run/runit." of Debian 12.
namespace path {
inline constexpr const char* stage_1    = RUNWELL_STAGE_DIR "/1";
inline constexpr const char* stage_2    = RUNWELL_STAGE_DIR "/2";
inline constexpr const char* stage_3    = RUNWELL_STAGE_DIR "/3";
inline constexpr const char* ctrlaltdel = RUNWELL_STAGE_DIR "/ctrlaltdel";
inline constexpr const char* pwrfail    = RUNWELL_STAGE_DIR "/pwrfail";
inline constexpr const char* nosync     = RUNWELL_STAGE_DIR "/nosync";
inline constexpr const char* stopit     = RUNWELL_STOP_DIR "stopit";
inline constexpr const char* reboot     = RUNWELL_STOP_DIR "reboot";
inline constexpr const char* halt       = RUNWELL_STOP_DIR "halt";  // halt instead of power off; runit knows it not
}  // namespace path

// What those files say at this moment: there, and executable by their owner.
struct permissions {
    bool stopit     = false;
    bool ctrlaltdel = false;
    bool pwrfail    = false;
    bool reboot     = false;
    bool halt       = false;
    bool nosync     = false;  // there is enough
};

// How a machine comes to rest.
enum class ending : std::uint8_t { reboot, power_off, halt };

struct system_state {
    enum class activity : std::uint8_t {
        starting,  // a process of the stage is due
        running,   // it lives
        pausing,   // stage 2 has crashed and is started again at `due`
        stopping,  // stage 2 has been sent TERM; KILL at `due`
        killed,    // stage 2 has been sent KILL
        ending,    // everything has been sent KILL; a process that ends the machine is due, or lives
        at_rest,   // that did not end it, and nothing more can be done
    };
    enum class script : std::uint8_t { none, ctrlaltdel, pwrfail };

    bool     is_machine = true;  // else a container, which ends with PID 1
    int      stage      = 1;
    activity now        = activity::starting;
    ticks    due        = 0;      // starting, pausing, stopping, ending: when
    bool     entered    = false;  // starting: it has been said so

    script             beside       = script::none;  // runs beside stage 2
    bool               script_alive = false;         // else it is due at script_due
    ticks              script_due   = 0;
    bool               interrupted  = false;  // INT came while a script ran
    bool               power_failed = false;  // PWR came while a script ran
    std::optional<int> over;                  // stage 2 ended while a script ran: how

    ending how        = ending::power_off;
    bool   end_alive  = false;  // the process that ends the machine
    bool   keep_dirty = false;  // no sync(2)

    friend constexpr bool operator==(const system_state&, const system_state&) = default;
};

// An event of the system.
struct system_event {
    enum class kind : std::uint8_t {
        tick,                // time has passed, or PID 1 starts
        stage_ended,         // waitpid(2) says `status`
        script_ended,        //
        end_ended,           // the process that was to end the machine has ended instead
        stage_not_started,   // no process could be made
        script_not_started,  //
        end_not_started,     //
        cont,                // SIGCONT: runit-init(8)
        interrupt,           // SIGINT: ctrl-alt-del
        power,               // SIGPWR
        alarm,               // SIGALRM: for stage 2, which is to look at its directory
    };
    kind        what   = kind::tick;
    ticks       at     = 0;
    int         status = 0;
    permissions files  = {};
};

// The program must do this, in order.
struct system_action {
    enum class kind : std::uint8_t {
        inform,        // "- runit: TEXT SUBJECT"
        warn,          // "- runit: warning: TEXT SUBJECT"
        start_stage,   // `subject`; then report stage_not_started, or later stage_ended
        start_script,  // `subject`
        arm_stopit,    // make stopit executable, if it exists
        disarm,        // chmod(stopit, 0)
        signal_stage,  // `number` to the process of stage 2
        signal_group,  // `number` to its process group
        kill_all,      // KILL to everything else
        end,           // `how` the machine ends, after a sync(2) unless keep_dirty: in a process of its own
        leave,         // exit: never on a machine
    };
    kind        what    = kind::inform;
    const char* text    = "";
    const char* subject = "";
    int         number  = 0;
};
using system_actions = fixed_list<system_action, 12>;

void step(system_state& of, const system_event& happened, system_actions& list) noexcept;

// The next moment at which a tick would do something, if there is one: hardly ever.
std::optional<ticks> next_tick(const system_state& of) noexcept;

// What a signal means; nothing for those that runit ignores, and for SIGCHLD.
std::optional<system_event::kind> kind_of_signal(int signal) noexcept;

// How a machine ends with these permissions, and the permissions that make it end so. halt counts only if reboot does
// not.
ending      ending_of(const permissions& files) noexcept;
permissions permissions_for(ending how) noexcept;

}  // namespace runwell
