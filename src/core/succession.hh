// succession.hh — how a service goes on when its supervisor has been killed, or has become another program.
//
// A predecessor that could not leave in order has left its ledger (core/ledger.hh), what it published last, and living
// processes. The successor takes the service over in the state that follows from these: what lives goes on, what is
// wanted stays wanted, and an end that nobody has seen is an end with an unknown status.
#pragma once

#include <optional>

#include "core/ledger.hh"
#include "core/pair.hh"
#include "core/status.hh"

namespace runwell {

// What was found of one of the two.
struct remains {
    status               said;                   // supervise/status
    bool                 leaving       = false;  // supervise/stat: "want exit"
    std::optional<birth> process       = {};     // as in the ledger
    bool                 process_lives = false;
    std::optional<birth> script        = {};
    bool                 script_lives  = false;
};

// One moment by three clocks.
struct present {
    ticks  monotonic = 0;
    ticks  boot      = 0;  // CLOCK_BOOTTIME
    moment wall      = {};
};

// How it goes on, and what has to be told to it first, if anything: an end that was not seen, or a command whose
// script was not seen to its end.
struct inheritance {
    service              life;
    std::optional<event> first;
};
inheritance inherit(const remains& of, bool is_log, const present& now) noexcept;

// What each wants, in view of the other: a logger that was draining shows that its service was to exit.
void reconcile(pair& both) noexcept;

// What a successor could not find out: a script that runs, a start that is owed, a ./finish that is due. While there is
// any, the program of a supervisor is not exchanged.
constexpr bool can_be_handed_over(const service& s) noexcept {
    return !busy(s) && !s.owed && (s.now != phase::finish || s.alive);
}

}  // namespace runwell
