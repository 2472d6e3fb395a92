// roster.hh — which services a directory lists, which runsv supervises each, what to start and what to end.
//
//                  started()                     the name goes, or leads elsewhere
//      waiting ────────────────▶ running ────────────────────────────▶ leaving ────────▶ forgotten
//       ▲ ▲ ▲                     │   │                                   │    ended(): left
//       │ │ └─ ended(): killed, ──┘   │ ended(): left                     │ ended(): killed
//       │ │    or it has failed       ▼                                   ▼
//       │ └── ask(), or 5 s ────── resting                             waiting, not listed: a runsv is started that
//       │                                                              takes over what lives, and stops it
//       └──── released() ─────┐               the name goes
//       └─ held_by_another() ─▶ foreign ────────────────────────▶ foreign_leaving ─────▶ forgotten
//                                                                             released()
//
// A service is a directory, known by device and inode. A name is only the way to it: two names of one directory are
// one service (the second is an `alias`), and a name that comes to lead to another directory is another service. So
//
//   · a renamed service keeps its runsv, and so does one that the directory lists under another name in the same look;
//   · an entry that has left the list stays until its runsv has been reaped and nothing of the service is left, and
//     until then no runsv is started for the same directory or under the same name;
//   · a runsv is not started twice within one second, unless it was asked to exit and then something asked for it;
//   · a runsv that exited 0 was asked to: its successor comes after five seconds, or as soon as something asks for it.
//     Scripts rely on that gap: `sv force-shutdown DIR/*` and then the end of runsvdir, or of a link;
//   · a runsv that was killed has left the processes of its service behind (`leftovers`). Its successor takes them
//   over;
//     where the service has to go, the successor is started all the same, to stop them.
//
// The roster is given what was seen (list, leads_to, leads_nowhere, unlist; then settle) and what happened to the
// processes; it answers what must be done (must_leave, must_stop, may_start, must_look) and when to ask again (next).
// It never touches anything: prog/runsvdir does. Its room is given to it.
//
// Sources: runsvdir(8); behaviour measured on runit 2.1.2 and 2.3.1.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

#include "core/ticks.hh"

namespace runwell {

// What a directory is, whatever it is called.
struct place {
    std::uint64_t device = 0;
    std::uint64_t inode  = 0;

    friend constexpr bool operator==(const place&, const place&) = default;
};

// The name of an entry: at most 255 bytes, and a zero byte.
using entry_name = std::array<char, 256>;

// How a runsv has ended.
enum class runsv_end : std::uint8_t {
    left,    // exit 0: it was asked to, and nothing of its service is left
    failed,  // another exit status: it could not begin, and has started nothing
    killed,  // by a signal: the processes of its service may live
};

struct entry {
    enum class state : std::uint8_t {
        none,             // a free slot
        dangling,         // the name leads to no directory
        alias,            // another name of a directory that another entry stands for
        waiting,          // no process; to be started once `not_before` has come
        resting,          // its runsv was asked to exit; the next one comes at `not_before`, or when something asks
        running,          // our runsv
        leaving,          // our runsv, which was sent TERM
        foreign,          // a runsv that is not our child
        foreign_leaving,  // the same, which was asked to exit
    };
    place         where;
    ticks         started    = 0;  // the last start; 0: never
    ticks         not_before = 0;  // waiting, resting: not started before; foreign: look again then
    ticks         tell_at    = 0;  // not listed: not asked to exit before
    ticks         since = 0;  // resting: when it ended; in the making: when first seen; foreign: when it closed `ok`
    std::uint32_t hash  = 0;  // of the name
    std::int32_t  pid   = 0;  // of our runsv
    std::int32_t  hangup_fd = -1;  // foreign: the descriptor that reports its exit; -1: none
    state         now       = state::none;
    std::uint8_t  tries     = 0;      // how often a runsv was started to stop the leftovers
    bool          listed    = false;  // the directory has this name
    bool          seen      = false;  // … and it has been listed since begin_look()
    bool          settling  = false;  // the directory is in the making
    bool          leftovers = false;  // a runsv was killed, and no other has left in order since

    // Notes of the program; the roster keeps them with the name and does not read them.
    bool          stale     = false;  // where the name leads may have changed
    bool          unwatched = false;  // … and changes of it are not reported
    bool          listening = false;  // resting: what asks for its runsv is watched for
    std::uint32_t path      = 0;      // where the path of the directory is kept
    int           error     = 0;      // the error that was reported last: errno
};

class roster {
public:
    static constexpr ticks never        = std::numeric_limits<ticks>::max();
    static constexpr ticks rest         = 5 * one_second;   // runit's longest gap
    static constexpr ticks settles_in   = one_second / 10;  // a directory without a change for so long is complete
    static constexpr ticks gives_up_in  = one_second;       // … and one without a ./run is not going to get it
    static constexpr ticks settles_once = 2 * one_second;   // … whatever still changes in it
    static constexpr int   most_tries   = 3;                // to stop what a killed runsv has left

