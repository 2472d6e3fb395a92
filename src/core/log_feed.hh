// log_feed.hh — from a block of input to the bytes that are written to `current`, and where to go on after a write that
// failed or was short.
//
//     block ──▶ gather(): select, stamp, prefix ──▶ out ─────┐
//                    │                                       ├──▶ pending(): write this ──▶ wrote(n) ──▶ pending() …
//                    └── selected lines as they are ──▶ run ─┘
//
// Bytes leave in the order in which they came: first `out`, then the run, which is a piece of the block itself and is
// never copied. wrote(n) moves on by n bytes and may be called after any number of them: the run always begins at
// the next byte of the log. skip() gives up the rest of a block for the sake of another directory; it keeps what `out`
// has room for, and counts the lines that it drops.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "core/framing.hh"
#include "core/text.hh"

namespace runwell {

// Bytes that are logged together, and the time at which they came.
struct log_block {
    std::string_view ready;  // whole lines, or the head of the last one: framing.hh
    std::string_view stamp;  // with the space that follows it; empty: no stamps
};

// How a directory writes a line.
struct line_form {
    std::string_view prefix;
    std::size_t      longest = 1000;   // -l
    bool             as_read = false;  // no stamp, no prefix, and nothing is sent elsewhere: lines are not copied
    bool             all     = false;  // and every line is logged: none is looked at
};

class log_feed {
public:
    // `out` holds twice the largest block and some more: room_for().
    explicit log_feed(std::span<char> out) noexcept : out_{out} {}

