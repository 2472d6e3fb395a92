#include "prog/runsv/estate.hh"

#include <cerrno>
#include <utility>

#include "sys/clock.hh"
#include "sys/ledger.hh"

namespace runwell {
namespace {

constexpr ticks patience = 5 * one_second;  // between TERM and KILL for what cannot be taken over

struct estate {
    ledger  left;
    remains found;
    bool    is_there = false;  // somebody has left it, here
};

// Whether this process is there, with its worker to be asked about it.
bool find(const std::optional<birth>& born, worker& as, const sys::voice& say) noexcept {
    if (!born) return false;
    const auto pid = static_cast<pid_t>(born->pid);
    if (sys::is_child(pid)) {
        as.pid = pid;
        return true;
    }
    auto watched = sys::orphan::watch(*born);
    if (watched) {
        as.pid    = pid;
        as.orphan = std::move(*watched);
        return true;
    }
    if (watched.why().error != ESRCH && sys::lives(*born)) {
        say.warn(watched.why());
        sys::end(*born, patience);
    }
    return false;
}

estate look_at(post& its, const origin& here, const service& fresh, const sys::voice& say) noexcept {
    estate e{.left = sys::read_ledger(its.files.ledger())};
    e.is_there = e.left.from && e.left.from->is_where(here);
    if (!e.is_there) return e;

    remains& of      = e.found;
    of.said          = its.files.last_said().value_or(status{.since = fresh.since, .wanted = fresh.wanted});
    of.leaving       = its.files.last_said_exit();
    of.process       = e.left.process;
    of.process_lives = find(of.process, its.process, say);
    of.script        = e.left.script;
    of.script_lives  = find(of.script, its.script, say);

    // A container that is started again has the numbers of the one before, and is another life.
    const auto began = sys::namespace_began();
    if (!began || *began > e.left.from->since) {
        of.said.wanted = fresh.wanted;
        of.leaving     = false;
    }
    return e;
}

// The pipe is had back from whoever has it. ENOENT: nobody has it.
outcome reopen(sys::pipe_ends& pipe, std::uint64_t inode, const post& main, const post& log) noexcept {
    outcome tried = done{};
    for (const worker* holder : {&log.process, &main.process, &main.script}) {
        if (holder->pid == 0) continue;
        auto ends = sys::reopen_pipe(static_cast<std::uint32_t>(holder->pid), inode);
        if (ends) {
            pipe = std::move(*ends);
            return done{};
        }
        if (tried || ends.why().error != ENOENT) tried = ends.why();
    }
    return tried;
}

// Ends what lives of the two, the logger last and by the end of its input if it can.
void end_all(estate& of_main, estate& of_log, post& main, post& log) noexcept {
    if (of_main.found.script_lives) sys::end(*of_main.found.script, patience);
    if (of_main.found.process_lives) sys::end(*of_main.found.process, patience);
    if (of_log.found.process_lives && !sys::wait_for_end(*of_log.found.process, patience))
        sys::end(*of_log.found.process, patience);
    for (estate* e : {&of_main, &of_log}) e->found.process_lives = e->found.script_lives = false;
    for (worker* one : {&main.process, &main.script, &log.process}) *one = {};
}

}  // namespace

news take_over(pair& state, post& main, post& log, sys::pipe_ends& pipe, const sys::voice& say) noexcept {
    const auto here = sys::here_and_now();
    if (!here) {
        sys::empty_ledger(main.files.ledger());
        if (state.has_log) sys::empty_ledger(log.files.ledger());
        return {};
    }

    estate of_main = look_at(main, *here, state.main, say), of_log;
    if (state.has_log) of_log = look_at(log, *here, state.log, say);

    origin from = *here;
    if (of_main.is_there) from.pipe = of_main.left.from->pipe;
    if (state.has_log && !pipe.write && from.pipe != 0) {
        const outcome reopened = reopen(pipe, from.pipe, main, log);
        if (!reopened && reopened.why().error != ENOENT) {
            say.warn(reopened.why());
            end_all(of_main, of_log, main, log);
        }
    }
    if (!pipe.write) from.pipe = 0;
    sys::begin_ledger(main.files.ledger(), from, of_main.is_there);
    if (state.has_log) sys::begin_ledger(log.files.ledger(), *here, of_log.is_there);

    const present now{.monotonic = sys::monotonic(), .boot = sys::since_boot(), .wall = sys::wall()};
    news          tell;
    if (of_main.is_there) {
        const inheritance of = inherit(of_main.found, false, now);
        state.main           = of.life;
        tell.of_main         = of.first;
    }
    if (of_log.is_there) {
        const inheritance of = inherit(of_log.found, true, now);
        state.log            = of.life;
        tell.of_log          = of.first;
    }
    reconcile(state);
    return tell;
}

}  // namespace runwell
