#include "core/log_input.hh"

#include <array>

namespace runwell {
namespace {

using action = input_action::kind;

// How long a held line waits, each time, until the pipe is looked at again. After the last it goes to memory, so that
// an idle logger sleeps for good. With SIGIO all but a resized pipe wakes it earlier: the deadlines may grow.
constexpr std::array<ticks, 5> with_sigio{one_second / 10, one_second / 2, 2 * one_second, 8 * one_second,
                                          32 * one_second};
constexpr std::array<ticks, 1> without_sigio{one_second / 20};

unsigned deadlines_of(const log_input& of) noexcept {
    return static_cast<unsigned>(of.announced ? with_sigio.size() : without_sigio.size());
}

ticks pause_behind(const log_input& of) noexcept {
    return of.announced ? with_sigio[of.deadlines] : without_sigio[of.deadlines];
}

input_action woken(log_input& of, ticks at) noexcept {
    if (of.until != 0 && at >= of.until) {
        ++of.deadlines;
        of.until = 0;
    }
    return {action::look};
}

// Sleeps until the empty pipe is written to: no SIGIO is needed for that.
input_action rest(log_input& of, std::size_t take) noexcept {
    of.asked = of.announced = false;
    of.deadlines            = 0;
    of.until                = 0;
    return {action::wait, take};
}

void pass_on(log_input& of, std::size_t bytes) noexcept {
    of.seen      = bytes;
    of.held      = 0;
    of.deadlines = 0;
    of.until     = 0;
}

input_action to_memory(log_input& of) noexcept {
    const std::size_t take = of.held;
    of.owned += take;
    of.held = 0;
    return rest(of, take);
}

// Nothing has come after the held line.
input_action nothing_new(log_input& of, const input_event& event) noexcept {
    if (event.hung_up && !event.no_room) {
        pass_on(of, of.held);
        return {action::end};
    }
    if (!of.asked && !event.hung_up) return {action::watch};
    if (of.deadlines >= deadlines_of(of)) return to_memory(of);
    if (event.no_room) return {action::grow};
    if (of.until == 0) of.until = event.at + pause_behind(of);
    return {action::wait};
}

input_action looked(log_input& of, const input_event& event) noexcept {
    if (event.bytes < of.held) of.held = event.bytes;  // another process reads the pipe, too
    if (event.bytes == 0) return rest(of, 0);
    if (event.bytes == of.held) return nothing_new(of, event);
    pass_on(of, event.bytes);
    return {action::log};
}

input_action logged(log_input& of, std::size_t bytes) noexcept {
    const std::size_t in_memory = of.owned + of.seen;
    std::size_t       take      = bytes > of.owned ? bytes - of.owned : 0;
    of.owned                    = bytes > of.owned ? 0 : of.owned - bytes;
    const std::size_t left      = in_memory - bytes - of.owned;  // the beginning of a line, in the pipe
    of.seen                     = 0;
    if (left > 0 && of.owned == 0 && left <= most_held) {
        of.held = left;
        return {action::look, take};
    }
    take += left;
    of.owned += left;
    return rest(of, take);
}

}  // namespace

input_action step(log_input& of, const input_event& event) noexcept {
    switch (event.what) {
        case input_event::kind::woken: return woken(of, event.at);
        case input_event::kind::looked: return looked(of, event);
        case input_event::kind::end: pass_on(of, 0); return {action::end};
        case input_event::kind::watching:
            of.asked     = true;
            of.announced = event.announced;
            return {action::look};
        case input_event::kind::enlarged: return {action::look};
        case input_event::kind::full: return to_memory(of);
        case input_event::kind::logged: return logged(of, event.bytes);
    }
    return {};
}

input_wait waits(const log_input& of) noexcept {
    using means = input_wait::means;
    if (of.held == 0) return {means::level, std::nullopt};
    return {of.announced ? means::sigio : means::edge, of.until};
}

}  // namespace runwell
