#include "core/succession.hh"

namespace runwell {
namespace {

constexpr moment earlier(moment at, ticks by) noexcept {
    const ticks nanos = static_cast<ticks>(at.nanos) - by % one_second;
    at.seconds -= by / one_second + (nanos < 0 ? 1 : 0);
    at.nanos = static_cast<std::uint32_t>(nanos < 0 ? nanos + one_second : nanos);
    return at;
}

// control/t has been asked on the way down, and its answer was never heard.
bool is_half_way_down(const service& s, const remains& of) noexcept {
    if (s.now != phase::run || s.wanted == want::up || !of.script || of.script_lives) return false;
    return of.script->what == 't' && of.script->born > of.process->born;
}

}  // namespace

inheritance inherit(const remains& of, bool is_log, const present& now) noexcept {
    inheritance left{.life = {.is_log = is_log}, .first = {}};
    service&    s = left.life;
    s.wanted      = of.leaving ? want::exit : of.said.wanted;
    s.since       = of.said.now == phase::down ? of.said.since : now.wall;
    if (of.script_lives) s.script = of.script->what;
    if (!of.process) return left;

    const ticks age       = now.boot - of.process->born;
    const bool  was_told  = of.said.pid == of.process->pid;
    const bool  is_run    = of.process->what == 'r';
    const bool  not_heard = !of.process_lives && is_run && was_told && of.said.now == phase::run;
    s.started             = now.monotonic - age;
    s.not_before          = s.started + one_second;
    if (!of.process_lives && !not_heard) return left;

    s.now      = is_run ? phase::run : phase::finish;
    s.alive    = true;
    s.since    = was_told || !is_run ? of.said.since : earlier(now.wall, age);
    s.paused   = was_told && of.said.paused;
    s.got_term = was_told && of.said.got_term;
    if (not_heard)
        left.first = event{.what = event::kind::ended, .status = unknown_status};
    else if (is_half_way_down(s, of))
        left.first = event{.what = event::kind::command, .order = *command_of(s.wanted == want::exit ? 'x' : 'd')};
    return left;
}

void reconcile(pair& both) noexcept {
    if (both.log.wanted != want::exit) return;
    if (both.main.now == phase::down && both.main.wanted == want::down) both.main.wanted = want::exit;
    both.log.wanted = want::up;  // it drains once more if its service still exits
}

}  // namespace runwell
