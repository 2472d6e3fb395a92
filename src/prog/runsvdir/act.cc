// Acting for the roster: starts runsv processes, and sends them TERM.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "core/error_words.hh"
#include "prog/runsvdir/service_files.hh"
#include "prog/runsvdir/supervisor.hh"
#include "sys/clock.hh"
#include "sys/files.hh"
#include "sys/spawn.hh"

namespace runwell::runsvdir {
namespace {

constexpr ticks fork_again    = one_second;
constexpr ticks execute_again = 5 * one_second;
constexpr int   most_starts   = 32;  // before signals are looked at again

}  // namespace

void supervisor::act() noexcept {
    const ticks now = sys::monotonic();
    for (std::size_t i = 0; i < roster_.size(); ++i) {
        if (roster_.must_look(i, now)) look_at_foreign(i);
        if (roster_.must_leave(i, now)) tell_to_leave(i);
        if (roster_.must_stop(i, now) && now >= no_fork_before_) start_to_stop(i);
        if (roster_[i].now == entry::state::resting && !roster_[i].listening && !ending_) listen_for_requests(i);
    }
    if (missing_ || ending_ || now < no_fork_before_) return;
    sys::unique_fd dir;
    int            starts = 0;
    for (std::size_t i = 0; i < roster_.size() && starts < most_starts; ++i) {
        if (!roster_.may_start(i, now)) continue;
        if (!dir) dir = enter();
        if (!dir || !start(dir.value(), i)) return;
        ++starts;
    }
}

// False when no more can be started now.
bool supervisor::start(int dir, std::size_t i) noexcept {
    if (roster_[i].settling) watches_.release(static_cast<int>(i));
    if (roster_[i].listening && !stop_listening(dir, i)) {
        roster_[i].stale = look_again_ = true;
        roster_.postpone(i, sys::monotonic() + roster::settles_in);
        return true;
    }
    if (is_held_by_another(dir, roster_.name_text(i), i)) return true;
    // From before this runsvdir there may be something left as well.
    if (roster_[i].started == 0)
        if (const auto service = reach(i))
            if (end_of_foreign(service.value()) == runsv_end::killed) roster_.found_leftovers(i);
    return spawn_runsv(dir, i, roster_.name_text(i), false);
}

// What a killed runsv has left is taken over by another one, which is sent TERM before it has begun: it starts nothing,
// and ends what lives. The name of the service may have gone, so it is given the path.
void supervisor::start_to_stop(std::size_t i) noexcept {
    const sys::unique_fd service = reach(i);
    if (!service) {
        messages().warn(
            {"unable to stop what a killed runsv has left of ", roster_.name(i), ": its directory has gone"});
        roster_.lost(i);
        return;
    }
    if (!is_held_by_another(service.value(), ".", i)) spawn_runsv(-1, i, paths_.at(roster_[i].path), true);
}

bool supervisor::spawn_runsv(int dir, std::size_t i, const char* name, bool to_stop) noexcept {
    const char* const     argv[] = {"runsv", name, nullptr};
    const sys::child_plan plan{.path       = "runsv",
                               .argv       = argv,
                               .envp       = environ,
                               .dir        = dir,
                               .session    = session_,
                               .term_waits = to_stop || roster_[i].leftovers,
                               .files      = &files_};
    const sys::spawned    what = sys::spawn(plan);
    const ticks           now  = sys::monotonic();
    if (what.pid > 0) {
        if (to_stop) ::kill(what.pid, SIGTERM);
        roster_.started(i, what.pid, now);
        return true;
    }
    if (what.pid < 0) {
        messages().warn({"unable to fork for ", name, ": ", error_words(what.code)});
        no_fork_before_ = now + fork_again;
        return false;
    }
    messages().error(error{"unable to start runsv ", name, what.code});
    roster_.postpone(i, now + execute_again);
    return true;
}

// The directory of a service by its path, which works without its name; nothing when the path leads to another one.
sys::unique_fd supervisor::reach(std::size_t i) const noexcept {
    const char* const path = paths_.at(roster_[i].path);
    if (path == nullptr) return {};
    auto        dir = sys::hold_directory(AT_FDCWD, path);
    struct stat found;
    if (!dir || ::fstat(dir->value(), &found) != 0 || place_of(found) != roster_[i].where) return {};
    return std::move(*dir);
}

void supervisor::tell_to_leave(std::size_t i) noexcept {
    if (roster_[i].now == entry::state::foreign) return tell_foreign_to_leave(i);
    ::kill(roster_[i].pid, SIGTERM);
    roster_.mark_leaving(i);
}

std::optional<ticks> supervisor::next_deadline() const noexcept {
    std::optional<ticks> soonest = ending_ || !missing_ ? roster_.next() : std::nullopt;
    if (soonest) soonest = std::max(*soonest, no_fork_before_);
    const auto unless_ending = [&](std::optional<ticks> when) { return ending_ ? std::nullopt : when; };
    const auto report        = ending_ ? report_.due(left()) : std::nullopt;
    for (const std::optional<ticks> other : {unless_ending(slow_at_), log_.next_dot(), report})
        if (other && (!soonest || *other < *soonest)) soonest = other;
    return soonest;
}

}  // namespace runwell::runsvdir
