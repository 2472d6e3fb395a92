#include "core/takeover.hh"

namespace runwell {
namespace {

constexpr moment earlier(moment at, ticks by) noexcept {
    const ticks nanos = static_cast<ticks>(at.nanos) - by % one_second;
    at.seconds -= by / one_second + (nanos < 0 ? 1 : 0);
    at.nanos = static_cast<std::uint32_t>(nanos < 0 ? nanos + one_second : nanos);
    return at;
}

// A deadline that is over is due at once: `never` is no time.
constexpr ticks at_or_soon(ticks deadline) noexcept { return deadline > never ? deadline : never + 1; }

// control/t has been asked on the way down, and its answer was never heard.
bool is_half_way_down(const service& s, const leftover& of) noexcept {
    if (s.now != phase::run || s.wanted == want::up || !of.script || of.script_lives) return false;
    return of.script->what == 't' && of.script->born > of.process->born;
}

}  // namespace

truth is_the_recorded(const process_record& recorded, const boot_scope& then, const sighting& seen,
                      const boot_scope& here, ticks tick) noexcept {
    if (!seen.exists) return truth::no;
    const bool know_id = recorded.id != 0 && seen.id != 0;
    if (know_id && recorded.id != seen.id) return truth::no;
    if (know_id && same_boot(then, here) == truth::yes) return truth::yes;
    if (!seen.began) return truth::unknown;
    const bool in_time = recorded.earliest - tick < *seen.began && *seen.began <= recorded.born;
    if (then.time_namespace != 0 && then.time_namespace == here.time_namespace) return in_time ? truth::yes : truth::no;
    return truth::unknown;  // two clocks that cannot be compared
}

verdict_on_process judge(const evidence& of) noexcept {
    if (!of.recorded || of.scope == truth::no || !of.exists || of.same == truth::no || (of.ended && !of.child))
        return verdict_on_process::nobody;
    if (of.same == truth::unknown || of.scope == truth::unknown || !of.trusted) return verdict_on_process::wait;
    return of.child || of.watchable ? verdict_on_process::adopt : verdict_on_process::end_first;
}

resumed resume(const leftover& of, bool is_log, const present& now) noexcept {
    resumed  left{.life = {.is_log = is_log}, .first = {}};
    service& s = left.life;
    s.wanted   = is_log && of.wanted == want::exit ? want::up : of.wanted;  // a drain is not gone on with
    s.owed     = of.owed;
    s.blocked  = of.blocked;
    s.since    = of.said.now == phase::down ? of.said.since : now.wall;
    if (of.script_lives) s.script = of.script->what;
    if (!of.process) return left;

    const ticks passed    = now.boot - of.process->born;
    const ticks age       = passed < 0 ? 0 : passed;  // another time namespace has another clock
    const bool  was_told  = of.said.pid == of.process->pid;
    const bool  is_run    = of.process->what == 'r';
    const bool  not_heard = !of.process_lives && !of.blocked && is_run && was_told && of.said.now == phase::run;
    s.started             = now.monotonic - age;
    s.not_before          = s.started + one_second;
    if (!of.process_lives && !not_heard) return left;

    s.now      = is_run ? phase::run : phase::finish;
    s.alive    = true;
    s.owed     = of.owed && !is_run;
    s.since    = was_told || !is_run ? of.said.since : earlier(now.wall, age);
    s.paused   = was_told && of.said.paused;
    s.got_term = was_told && of.said.got_term;
    if (of.kill_at && is_run) s.stop.kill_at = at_or_soon(now.monotonic + (*of.kill_at - now.boot));
    if (not_heard)
        left.first = event{.what = event::kind::ended, .status = unknown_status};
    else if (is_half_way_down(s, of))
        left.first = event{.what = event::kind::command, .order = *command_of(s.wanted == want::exit ? 'x' : 'd')};
    return left;
}

}  // namespace runwell
