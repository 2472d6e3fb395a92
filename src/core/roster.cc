#include "core/roster.hh"

#include <algorithm>
#include <cstring>
#include <utility>

namespace runwell {
namespace {

using stage = entry::stage;

std::uint32_t hash_of(std::string_view name) noexcept {
    std::uint32_t hash = 2166136261U;  // FNV-1a
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    return hash;
}

bool has_process(const entry& e) noexcept {
    switch (e.now) {
        case stage::none:
        case stage::astray:
        case stage::alias:
        case stage::waiting: return false;
        case stage::running:
        case stage::leaving:
        case stage::held:
        case stage::dismissed: return true;
    }
    return false;
}

// It stands for its directory: no other listed entry does.
bool owns(const entry& e) noexcept {
    return e.listed && (e.now == stage::waiting || e.now == stage::running || e.now == stage::held);
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
        for (i = 0; entries_[i].now != stage::none;) ++i;
    ++count_;
    entries_[i]            = entry{};
    entries_[i].hash       = hash_of(name);
    entries_[i].now        = stage::astray;
    const std::size_t size = std::min(name.size(), names_[i].size() - 1);
    std::memcpy(names_[i].data(), name.data(), size);
    names_[i][size] = '\0';
    return i;
}

void roster::free_slot(std::size_t i) noexcept {
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
        e.listed = e.seen = e.stale = e.settling = false;
    }
    const entry old = std::exchange(entries_[i], entry{});
    entry&      e   = entries_[i];
    e.hash          = old.hash;
    e.now           = stage::astray;
    e.listed = e.seen = true;
    e.stale           = old.stale;
    e.trouble         = old.trouble;
}

void roster::leads_to(std::size_t i, place where, ticks not_before) noexcept {
    entry& e = entries_[i];
    if (e.now != stage::astray && e.where == where) {
        if (e.now == stage::waiting && e.started == 0) e.not_before = not_before;
        return;
    }
    set_aside(i);
    e.now        = owner_of(where) ? stage::alias : stage::waiting;
    e.where      = where;
    e.not_before = not_before;
}

void roster::leads_nowhere(std::size_t i) noexcept {
    if (entries_[i].now != stage::astray) set_aside(i);
}

void roster::unlist(std::size_t i) noexcept {
    entry& e = entries_[i];
    if (!owns(e)) {
        free_slot(i);
        return;
    }
    e.listed = e.seen = e.stale = e.settling = false;
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
        if (entries_[k].now == stage::alias && entries_[k].where == where) return k;
    return std::nullopt;
}

void roster::hand_over(std::size_t from, std::size_t to) noexcept {
    const entry& old  = entries_[from];
    entry&       heir = entries_[to];
    heir.now          = old.now;
    heir.started      = old.started;
    heir.not_before   = std::max(heir.not_before, old.not_before);
    heir.pid          = old.pid;
    heir.sign         = old.sign;
    free_slot(from);
}

void roster::settle() noexcept {
    for (std::size_t i = 0; i < used_; ++i) {
        const entry& e = entries_[i];
        if (e.listed || (e.now != stage::waiting && e.now != stage::running && e.now != stage::held)) continue;
        if (const auto heir = heir_of(i))
            hand_over(i, *heir);
        else if (e.now == stage::waiting)
            free_slot(i);
    }
    departing_ = 0;
    for (std::size_t i = 0; i < used_; ++i) {
        entry& e = entries_[i];
        if (e.now == stage::alias && !owner_of(e.where)) e.now = stage::waiting;
        if (!e.listed && has_process(e)) ++departing_;
    }
}

// -- what is to be done -----------------------------------------------------------------------------------------------

bool roster::must_leave(std::size_t i) const noexcept {
    const entry& e = entries_[i];
    return !e.listed && (e.now == stage::running || e.now == stage::held);
}

// A process that has not ended yet still holds the directory or, by a link from under that name, the lock.
bool roster::is_blocked(std::size_t i) const noexcept {
    if (departing_ == 0) return false;
    for (std::size_t k = 0; k < used_; ++k) {
        const entry& other = entries_[k];
        if (other.listed || !has_process(other)) continue;
        if (other.where == entries_[i].where || is_called(k, entries_[i].hash, name(i))) return true;
    }
    return false;
}

bool roster::may_start(std::size_t i, ticks now) const noexcept {
    const entry& e = entries_[i];
    return e.listed && e.now == stage::waiting && e.not_before <= now && !is_blocked(i);
}

bool roster::must_look(std::size_t i, ticks now) const noexcept {
    const entry& e = entries_[i];
    return (e.now == stage::held || e.now == stage::dismissed) && e.sign < 0 && e.not_before <= now;
}

std::optional<ticks> roster::next() const noexcept {
    std::optional<ticks> soonest;
    for (std::size_t i = 0; i < used_; ++i) {
        const entry& e       = entries_[i];
        const bool   starts  = e.listed && e.now == stage::waiting && !is_blocked(i);
        const bool   to_look = (e.now == stage::held || e.now == stage::dismissed) && e.sign < 0;
        if ((starts || to_look) && (!soonest || e.not_before < *soonest)) soonest = e.not_before;
    }
    return soonest;
}

std::size_t roster::living() const noexcept {
    return static_cast<std::size_t>(std::ranges::count_if(entries_.first(used_), has_process));
}

// -- what happened ----------------------------------------------------------------------------------------------------

void roster::told(std::size_t i) noexcept {
    entry& e = entries_[i];
    e.now    = e.now == stage::held ? stage::dismissed : stage::leaving;
}

void roster::started(std::size_t i, std::int32_t pid, ticks now) noexcept {
    entry& e  = entries_[i];
    e.now     = stage::running;
    e.pid     = pid;
    e.started = now;
}

void roster::postpone(std::size_t i, ticks until) noexcept { entries_[i].not_before = until; }

void roster::held_by_another(std::size_t i, std::int32_t sign, ticks look_at) noexcept {
    entry& e     = entries_[i];
    e.now        = stage::held;
    e.sign       = sign;
    e.not_before = look_at;
}

void roster::released(std::size_t i) noexcept {
    entry& e = entries_[i];
    if (!e.listed) {
        free_slot(i);
        --departing_;
        return;
    }
    e.now        = stage::waiting;
    e.sign       = -1;
    e.not_before = 0;
}

bool roster::ended(std::int32_t pid) noexcept {
    for (std::size_t i = 0; i < used_; ++i) {
        entry& e = entries_[i];
        if (e.pid != pid || (e.now != stage::running && e.now != stage::leaving)) continue;
        if (e.listed) {
            e.now        = stage::waiting;
            e.pid        = 0;
            e.not_before = e.started + one_second;
        } else {
            free_slot(i);
            --departing_;
        }
        return true;
    }
    return false;
}

std::optional<std::size_t> roster::signed_by(std::int32_t sign) const noexcept {
    for (std::size_t i = 0; i < used_; ++i)
        if (entries_[i].sign == sign && has_process(entries_[i])) return i;
    return std::nullopt;
}

}  // namespace runwell
