// Foreign runsv: an earlier runsvdir was killed, or a user has started one by hand. Each is left alone as long as it
// lives.
//
// Its exit is reported by the control pipe, which loses its reader. Where there are no descriptors left for that, its
// supervise/ is watched instead (a runsv that exits closes supervise/ok), and where that cannot be, it is looked at
// every five seconds.
#include <fcntl.h>
#include <unistd.h>

#include "prog/runsvdir/service_files.hh"
#include "prog/runsvdir/supervisor.hh"
#include "sys/clock.hh"
#include "sys/files.hh"

namespace runwell::runsvdir {
namespace {

constexpr ticks is_about_to_change = one_second / 100;  // it holds the lock, and does not listen yet, or any more
constexpr ticks leaves_in          = one_second;        // … after it has closed `ok`, perhaps before `control`
constexpr ticks slow_look          = 5 * one_second;

}  // namespace

// `name` is below `dir`: its name in the directory, or "." for the directory of the service itself.
bool supervisor::is_held_by_another(int dir, const char* name, std::size_t i) noexcept {
    sys::unique_fd control = control_of(dir, name);
    if (!is_supervised(dir, name, control)) return false;
    if (!control) {
        roster_.held_by_another(i, -1, sys::monotonic() + is_about_to_change);
    } else if (roster_.may_keep_descriptor() && hangups_.add(control.value())) {
        roster_.held_by_another(i, control.release(), 0);
    } else {
        roster_.held_by_another(i, -1, watch_foreign(i));
    }
    return true;
}

void supervisor::tell_foreign_to_leave(std::size_t i) noexcept {
    if (roster_[i].hangup_fd >= 0) {
        tell_to_exit(roster_[i].hangup_fd);
        return roster_.mark_leaving(i);
    }
    const sys::unique_fd service = reach(i);
    if (!service) {
        messages().warn({"unable to end the runsv of ", roster_.name(i), ": its directory has gone"});
        unwatch_foreign(roster_[i].where);
        return roster_.lost(i);
    }
    const sys::unique_fd control = control_of(service.value(), ".");
    if (!is_supervised(service.value(), ".", control)) return foreign_ended(i);
    if (!control) return roster_.tell_later(i, sys::monotonic() + is_about_to_change);
    tell_to_exit(control.value());
    roster_.mark_leaving(i);
    roster_.postpone(i, watch_foreign(i));
}

// There was no descriptor to keep for it, or it has the lock and does not listen.
void supervisor::look_at_foreign(std::size_t i) noexcept {
    const sys::unique_fd service = reach(i);
    if (!service) return roster_.postpone(i, sys::monotonic() + slow_look);
    sys::unique_fd control = control_of(service.value(), ".");
    if (!is_supervised(service.value(), ".", control)) return foreign_ended(i);
    if (control && roster_.may_keep_descriptor() && hangups_.add(control.value())) {
        unwatch_foreign(roster_[i].where);
        roster_.hangs_up_at(i, control.release(), 0);
    } else if (control) {
        const ticks now = sys::monotonic();
        roster_.hangs_up_at(i, -1, now < roster_[i].since + leaves_in ? now + is_about_to_change : watch_foreign(i));
    } else {
        roster_.hangs_up_at(i, -1, sys::monotonic() + is_about_to_change);
    }
}

void supervisor::foreign_ended(std::size_t i) noexcept {
    const sys::unique_fd service = reach(i);
    unwatch_foreign(roster_[i].where);
    roster_.released(i, service ? end_of_foreign(service.value()) : runsv_end::left, sys::monotonic());
}

void supervisor::read_hangups() noexcept {
    for (int control = hangups_.next(); control >= 0; control = hangups_.next()) {
        if (const auto i = roster_.signed_by(control)) foreign_ended(*i);
        ::close(control);
    }
}

// When it has to be looked at if nothing is heard of it.
ticks supervisor::watch_foreign(std::size_t i) noexcept {
    const ticks                  without = sys::monotonic() + slow_look;
    const char* const            path    = paths_.at(roster_[i].path);
    parts::path_watch::path_text supervise;
    if (path == nullptr || !supervise.append(path) || !supervise.append("/supervise")) return without;

    const place where = roster_[i].where;
    std::size_t k     = 0;
    while (k < foreign_.all().size() && foreign_.all()[k] != where) ++k;
    if (k == foreign_.all().size())
        for (k = 0; k < foreign_.all().size() && foreign_.all()[k] != place{};) ++k;
    if (!foreign_.grow(k + 1)) return without;
    foreign_.all()[k] = where;
    const int owner   = first_foreign - static_cast<int>(k);
    if (!watches_.watch_entries(owner, supervise.c_str(), IN_CLOSE_NOWRITE)) return without;
    // It may have exited before the watch was set.
    const sys::unique_fd service = reach(i);
    return service && control_of(service.value(), ".") ? roster::never : sys::monotonic() + is_about_to_change;
}

void supervisor::unwatch_foreign(place where) noexcept {
    for (std::size_t k = 0; k < foreign_.all().size(); ++k) {
        if (foreign_.all()[k] != where) continue;
        watches_.release(first_foreign - static_cast<int>(k));
        foreign_.all()[k] = {};
    }
}

void supervisor::heard_of_foreign(int owner) noexcept {
    const auto  k     = static_cast<std::size_t>(first_foreign - owner);
    const place where = k < foreign_.all().size() ? foreign_.all()[k] : place{};
    for (std::size_t i = 0; i < roster_.size(); ++i) {
        entry&     e  = roster_[i];
        const bool it = e.now == entry::state::foreign || e.now == entry::state::foreign_leaving;
        if (!it || e.hangup_fd >= 0 || e.where != where) continue;
        e.since = sys::monotonic();
        roster_.postpone(i, 0);
    }
}

}  // namespace runwell::runsvdir
