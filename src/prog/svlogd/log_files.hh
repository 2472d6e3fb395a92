// log_files.hh — the files of a log directory: lines go to current, and current becomes an old file in
// time.
//
//     append(bytes) ──▶ current ── s, t, ALRM ──▶ rotate() ──▶ @….s, or @….u for a processor ──▶ prune()
//
// Nothing here waits. What cannot be done is owed, and is tried again at due(): a rotation, the opening of current, and
// the bytes that append() has not taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/retry.hh"
#include "prog/svlogd/current_file.hh"
#include "prog/svlogd/line_mark_file.hh"
#include "prog/svlogd/log_config.hh"
#include "prog/svlogd/old_files.hh"
#include "prog/svlogd/processor.hh"
#include "prog/svlogd/settings.hh"

namespace runwell {

class log_files {
public:
    log_files(const char* name, const log_settings& how, const log_config& config, processor& worker) noexcept
        : how_{how}, config_{config}, worker_{worker}, place_{.name = name, .verbose = how.verbose} {}

    // The directory is open and locked; current is taken over from a predecessor. False: it cannot be logged to, which
    // has been said.
    bool open(int dir, ticks now) noexcept;
    // Closes current. `well`: nothing will be logged again that it holds the beginning of.
    void close(bool well) noexcept;

    // Writes what can be written, and rotates where it is time; returns how many bytes have been written.
    std::size_t append(std::string_view bytes) noexcept;
    // Does what is owed to current, where it is time to try. True: bytes can be appended.
    bool ready(ticks now) noexcept;
    // Rotates a current that is not empty.
    void rotate_now() noexcept;
    // Does what has fallen due by time.
    void                 tend(ticks now) noexcept;
    std::optional<ticks> due() const noexcept;

    // Something could not be written, and is tried again.
    bool stuck() const noexcept { return retry_.failing(); }
    void hurry() noexcept { retry_.hurry(); }

    const current_file& current() const noexcept { return current_; }
    const old_files&    old() const noexcept { return old_; }
    line_mark_file&     mark() noexcept { return lock_; }
    void                ends_inside(bool line) noexcept { current_.ends_inside(line); }
    const log_place&    place() const noexcept { return place_; }

private:
    result<void> take_over_current() noexcept;
    bool         open_current(const char* doing) noexcept;
    bool         put_aside() noexcept;
    void         follow_rotation(std::uint64_t inode) noexcept;
    bool         rotate() noexcept;
    keeping      kept(std::optional<std::uint64_t> most) const noexcept { return {most, worker_.file().view()}; }
    bool         overcome(const char* doing) noexcept;
    void         going_on() noexcept;

    const log_settings&  how_;
    const log_config&    config_;
    processor&           worker_;
    log_place            place_;
    line_mark_file       lock_;
    current_file         current_;
    old_files            old_;
    retry                retry_;
    std::optional<ticks> rotate_at_;
    bool                 rotation_owed_ = false;
};

}  // namespace runwell