    static constexpr std::size_t room_for(std::size_t block) noexcept { return 2 * block + 16'384; }

    // A new block begins. Everything of the one before has been gathered or skipped.
    void begin_block() noexcept {
        at_ = safe_ = 0;
        older_      = used_;
    }
    // The block goes on at `at`; `inside` a line there, which is logged if `taking`.
    void begin_at(std::size_t at, bool inside, bool taking) noexcept {
        at_     = at;
        inside_ = inside;
        taking_ = taking;
        if (pending().empty()) safe_ = at_;
    }
    // A block that this directory has not seen: it was closed.
    void pass_over(const log_block& block) noexcept {
        inside_ = block.ready.back() != '\n';
        taking_ = false;
    }

    // Takes lines from the block until enough is pending. `wanted(head, feed)` says whether a line is logged; it may
    // add() a line of its own before it.
    template <class Wanted>
    void gather(const log_block& block, const line_form& form, Wanted&& wanted) noexcept {
        if (used_ >= enough || !run_.empty() || dropped_ > 0) return;
        if (form.all)
            take_all(block);
        else if (form.as_read)
            take_runs(block, form, wanted, enough);
        else
            take_lines(block, form, wanted, enough);
        if (pending().empty()) safe_ = at_;
    }

    // The bytes to write next; empty: nothing is gathered.
    std::string_view pending() const noexcept { return used_ > 0 ? std::string_view{out_.data(), used_} : run_; }

    // The first n bytes of pending() have been written.
    void wrote(std::size_t n) noexcept;

    // Gives up what is left of the block, but for what `out` can keep. From the first line that is dropped until the
    // number has been reported all are dropped, so that the report stands where they were. A line that has been begun
    // is ended if there is room for it.
    template <class Wanted>
    void skip(const log_block& block, const line_form& form, Wanted&& wanted) noexcept {
        keep_run();
        for (std::size_t before = block.ready.size() + 1; dropped_ == 0 && at_ != before;) {
            before = at_;
            if (form.all)
                keep_what_fits(after(block.ready, at_));
            else if (form.as_read)
                take_runs(block, form, wanted, out_.size());
            else
                take_lines(block, form, wanted, out_.size());
            keep_run();
        }
        while (at_ < block.ready.size()) {
            const log_line line = first_line(after(block.ready, at_), inside_, form.longest);
            if (!inside_) taking_ = form.all || wanted(line.head, *this);
            if (taking_) ++dropped_;
            taking_ = false;
            move_on(line);
        }
    }

    // Memory that is free as long as nothing is pending.
    std::span<char> scratch() noexcept { return out_.subspan(used_); }
    std::span<char> unused() const noexcept { return used_ == 0 ? out_ : std::span<char>{}; }

    // Bytes that are not in the block.
    void add(std::string_view bytes) noexcept;

    // The lines that were dropped become a line of the log: `words` of it, which are pending now. It is for
    // withdraw_report() to undo that where none of it was written.
    std::uint64_t dropped() const noexcept { return dropped_; }
    bool          owes_report() const noexcept { return dropped_ > 0 && pending().empty(); }
    void          report(std::span<const std::string_view> words) noexcept;
    void          withdraw_report(std::uint64_t dropped) noexcept;

    // Everything of the block is written or given up.
    bool done_with(const log_block& block) const noexcept { return at_ == block.ready.size() && pending().empty(); }
    // Everything before this place of the block is in the file.
    std::size_t safe() const noexcept { return safe_; }
    // Inside a line whose head has been taken from the block, and whether it is logged.
    bool inside() const noexcept { return inside_; }
    bool taking() const noexcept { return taking_; }
    bool idle() const noexcept { return pending().empty() && dropped_ == 0; }

    // Lines that are lost if nothing is written any more: of blocks before this one, or of this one, too.
    std::uint64_t lines_before() const noexcept;
    std::uint64_t lines() const noexcept;

    static constexpr std::size_t enough        = 65'536;  // bytes gathered
    static constexpr std::size_t worth_a_write = 16'384;  // bytes: not copied

private:
    void move_on(const log_line& line) noexcept {
        inside_ = !line.ended;
        at_ += line.size();
    }
    void take_all(const log_block& block) noexcept;
    bool take_run(std::string_view run, std::size_t most) noexcept;
    void keep_run() noexcept;
    void keep_what_fits(std::string_view left) noexcept;

    // Selected lines that follow each other are written from where they are if they are many.
    template <class Wanted>
    void take_runs(const log_block& block, const line_form& form, Wanted&& wanted, std::size_t most) noexcept {
        std::string_view run;
        while (at_ < block.ready.size()) {
            const std::string_view left = after(block.ready, at_);
            const log_line         line = first_line(left, inside_, form.longest);
            if (!inside_) taking_ = wanted(line.head, *this);
            move_on(line);
            if (taking_)
                run = {run.empty() ? left.data() : run.data(), run.size() + line.size()};
            else if (take_run(std::exchange(run, {}), most))
                return;
        }
        take_run(run, most);
    }

    template <class Wanted>
    void take_lines(const log_block& block, const line_form& form, Wanted&& wanted, std::size_t most) noexcept {
        const std::size_t decoration = block.stamp.size() + form.prefix.size();
        while (at_ < block.ready.size() && used_ < most) {
            const std::string_view left = after(block.ready, at_);
            const log_line         line = first_line(left, inside_, form.longest);
            // Twice: a datagram that cannot be sent is written, too.
            if (out_.size() - used_ < 2 * (decoration + line.size()) + 128) return;
            const bool begins = !inside_;
            if (begins) taking_ = wanted(line.head, *this);
            move_on(line);
            if (!taking_) continue;
            if (begins) {
                add(block.stamp);
                add(form.prefix);
            }
            add(up_to(left, line.size()));
        }
    }

    std::span<char>  out_;
    std::size_t      used_  = 0;        // of out_
    std::size_t      older_ = 0;        // of these: from blocks before this one
    std::string_view run_;              // of the block: written after out_
    std::size_t      at_      = 0;      // of the block: taken
    std::size_t      safe_    = 0;      // of the block: written
    std::uint64_t    dropped_ = 0;      // lines, not yet reported
    bool             inside_  = false;  // a line whose head has been taken
    bool             taking_  = false;  // and it is logged
};

}  // namespace runwell
