// takeover.hh — how a service continues after its supervisor was killed: weighs the evidence, and decides.
//
//     the ledger (core/ledger.hh)  ─┐
//     what the kernel says now     ─┼─▶ judge(): adopt · end first · wait · nobody  ──▶ resume(): a service, and its
//     the writers of supervise/    ─┘                                                    first event
//
// The ledger is evidence and is never believed: a process is ours when the kernel describes the one that was recorded.
// Where that cannot be known the order is: never two copies, then never a stranger, then never down. So what may be
// the old process is neither signalled nor adopted, and nothing is started while it lives.
//
// A re-exec needs none of this: core/handover.hh.
#pragma once

#include <optional>

#include "core/ledger.hh"
#include "core/pair.hh"
#include "core/status.hh"

namespace runwell {

// What the kernel says of the pid of a record, now.
struct sighting {
    bool                 exists    = false;  // a process has this pid
    bool                 ended     = false;  // … and has ended: all of its threads, not the first alone
    bool                 child     = false;  // … and is our child, still to be reaped
    bool                 watchable = false;  // there is a pidfd
    std::uint64_t        id        = 0;      // the inode of the pidfd; 0: this kernel reports none
    std::optional<ticks> began     = {};     // when it was started, rounded down; nothing: there is no /proc of ours
};

// Whether the process that is seen is the one that was recorded. `tick` is what `began` is rounded to, in nanoseconds.
truth is_the_recorded(const process_record& recorded, const boot_scope& then, const sighting& seen,
                      const boot_scope& here, ticks tick) noexcept;

struct evidence {
    bool  recorded = false;
    bool  trusted  = false;      // no other user can have written the record, or put it in its place
    truth scope    = truth::no;  // same_scope()
    truth same     = truth::no;  // is_the_recorded()
    bool  exists = false, ended = false, child = false, watchable = false;
};

enum class verdict_on_process : std::uint8_t {
    nobody,     // no such process, or another one: nothing stands in the way
    adopt,      // it goes on, watched
    end_first,  // it is ours, and cannot be watched: it is ended before anything is started
    wait,       // it may be ours, and may be a stranger: untouched, and nothing is started as long as it lives
};
verdict_on_process judge(const evidence& of) noexcept;

// The findings about one member.
struct leftover {
    status                        said;                      // supervise/status, of the same supervisor
    want                          wanted        = want::up;  // of the ledger, or what the down file says
    bool                          owed          = false;     // likewise: one start
    std::optional<process_record> process       = {};        // of this life of the namespace
    bool                          process_lives = false;     // and is adopted
    std::optional<process_record> script        = {};
    bool                          script_lives  = false;
    bool                          blocked       = false;  // one of them is waited for
    std::optional<ticks>          kill_at       = {};     // by CLOCK_BOOTTIME: ./run is to be killed then
};

// One moment by three clocks.
struct present {
    ticks  monotonic = 0;
    ticks  boot      = 0;  // CLOCK_BOOTTIME
    moment wall      = {};
};

// The state of the service, and its first event, if there is one: an exit that was not observed, or a command whose
// script may not have finished.
struct resumed {
    service              life;
    std::optional<event> first;
};
resumed resume(const leftover& of, bool is_log, const present& now) noexcept;

// What a ledger says beside the processes holds in its life of the namespace, and as long as the status file is still
// that of its supervisor: another one that has served the directory since, plain runit's for instance, has made its
// own. If the boot is unknown, the wanted state is kept: the worst result is a service that is down, never a second
// copy.
constexpr bool wants_hold(truth scope, bool same_status_file) noexcept {
    return scope != truth::no && same_status_file;
}
constexpr bool end_holds(truth scope, bool same_status_file) noexcept {
    return scope == truth::yes && same_status_file;
}

}  // namespace runwell
