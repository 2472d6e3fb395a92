#include "core/stop.hh"

namespace runwell {
namespace {

// Whether this moment has come. It comes once.
bool take(ticks& deadline, ticks at) noexcept {
    if (deadline == never || at < deadline) return false;
    deadline = never;
    return true;
}

}  // namespace

stop_actions due(escalation& of, ticks at) noexcept {
    stop_actions list;
    if (take(of.script_at, at)) list.push(stop_action::kill_script);
    if (take(of.finish_at, at)) list.push(stop_action::kill_process);
    if (take(of.kill_at, at)) {
        of.by_force = true;
        list.push(of.rest ? stop_action::kill_rest : stop_action::kill_process);
    }
    return list;
}

std::optional<ticks> next_deadline(const escalation& of) noexcept {
    std::optional<ticks> first;
    for (const ticks each : {of.kill_at, of.finish_at, of.script_at})
        if (each != never && (!first || each < *first)) first = each;
    return first;
}

}  // namespace runwell
