#include "core/roster.hh"

#include <algorithm>
#include <cstring>
#include <utility>

namespace runwell {
namespace {

using state = entry::state;

std::uint32_t hash_of(std::string_view name) noexcept {
    std::uint32_t hash = 2166136261U;  // FNV-1a
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    return hash;
}

bool has_process(const entry& e) noexcept {
    switch (e.now) {
        case state::none:
        case state::dangling:
        case state::alias:
        case state::waiting:
        case state::resting: return false;
        case state::running:
        case state::leaving:
        case state::foreign:
        case state::foreign_leaving: return true;
    }
    return false;
}

// It stands for a directory, whether it has a name or not.
bool stands(const entry& e) noexcept {
    return e.now == state::waiting || e.now == state::resting || e.now == state::running || e.now == state::foreign;
}

// It stands for its directory: no other listed entry does.
bool owns(const entry& e) noexcept { return e.listed && stands(e); }

// Without a name, and not done with.
bool departs(const entry& e) noexcept {
    return !e.listed && (has_process(e) || (e.now == state::waiting && e.leftovers));
}

bool is_foreign(const entry& e) noexcept { return e.now == state::foreign || e.now == state::foreign_leaving; }

// Never two starts within one second.
ticks second_after(const entry& e) noexcept { return e.started == 0 ? 0 : e.started + one_second; }

bool starts_some_day(const entry& e) noexcept {
    return e.listed && (e.now == state::waiting || e.now == state::resting);
}

}  // namespace

void roster::give_room(std::span<entry> entries, std::span<entry_name> names) noexcept {
    entries_ = entries;
    names_   = names;
}

// -- slots ------------------------------------------------------------------------------------------------------------

std::size_t roster::take_slot(std::string_view name) noexcept {
    std::size_t i = used_;
    if (count_ == used_)
        ++used_;
    else
        for (i = 0; entries_[i].now != state::none;) ++i;
    ++count_;
    entries_[i]            = entry{};
    entries_[i].hash       = hash_of(name);
    entries_[i].now        = state::dangling;
    const std::size_t size = std::min(name.size(), names_[i].size() - 1);
    std::memcpy(names_[i].data(), name.data(), size);
    names_[i][size] = '\0';
    return i;
}

void roster::free_slot(std::size_t i) noexcept {
    if (entries_[i].hangup_fd >= 0) --descriptors_;
    entries_[i] = entry{};
    --count_;
}

bool roster::is_called(std::size_t i, std::uint32_t hash, std::string_view name) const noexcept {
    return entries_[i].hash == hash && this->name(i) == name;
}

std::optional<std::size_t> roster::find(std::string_view name) const noexcept {
    const std::uint32_t hash = hash_of(name);
    for (std::size_t n = 0, i = last_; n < used_; ++n) {
        if (++i >= used_) i = 0;
        if (entries_[i].listed && is_called(i, hash, name)) return i;
    }
    return std::nullopt;
}

std::optional<std::size_t> roster::owner_of(place where) const noexcept {
    for (std::size_t i = 0; i < used_; ++i)
        if (entries_[i].where == where && owns(entries_[i])) return i;
    return std::nullopt;
}

// -- what was seen ----------------------------------------------------------------------------------------------------

void roster::begin_look() noexcept {
    for (entry& e : entries_.first(used_)) e.seen = false;
}

std::size_t roster::list(std::string_view name) noexcept {
    const auto        known = find(name);
    const std::size_t i     = known ? *known : take_slot(name);
    entries_[i].listed = entries_[i].seen = true;
    last_                                 = i;
    return i;
}

// What the entry stood for goes on without a name, in a slot of its own; the name is free to lead elsewhere.
void roster::set_aside(std::size_t i) noexcept {
    if (owns(entries_[i])) {
        const std::size_t aside = take_slot(name(i));
        entry&            e     = entries_[aside];
        e                       = entries_[i];
        e.listed = e.seen = e.stale = e.settling = e.listening = false;
    }
    const entry old = std::exchange(entries_[i], entry{});
    entry&      e   = entries_[i];
    e.hash          = old.hash;
    e.now           = state::dangling;
    e.listed = e.seen = true;
    e.stale           = old.stale;
    e.unwatched       = old.unwatched;
    e.error           = old.error;
}

void roster::leads_to(std::size_t i, place where) noexcept {
    entry& e = entries_[i];
    if (e.now != state::dangling && e.where == where) {
        if (e.settling) e.not_before = 0;
        e.settling = false;
        return;
    }
    set_aside(i);
    e.now   = owner_of(where) ? state::alias : state::waiting;
    e.where = where;
}

void roster::still_changes(std::size_t i, ticks now, bool heard, bool runs) noexcept {
    entry& e = entries_[i];
    if (e.now != state::waiting || e.started != 0) return;
    if (e.since == 0) e.since = now;
    e.settling   = true;
    e.not_before = std::min(now + (heard && runs ? settles_in : gives_up_in), e.since + settles_once);
}

void roster::leads_nowhere(std::size_t i) noexcept {
    if (entries_[i].now != state::dangling) set_aside(i);
}

void roster::unlist(std::size_t i) noexcept {
    entry& e = entries_[i];
    if (!owns(e)) {
        free_slot(i);
        return;
    }
    e.listed = e.seen = e.stale = e.settling = e.listening = false;
}

bool roster::lists_any() const noexcept {
    return std::ranges::any_of(entries_.first(used_), [](const entry& e) { return e.listed; });
}

void roster::unlist_all() noexcept {
    for (std::size_t i = 0; i < used_; ++i)
        if (entries_[i].listed) unlist(i);
}

// Another name of the same directory: the one that stands for it already, else an alias.
std::optional<std::size_t> roster::heir_of(std::size_t i) const noexcept {
    const place where = entries_[i].where;
    if (const auto owner = owner_of(where)) return owner;
    for (std::size_t k = 0; k < used_; ++k)
        if (entries_[k].now == state::alias && entries_[k].where == where) return k;
    return std::nullopt;
}

void roster::hand_over(std::size_t from, std::size_t to) noexcept {
    const entry& old    = entries_[from];
    entry&       heir   = entries_[to];
    const bool   is_new = heir.now == state::waiting;  // a name that has come since asks for a runsv
    const bool   rests  = old.now == state::resting;
    const bool   asked  = rests && is_new;
    heir.leftovers      = heir.leftovers || old.leftovers;
    if (has_process(heir)) return free_slot(from);
    heir.now = asked ? state::waiting : old.now;
    if (!asked) heir.not_before = std::max(heir.not_before, rests ? old.not_before : second_after(old));
    heir.started   = old.started;
    heir.since     = old.since;
    heir.pid       = old.pid;
    heir.settling  = false;
    heir.hangup_fd = std::exchange(entries_[from].hangup_fd, -1);
    free_slot(from);
}

void roster::settle() noexcept {
    for (std::size_t i = 0; i < used_; ++i) {
        const entry& e = entries_[i];
        if (e.listed || !stands(e)) continue;
        if (const auto heir = heir_of(i))
            hand_over(i, *heir);
        else if (!departs(e))
            free_slot(i);
        else if (e.now == state::waiting && e.tries == 0)
            entries_[i].not_before = 0;  // what stops it starts nothing
    }
    departing_ = 0;
    for (std::size_t i = 0; i < used_; ++i) {
        entry& e = entries_[i];
        if (e.now == state::alias && !owner_of(e.where)) e.now = state::waiting;
        if (departs(e)) ++departing_;
    }
}

// -- what asks for a runsv --------------------------------------------------------------------------------------------

void roster::ask(std::size_t i) noexcept {
    entry& e = entries_[i];
    if (e.now != state::resting) return;
    e.now        = state::waiting;
    e.not_before = 0;
}

void roster::ask_all() noexcept {
    for (std::size_t i = 0; i < used_; ++i) ask(i);
}

void roster::stirs(std::size_t i, ticks now) noexcept {
    entry& e = entries_[i];
    if (e.now != state::resting) return;
    e.not_before = std::min(now + settles_in, e.since + rest);
}

// -- pending work -----------------------------------------------------------------------------------------------------

bool roster::must_leave(std::size_t i, ticks now) const noexcept {
    const entry& e = entries_[i];
    return !e.listed && (e.now == state::running || e.now == state::foreign) && e.tell_at <= now;
}

bool roster::must_stop(std::size_t i, ticks now) const noexcept {
    const entry& e = entries_[i];
    return !e.listed && e.now == state::waiting && e.not_before <= now;
}

// An entry that has not left yet still holds the directory or, by a link from under that name, the lock.
bool roster::is_blocked(std::size_t i) const noexcept {
    if (departing_ == 0) return false;
    for (std::size_t k = 0; k < used_; ++k) {
        const entry& other = entries_[k];
        if (!departs(other)) continue;
        if (other.where == entries_[i].where || is_called(k, entries_[i].hash, name(i))) return true;
    }
    return false;
}

bool roster::may_start(std::size_t i, ticks now) const noexcept {
    const entry& e = entries_[i];
    return starts_some_day(e) && e.not_before <= now && !is_blocked(i);
}

bool roster::must_look(std::size_t i, ticks now) const noexcept {
    const entry& e = entries_[i];
    return is_foreign(e) && e.hangup_fd < 0 && e.not_before <= now;
}

std::optional<ticks> roster::next() const noexcept {
    ticks      soonest  = never;
    const auto consider = [&](ticks when) { soonest = std::min(soonest, when); };
    for (std::size_t i = 0; i < used_; ++i) {
        const entry& e = entries_[i];
        if (starts_some_day(e) && !is_blocked(i)) consider(e.not_before);
        if (!e.listed && e.now == state::waiting) consider(e.not_before);
        if (!e.listed && e.now == state::foreign) consider(e.tell_at);
        if (is_foreign(e) && e.hangup_fd < 0) consider(e.not_before);
    }
    return soonest == never ? std::nullopt : std::optional{soonest};
}

std::size_t roster::living() const noexcept {
    return static_cast<std::size_t>(std::ranges::count_if(entries_.first(used_), has_process));
}

// -- what happened ----------------------------------------------------------------------------------------------------

void roster::mark_leaving(std::size_t i) noexcept {
    entry& e = entries_[i];
    e.now    = e.now == state::foreign ? state::foreign_leaving : state::leaving;
}

void roster::tell_later(std::size_t i, ticks when) noexcept { entries_[i].tell_at = when; }

void roster::lost(std::size_t i) noexcept {
    if (departs(entries_[i])) --departing_;
    free_slot(i);
}

// Without a name it is started to stop what is left, with the signal to leave.
void roster::started(std::size_t i, std::int32_t pid, ticks now) noexcept {
    entry& e   = entries_[i];
    e.now      = e.listed ? state::running : state::leaving;
    e.pid      = pid;
    e.started  = now;
    e.settling = false;
    if (!e.listed) ++e.tries;
}

void roster::held_by_another(std::size_t i, std::int32_t hangup_fd, ticks look_at) noexcept {
    entries_[i].now      = state::foreign;
    entries_[i].settling = false;
    hangs_up_at(i, hangup_fd, look_at);
}

void roster::hangs_up_at(std::size_t i, std::int32_t hangup_fd, ticks look_at) noexcept {
    entry& e = entries_[i];
    if (e.hangup_fd < 0 && hangup_fd >= 0) ++descriptors_;
    if (e.hangup_fd >= 0 && hangup_fd < 0) --descriptors_;
    e.hangup_fd  = hangup_fd;
    e.not_before = look_at;
}

// Its runsv has ended: rest, start another, stop what it has left, or forget it.
void roster::without_process(std::size_t i, runsv_end how, ticks now) noexcept {
    entry& e = entries_[i];
    switch (how) {
        case runsv_end::left: e.leftovers = false; break;
        case runsv_end::failed: break;
        case runsv_end::killed: e.leftovers = true; break;
    }
    e.pid = 0;
    if (!e.listed && (!e.leftovers || e.tries >= most_tries)) return lost(i);
    const bool rests = e.listed && how == runsv_end::left;
    e.now            = rests ? state::resting : state::waiting;
    e.since          = now;
    e.not_before     = rests ? now + rest : e.listed || e.tries != 0 ? second_after(e) : now;
}

void roster::released(std::size_t i, runsv_end how, ticks now) noexcept {
    hangs_up_at(i, -1, 0);
    without_process(i, how, now);
}

bool roster::ended(std::int32_t pid, runsv_end how, ticks now) noexcept {
    for (std::size_t i = 0; i < used_; ++i) {
        const entry& e = entries_[i];
        if (e.pid != pid || (e.now != state::running && e.now != state::leaving)) continue;
        without_process(i, how, now);
        return true;
    }
    return false;
}

std::optional<std::size_t> roster::signed_by(std::int32_t hangup_fd) const noexcept {
    for (std::size_t i = 0; i < used_; ++i)
        if (entries_[i].hangup_fd == hangup_fd && is_foreign(entries_[i])) return i;
    return std::nullopt;
}

}  // namespace runwell
