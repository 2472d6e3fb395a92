// old_files.hh — the files that current has become: their names, and which of them go. core/rotation.hh decides.
//
// A directory may hold any number of files. One look at it deletes at most pruning::most_at_once of them; where more
// are to go, the next look follows a tenth of a second later, from the loop, which listens to signals in between.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/rotation.hh"
#include "core/ticks.hh"
#include "prog/svlogd/settings.hh"
#include "sys/pages.hh"

namespace runwell {

// A log directory, as those see it who work in it.
struct log_place {
    int         dir     = -1;
    const char* name    = "";  // for messages
    bool        verbose = false;
};

// Files that end in .u or .s, without what is not to be touched.
struct keeping {
    std::optional<std::uint64_t> most;     // old files; nothing: any number
    std::string_view             in_work;  // what a processor reads now
};

class old_files {
public:
    // Finds a name that no file has, later than every one given before.
    const old_name& next(int dir, old_file what) noexcept;
    // The name that was given last; empty: none was.
    const old_name& newest() const noexcept { return newest_name_; }

    // Deletes files that are too many, and what processors have left behind.
    void prune(const log_place& at, const keeping& keep, ticks now) noexcept;
    // prune() has not done all, and is to be called again then.
    std::optional<ticks> due() const noexcept { return prune_at_; }
    void                 forget() noexcept { prune_at_.reset(); }

    // Deletes the oldest file if there are more than that; whether it has. It looks at a limited number of names
    // between two calls of next_try().
    bool make_room(const log_place& at, const keeping& keep) noexcept;
    void next_try() noexcept { looked_at_ = 0; }

private:
    moment               newest_;
    old_name             newest_name_;
    std::optional<ticks> prune_at_;
    std::uint64_t        looked_at_ = 0;  // names, on a full disk
};

// The last old file by name before `before` (empty: of all); empty: there is none.
old_name last_old_file(int dir, std::string_view before) noexcept;

}  // namespace runwell