    // More room, equally long; what the smaller room held has been copied to its beginning. Zero bytes are free slots.
    void give_room(std::span<entry> entries, std::span<entry_name> names) noexcept;
    // How many descriptors may be kept for foreign runsv.
    void give_descriptors(std::size_t most) noexcept { most_descriptors_ = most; }
    // How many more entries there is room for.
    std::size_t room() const noexcept { return entries_.size() - count_; }
    // Entries have indexes below size(). An entry keeps its index; some indexes are free slots.
    std::size_t      size() const noexcept { return used_; }
    bool             empty() const noexcept { return count_ == 0; }
    entry&           operator[](std::size_t i) noexcept { return entries_[i]; }
    const entry&     operator[](std::size_t i) const noexcept { return entries_[i]; }
    std::string_view name(std::size_t i) const noexcept { return names_[i].data(); }
    const char*      name_text(std::size_t i) const noexcept { return names_[i].data(); }

    // Reports of entries in the directory. The answers below are valid after settle().
    //
    // begin_look() before a look at all of it; afterwards, the caller unlists what is listed but not `seen`.
    void begin_look() noexcept;
    // There is such a name: its entry, for leads_to or leads_nowhere if it is new. Needs room for one.
    std::size_t list(std::string_view name) noexcept;
    // It leads to this directory, which is complete. Needs room for one.
    void leads_to(std::size_t i, place where) noexcept;
    // … but was made in place, or has changed since it was: it is started when it has been quiet for a moment, and not
    // later than two seconds after it was first seen. `heard`: changes in it are reported; `runs`: it has a ./run.
    void still_changes(std::size_t i, ticks now, bool heard, bool runs) noexcept;
    // It leads to no directory. Needs room for one.
    void leads_nowhere(std::size_t i) noexcept;
    // The listed entry of that name.
    std::optional<std::size_t> find(std::string_view name) const noexcept;
    void                       unlist(std::size_t i) noexcept;
    void                       unlist_all() noexcept;
    bool                       lists_any() const noexcept;
    // The scan is complete: an entry that has lost its name gets another name of the same directory, or has to leave.
    void settle() noexcept;

    // Something wants a runsv there again: its client, a signal, a new link.
    void ask(std::size_t i) noexcept;
    void ask_all() noexcept;
    // Something in its directory has changed: the same, once that is quiet for a moment.
    void stirs(std::size_t i, ticks now) noexcept;

    // Pending work.
    bool must_leave(std::size_t i, ticks now) const noexcept;  // ask its runsv to exit: mark_leaving, tell_later, lost
    bool must_stop(std::size_t i,
                   ticks       now) const noexcept;  // start one that stops what is left: started, postpone, lost
    bool may_start(std::size_t i, ticks now) const noexcept;  // start one: started, postpone or held_by_another
    bool must_look(std::size_t i, ticks now) const noexcept;  // does the foreign runsv live: hangs_up_at, released
    std::optional<ticks> next() const noexcept;               // when to ask again, if nothing happens before
    std::size_t          living() const noexcept;             // runsv processes, ours and foreign ones
    bool                 may_keep_descriptor() const noexcept { return descriptors_ < most_descriptors_; }

    // Reports of work that was done, and of events.
    void mark_leaving(std::size_t i) noexcept;
    void tell_later(std::size_t i, ticks when) noexcept;
    // A runsv before has left the processes of its service behind.
    void found_leftovers(std::size_t i) noexcept { entries_[i].leftovers = true; }
    // It cannot be reached any more.
    void lost(std::size_t i) noexcept;
    void started(std::size_t i, std::int32_t pid, ticks now) noexcept;
    void postpone(std::size_t i, ticks until) noexcept { entries_[i].not_before = until; }
    // A foreign runsv has it, whose exit this descriptor reports; without one (-1) it must be looked at again at
    // `look_at`, or `never` if its exit is reported in another way.
    void held_by_another(std::size_t i, std::int32_t hangup_fd, ticks look_at) noexcept;
    // The same for one that is known already.
    void hangs_up_at(std::size_t i, std::int32_t hangup_fd, ticks look_at) noexcept;
    // The foreign runsv has ended.
    void released(std::size_t i, runsv_end how, ticks now) noexcept;
    // A child was reaped. False when it was no runsv of the roster.
    bool ended(std::int32_t pid, runsv_end how, ticks now) noexcept;
    // The entry whose foreign runsv is reported by that descriptor.
    std::optional<std::size_t> signed_by(std::int32_t hangup_fd) const noexcept;

private:
    std::size_t take_slot(std::string_view name) noexcept;
    void        free_slot(std::size_t i) noexcept;
    void        set_aside(std::size_t i) noexcept;
    void        hand_over(std::size_t from, std::size_t to) noexcept;
    void        without_process(std::size_t i, runsv_end how, ticks now) noexcept;
    bool        is_called(std::size_t i, std::uint32_t hash, std::string_view name) const noexcept;
    bool        is_blocked(std::size_t i) const noexcept;

    std::optional<std::size_t> owner_of(place where) const noexcept;
    std::optional<std::size_t> heir_of(std::size_t i) const noexcept;

    std::span<entry>      entries_;
    std::span<entry_name> names_;
    std::size_t           used_      = 0;  // slots beyond this were never taken
    std::size_t           count_     = 0;  // slots taken
    std::size_t           last_      = 0;  // where the last search ended: a directory lists its names in the same order
    std::size_t           departing_ = 0;  // unlisted entries with a process, or with what a killed runsv has left
    std::size_t           descriptors_      = 0;  // kept for foreign runsv
    std::size_t           most_descriptors_ = std::numeric_limits<std::size_t>::max();
};

}  // namespace runwell
