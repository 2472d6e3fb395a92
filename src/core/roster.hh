// roster.hh — which services a directory lists, and who looks after each: what to start, and what to end.
//
//                 started()                        the name goes, or leads elsewhere
//      waiting ───────────────▶ running ────────────────────────────▶ leaving ─────▶ forgotten
//       ▲ ▲ ▲                      │                                        ended()
//       │ │ └── ended(): again, ───┘
//       │ │     but never two starts within one second
//       │ │
//       │ └──── released() ─────┐                 the name goes
//       └── held_by_another() ─▶ held ──────────────────────────────▶ dismissed ───▶ forgotten
//                                                                           released()
//
// A service is a directory, known by device and inode. A name is only the way to it: two names of one directory are
// one service (the second is an `alias`), and a name that comes to lead to another directory is another service. So
//
//   · a renamed service keeps its runsv, and so does one that the directory lists under another name in the same look;
//   · whatever has left the list keeps its entry until its runsv has been reaped, and until then no runsv is started
//     for the same directory or under the same name.
//
// The roster is told what was seen (list, leads_to, leads_nowhere, unlist; then settle) and what happened to the
// processes; it answers what must be done (must_leave, may_start) and when to ask again (next). It never touches
// anything: prog/runsvdir.cc does. Its room is given to it.
//
// Sources: runsvdir(8); behaviour measured on runit 2.1.2 and 2.3.1.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/machine.hh"

namespace runwell {

// What a directory is, whatever it is called.
struct place {
    std::uint64_t device = 0;
    std::uint64_t inode  = 0;

    friend constexpr bool operator==(const place&, const place&) = default;
};

// The name of an entry: at most 255 bytes, and a zero byte.
using entry_name = std::array<char, 256>;

struct entry {
    enum class stage : std::uint8_t {
        none,       // a free slot
        astray,     // the name leads to no directory
        alias,      // another name of a directory that another entry stands for
        waiting,    // no process; to be started once `not_before` has come
        running,    // our runsv
        leaving,    // our runsv, told to end
        held,       // somebody else's runsv
        dismissed,  // somebody else's runsv, told to end
    };
    place         where;
    ticks         started    = 0;   // the last start; 0: never
    ticks         not_before = 0;   // waiting: not started before; held, without a sign: look again then
    std::uint32_t hash       = 0;   // of the name
    std::int32_t  pid        = 0;   // of our runsv
    std::int32_t  sign       = -1;  // held, dismissed: by what the program hears of the other's end; -1: it has to look
    stage         now        = stage::none;
    bool          listed     = false;  // the directory has this name
    bool          seen       = false;  // … and it has been listed since begin_look()

    // Notes of the program; the roster keeps them with the name and does not read them.
    bool stale    = false;  // where the name leads may have changed
    bool settling = false;  // the directory is still being filled
    int  trouble  = 0;      // what was last said to be wrong with it: errno
};

class roster {
public:
    // More room, equally long; what the smaller room held has been copied to its beginning. Zero bytes are free slots.
    void give_room(std::span<entry> entries, std::span<entry_name> names) noexcept;
    // How many more entries there is room for.
    std::size_t room() const noexcept { return entries_.size() - count_; }
    // Entries have indexes below size(). An entry keeps its index; some indexes are free slots.
    std::size_t      size() const noexcept { return used_; }
    entry&           operator[](std::size_t i) noexcept { return entries_[i]; }
    const entry&     operator[](std::size_t i) const noexcept { return entries_[i]; }
    std::string_view name(std::size_t i) const noexcept { return names_[i].data(); }
    const char*      name_text(std::size_t i) const noexcept { return names_[i].data(); }

    // What was seen in the directory. The answers below hold after settle().
    //
    // begin_look() before a look at all of it; afterwards, what is listed but not `seen` is to be unlisted.
    void begin_look() noexcept;
    // There is such a name: its entry, for leads_to or leads_nowhere if it is new. Needs room for one.
    std::size_t list(std::string_view name) noexcept;
    // It leads to this directory, which is not to be started before `not_before`. Needs room for one.
    void leads_to(std::size_t i, place where, ticks not_before) noexcept;
    // It leads to no directory. Needs room for one.
    void leads_nowhere(std::size_t i) noexcept;
    // The listed entry of that name.
    std::optional<std::size_t> find(std::string_view name) const noexcept;
    void                       unlist(std::size_t i) noexcept;
    void                       unlist_all() noexcept;
    // All has been said: what has no name any more is handed to another name of the same directory, or has to leave.
    void settle() noexcept;

    // What is to be done.
    bool must_leave(std::size_t i) const noexcept;            // tell its runsv to end, then say told()
    bool may_start(std::size_t i, ticks now) const noexcept;  // then say started, postpone or held_by_another
    bool must_look(std::size_t i,
                   ticks       now) const noexcept;      // whether another's runsv is still there; postpone, released
    std::optional<ticks> next() const noexcept;    // when to ask again, if nothing happens before
    std::size_t          living() const noexcept;  // runsv processes, ours and others'

    // What was done, and what happened.
    void told(std::size_t i) noexcept;
    void started(std::size_t i, std::int32_t pid, ticks now) noexcept;
    void postpone(std::size_t i, ticks until) noexcept;
    // Somebody else's runsv has it. Without a sign (-1) it must be looked at again at `look_at`.
    void held_by_another(std::size_t i, std::int32_t sign, ticks look_at) noexcept;
    // The other's runsv has ended.
    void released(std::size_t i) noexcept;
    // A child was reaped. False when it was no runsv of the roster.
    bool ended(std::int32_t pid) noexcept;
    // Who is heard of by that sign.
    std::optional<std::size_t> signed_by(std::int32_t sign) const noexcept;

private:
    std::size_t take_slot(std::string_view name) noexcept;
    void        free_slot(std::size_t i) noexcept;
    void        set_aside(std::size_t i) noexcept;
    void        hand_over(std::size_t from, std::size_t to) noexcept;
    bool        is_called(std::size_t i, std::uint32_t hash, std::string_view name) const noexcept;
    bool        is_blocked(std::size_t i) const noexcept;

    std::optional<std::size_t> owner_of(place where) const noexcept;
    std::optional<std::size_t> heir_of(std::size_t i) const noexcept;

    std::span<entry>      entries_;
    std::span<entry_name> names_;
    std::size_t           used_      = 0;  // slots beyond this were never taken
    std::size_t           count_     = 0;  // slots taken
    std::size_t           last_      = 0;  // where the last search ended: a directory lists its names in the same order
    std::size_t           departing_ = 0;  // unlisted entries with a process
};

}  // namespace runwell
