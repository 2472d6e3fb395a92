// verdict.hh — what sv is asked for, and when it has come about.
//
//     "restart" ──▶ order: send "tcu", wait until a new ./run lives
//                                        │
//     status before the command ─┐       ▼
//     status now ────────────────┴──▶ judge() ──▶ not yet · done · done if ./check agrees
//
// The words, the control bytes and the first-letter rule are runit's, measured on 2.1.2 and 2.3.1. Source: sv(8).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/fixed.hh"
#include "core/service.hh"
#include "core/status.hh"

namespace runwell {

// What a command is waited for.
enum class goal : std::uint8_t {
    told,       // nothing: it is enough that the command was given
    up,         // ./run lives, and is meant to
    once,       // ./run lives or has lived since, and is not to be restarted
    down,       // nothing lives, and nothing is meant to
    renewed,    // another ./run lives than before; or none, if none is wanted
    restarted,  // another ./run lives than before
    paused,
    resumed,
    gone,    // runsv itself has left
    wanted,  // what runsv wants, up or down, is so
};

// A command of sv.
struct order {
    std::string_view bytes;  // for supervise/control
    goal             until   = goal::told;
    bool             reports = false;  // waits and reports even without -v
    bool             kills   = false;  // sends KILL when the time is over
    bool             status  = false;  // sends nothing, only prints the status

    friend constexpr bool operator==(const order&, const order&) = default;
};

// The order that a word of the command line stands for; nothing when it stands for none. Most words are known by their
// first letter: "hello" is hup. As an init script (`lsb`), what begins with s must be spelt out.
std::optional<order> order_of(std::string_view word, bool lsb) noexcept;

// The orders after which a service that is new deserves a moment for its runsv to arrive.
constexpr bool welcomes_a_newcomer(const order& given) noexcept { return given.bytes == "u" || given.bytes == "o"; }

enum class verdict : std::uint8_t {
    not_yet,
    done,
    done_if_checked,  // done, provided that ./check, if there is one, exits 0
};

// The verdict on a service that had the status `before` when it was given its command, and has `now`. `heard`: runsv
// has read the command. Before that a ./run that seems new may have been started earlier, since a supervisor writes
// its status a little after it has started ./run.
verdict judge(goal until, const status& before, const status& now, bool heard) noexcept;

// Whether a goal asks for a new process, and judge() so needs to know what runsv has heard.
constexpr bool asks_for_another(goal until) noexcept { return until == goal::renewed || until == goal::restarted; }

// A process has closed supervise/ok after runsv had read the command to exit: whether the status `now` is that of
// another runsv, which has taken the place of the one that was there `before`. Any process that may read `ok` may have
// closed it, so more evidence is needed. `same_file`: supervise/status is the file that it was before. runwell's runsv
// goes on with its file, and another one makes a new file. Debian's runsv makes a new file for each change, so what the
// file says has to be what no runsv says that is about to exit. `normally_down`: there is a file ./down.
constexpr bool is_of_successor(const status& before, const status& now, bool same_file, bool normally_down) noexcept {
    if (same_file || (now.pid != 0 && now.pid == before.pid)) return false;
    return now.wanted == want::up || (normally_down && now.now == phase::down);
}

// How long runit waits if the limit is so many seconds: it looks every 420 ms, and gives up at the second
// look that finds the time over. A service that is in time for runit is in time for us.
ticks patience(std::uint64_t seconds) noexcept;

// The status line is word(), ": ", the name, ": ", and this.
std::string_view word(phase now) noexcept;
fixed_text<112>  particulars(const status& of, bool down_file, moment now) noexcept;

// The exit code of sv: how many services failed, 99 at most.
constexpr int code_of_failures(std::size_t failures) noexcept {
    return failures > 99 ? 99 : static_cast<int>(failures);
}

// The exit codes of an init script. Source: LSB, Init Script Actions; sv(8).
namespace lsb_code {
constexpr int running = 0, not_running = 3, unknown = 4;  // of `status`
constexpr int failure = 1, usage = 2, code = 151;
}  // namespace lsb_code

}  // namespace runwell
