// log_directory.hh — a directory that is logged to: its config, its files, its processor, and how far it has come.
//
//     a block ──▶ log_feed: select, stamp ──▶ log_files: current, rotation ──▶ processor
//                    └▶ alerts, datagrams
//
// Nothing here waits. Where something cannot be written, log_feed keeps the place: stuck() is true, and the next feed()
// or tend() goes on with the next byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/log_feed.hh"
#include "core/ticks.hh"
#include "prog/svlogd/log_config.hh"
#include "prog/svlogd/log_files.hh"
#include "prog/svlogd/outlets.hh"
#include "prog/svlogd/processor.hh"
#include "prog/svlogd/settings.hh"
#include "sys/fd.hh"

namespace runwell {

// A block that begins or ends inside a line whose head is in the log: core/line_mark.hh.
struct block_edges {
    pipe_name     pipe;
    bool          inside_before = false, inside_after = false;
    std::uint64_t bytes = 0, hash = 0;  // as they are in the pipe
};

class log_directory {
public:
    // `out` must be as large as log_feed::room_for() says.
    log_directory(const char* name, const log_settings& how, std::span<char> out, outlets& elsewhere) noexcept
        : how_{how}, outlets_{elsewhere}, files_{name, how, config_, processor_}, feed_{out} {}

    // Opens, locks, and reads the config; false, and said why, when it cannot be logged to. `first`: nothing was read
    // from standard input yet, so a predecessor may have logged a part of the bytes in it.
    bool open(ticks now, bool first) noexcept;
    void close() noexcept;
    // Writes the pending bytes now, whatever failed before.
    void try_at_once() noexcept;
    // For good: says what could not be written. `left`: how much of the block has been taken from the pipe; nothing
    // when no block is open.
    void finish(std::optional<std::size_t> left) noexcept;
    bool is_open() const noexcept { return static_cast<bool>(dir_); }

    // Before the first block, of which the input begins: whether it begins inside a line, by what a predecessor has
    // written down.
    bool begins_inside(std::string_view input, const pipe_name& pipe) noexcept;

    // A new block begins.
    void begin_block() noexcept { feed_.begin_block(); }
    // Logs what is left of it. False: not all was taken, or not all could be written.
    bool feed(const log_block& block, ticks now) noexcept;
    // Gives up what is left of it, but for what can be kept; counts the lines.
    void skip(const log_block& block) noexcept;
    // Up to there the block is in the files of this directory.
    std::size_t safe() const noexcept { return feed_.safe(); }
    // The block is to be taken from the pipe. False: a successor cannot know that the pipe begins inside a line.
    bool mark_line(const block_edges& edges) noexcept;
    void line_taken() noexcept { files_.mark().taken(); }
    bool is_marked() noexcept { return dir_ && files_.mark().mark().has_value(); }
    // Nothing will follow; a line that a predecessor has left open ends here.
    void end_line() noexcept;

    // Something could not be written, and is tried again.
    bool stuck() const noexcept { return files_.stuck(); }

    // Rotates what is old, and tries again what is due.
    void tend(ticks now) noexcept;
    void rotate_now() noexcept { files_.rotate_now(); }
    void process(ticks now) noexcept;
    // False: it was none of ours. `again`: a processor that failed is started again.
    bool child_ended(pid_t pid, int status, bool again, ticks now) noexcept;

    const runwell::processor& worker() const noexcept { return processor_; }

    // There are files to process.
    bool has_work() const noexcept { return dir_ && !config_.processor().empty() && processor_.due().has_value(); }

    // When tend() has something to do, and process() if it may.
    std::optional<ticks> due(bool may_process) const noexcept;

    // The memory of large blocks goes back to the kernel until it is used again.
    void release() noexcept;

private:
    bool      drain(const log_block* block, ticks now) noexcept;
    void      go_on(const log_block& block) noexcept;
    line_form form(std::string_view stamp) const noexcept;
    bool      wanted(std::string_view head, std::string_view stamp, log_feed& feed) noexcept;
    void      report_drops() noexcept;

    const log_settings&       how_;
    outlets&                  outlets_;
    sys::unique_fd            dir_;
    log_config                config_;
    runwell::processor        processor_;
    log_files                 files_;
    log_feed                  feed_;
    std::optional<line_state> first_;  // no block has come yet; the state of the input
};

}  // namespace runwell
