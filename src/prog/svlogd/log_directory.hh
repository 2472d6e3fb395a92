// log_directory.hh — a directory that is logged to: current, the old files, its config, its lock.
//
//     a block ──▶ feed(): select, stamp ──▶ out ──▶ write_through(): current ──▶ rotate() ──▶ @….s, or @….u
//                            │   (lines that stay as they are go straight from the block)        └▶ prune, process
//                            ├▶ alerts, datagrams
//
// Nothing here waits. What cannot be written stays in `out`, and the place in the block where feed() stopped is kept:
// stuck() says so, and the next feed() or flush() goes on there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/logconfig.hh"
#include "core/machine.hh"
#include "core/rotation.hh"
#include "core/selection.hh"
#include "prog/svlogd/outlets.hh"
#include "prog/svlogd/processor.hh"
#include "prog/svlogd/settings.hh"
#include "sys/fd.hh"
#include "sys/pages.hh"

namespace runwell {

// What is logged at once, and when it came.
struct log_block {
    std::string_view ready;  // whole lines, or the head of the last one: framing.hh
    std::string_view stamp;  // with the space that follows it; empty: no stamps
};

class log_directory {
public:
    // `out` must hold twice the largest block and some more: out_room().
    log_directory(const char* name, const log_settings& how, std::span<char> out, alerts& to_stderr,
                  datagrams& to_udp) noexcept
        : name_{name}, how_{how}, out_{out}, alerts_{to_stderr}, datagrams_{to_udp} {}

    static constexpr std::size_t out_room(std::size_t block) noexcept { return 2 * block + 16'384; }

    // Opens, locks, and reads the config; false, and said why, when it cannot be logged to.
    bool open(ticks now) noexcept;
    void close() noexcept;
    // For good: says what could not be written. `left`: how much of the block is dealt with, and the rest of it will be
    // read by who comes next; nothing when no block was begun.
    void finish(std::optional<std::size_t> left) noexcept;
    bool is_open() const noexcept { return static_cast<bool>(dir_); }

    // A new block begins.
    void begin_block() noexcept {
        at_ = safe_ = 0;
        older_      = used_;
    }
    // Logs what is left of it. False: not all was taken, or not all could be written.
    bool feed(const log_block& block, ticks now) noexcept;
    // Gives up what is left of it, but for what `out` can keep; counts the lines.
    void skip(const log_block& block) noexcept;
    // Up to there the block is in the files of this directory.
    std::size_t safe() const noexcept { return safe_; }

    // Something could not be written, and is tried again at retry_at().
    bool stuck() const noexcept { return stuck_; }

    // Rotates what is old, and tries again what is due.
    void tend(ticks now) noexcept;
    void rotate_now(ticks now) noexcept;
    void process(ticks now) noexcept;
    // False: it was none of ours. `again`: a processor that failed is started again.
    bool child_ended(pid_t pid, int status, bool again, ticks now) noexcept;

    const runwell::processor& worker() const noexcept { return processor_; }

    // There are files to process.
    bool has_work() const noexcept { return dir_ && !policy_.processor.empty() && processor_.due().has_value(); }

    // When tend() has something to do, and process() if it may.
    std::optional<ticks> due(bool may_process) const noexcept;

    void release() noexcept;

private:
    void    close_as(mode_t mode) noexcept;
    outcome take_config() noexcept;
    outcome take_over_current() noexcept;
    bool    open_current(const char* doing) noexcept;
    bool    rotate() noexcept;
    void    prune() noexcept;
    bool    make_room() noexcept;
    bool    overcome(const char* doing) noexcept;
    void    unstick() noexcept;
    void    pick_name(old_file what) noexcept;
    bool    in_work(std::string_view name) const noexcept;

    bool        flush() noexcept;
    std::size_t write_through(std::string_view bytes) noexcept;
    void        put(std::string_view bytes) noexcept;
    void        add(std::string_view bytes) noexcept;
    bool        feed_plain(const log_block& block) noexcept;
    bool        feed_lines(const log_block& block) noexcept;
    bool        wanted(std::string_view head, const log_block& block) noexcept;
    void        report_drops() noexcept;
    bool        plain() const noexcept;

    const char*         name_;
    const log_settings& how_;
    std::span<char>     out_;
    alerts&             alerts_;
    datagrams&          datagrams_;

    sys::unique_fd                  dir_, lock_, current_;
    std::uint64_t                   size_ = 0;  // of current, bytes
    log_policy                      policy_;
    std::span<const selection_rule> rules_;
    sys::pages                      config_;  // the text, the rules, and their patterns
    runwell::processor              processor_;
    moment                          newest_;  // of the names given
    old_name                        newest_name_;
    std::optional<ticks>            rotate_at_;
    bool                            rotation_owed_ = false;

    std::size_t used_   = 0;      // of out_
    std::size_t older_  = 0;      // of these: from blocks before this one
    std::size_t at_     = 0;      // of the block: taken
    std::size_t safe_   = 0;      // of the block: written
    bool        inside_ = false;  // a line whose head has been taken
    bool        taking_ = false;  // and it is logged
    bool        torn_   = false;  // current does not end with a newline

    bool          stuck_     = false;
    ticks         now_       = 0;
    ticks         since_     = 0;
    ticks         retry_at_  = 0;
    ticks         remind_at_ = 0;
    std::uint64_t tries_     = 0;
    std::uint64_t dropped_   = 0;  // lines, not yet reported
};

}  // namespace runwell
