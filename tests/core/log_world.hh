// log_world.hh — a svlogd of bytes: a pipe, log directories on small disks, lives that end at any moment.
//
//     stream ── pipe ──▶ one life: framing, log_feed, rotation, line_mark, resume ──▶ disks: files, the mark
//
// A life does what prog/svlogd does, in that order, with the parts of core that decide. Each thing that it does to the
// world is a moment at which it may be killed; a write may be cut at any byte by a kill, or by a disk that is full.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/line_mark.hh"
#include "core/log_feed.hh"
#include "core/resume.hh"
#include "core/rotation.hh"

namespace runwell::of_log {

struct killed {};

struct rules {
    bool        stamps = false;
    std::string prefix;
    bool        choosy  = false;  // every third line is not logged
    std::size_t longest = 8;
    std::size_t size    = 0;
    std::size_t room    = 40;  // of a block
};

inline bool selected(std::string_view head) { return head.size() < 2 || (head[0] + head[1]) % 3 != 0; }

struct disk {
    std::vector<std::string>   files{""};  // the last one is current
    std::optional<std::string> mark;
    std::size_t                space = std::string::npos;  // bytes
    std::string                all() const {
                       std::string text;
                       for (const std::string& f : files) text += f;
        return text;
    }
};

struct world {
    std::string       stream;
    std::size_t       taken   = 0;  // from the pipe
    std::size_t       written = 0;  // into it
    std::vector<disk> disks{1};
    std::mt19937      random{1};
    int               moments = -1;  // until the kill; below 0: none
    std::uint64_t     blocks  = 0;

    void moment() {
        if (moments == 0) throw killed{};
        --moments;
    }
    // As write(2): how many bytes, or -1.
    long write(disk& to, std::string_view bytes) {
        std::size_t n = std::min(bytes.size(), to.space);
        if (n == 0) return -1;
        const bool kill = moments == 0;
        if (kill) n = random() % (n + 1);
        to.files.back() += bytes.substr(0, n);
        if (to.space != std::string::npos) to.space -= n;
        moment();
        return static_cast<long>(n);
    }
};

class directory {
public:
    directory(world& w, std::size_t which, const rules& how) : w_{w}, which_{which}, how_{how} {}

    bool begins_inside(std::string_view input) {
        if (!at().mark) return false;
        mark_ = read_line_mark(*at().mark);
        if (!mark_) return false;
        if (mark_->current != at().files.size()) {  // killed between a rotation and the writing of the mark
            EXPECT_EQ(mark_->current + 1, at().files.size());
            rotated(at().files[at().files.size() - 2].size());
        }
        first_       = mark_->at(input);
        mark_->after = *first_;
        mark_->taken = true;
        return first_->inside;
    }
    void begin_block() { feed_.begin_block(); }

    bool feed(const log_block& block) {
        if (first_) go_on(block);
        return drain(&block) && feed_.done_with(block);
    }
    bool drain(const log_block* block) {
        if (rotation_owed_ && !rotate()) return false;
        for (;;) {
            if (feed_.owes_report()) {
                const std::uint64_t count = feed_.dropped();
                const std::string   text  = "dropped " + std::to_string(count) + "\n";
                if (torn_) feed_.add("\n");
                const std::string_view words[] = {text};
                feed_.report(words);
                const std::size_t n = append(feed_.pending());
                if (n == 0) return feed_.withdraw_report(count), false;
                feed_.wrote(n);
            }
            if (block != nullptr)
                feed_.gather(*block, form(*block), [this](std::string_view head, log_feed&) { return logs(head); });
            const std::string_view bytes = feed_.pending();
            if (bytes.empty()) return true;
            const std::size_t n = append(bytes);
            feed_.wrote(n);
            if (n < bytes.size()) return false;
        }
    }
    void skip(const log_block& block) {
        if (first_) {
            feed_.begin_at(0, first_->inside, false);
            torn_ = is_open(at().all());
            first_.reset();
        }
        feed_.skip(block, form(block), [this](std::string_view head, log_feed&) { return logs(head); });
    }
    void mark_line(bool before, bool after, std::string_view raw) {
        if (!before && !after) {
            if (mark_) put(std::nullopt);
            mark_.reset();
            return;
        }
        line_mark mark{.bytes = raw.size(), .hash = hash_of(raw), .current = at().files.size()};
        if (before && mark_) mark.before = mark_->after;
        mark.before.inside = before;
        mark.after         = {after, after && feed_.taking() && feed_.pending().empty(),
                              static_cast<std::int64_t>(at().files.back().size())};
        mark_              = mark;
        put(mark);
    }
    void line_taken() {
        if (!mark_ || mark_->taken) return;
        mark_->taken = true;
        put(*mark_);
    }
    void end_line() {
        if (!first_) return;
        if (is_open(at().all())) feed_.add("\n");
        first_.reset();
        drain(nullptr);
    }
    bool            is_marked() const { return mark_ || at().mark; }
    std::size_t     safe() const { return feed_.safe(); }
    const log_feed& lines() const { return feed_; }

private:
    disk&       at() { return w_.disks[which_]; }
    const disk& at() const { return w_.disks[which_]; }
    bool        logs(std::string_view head) const { return !how_.choosy || selected(head); }
    line_form   form(const log_block& block) const {
          const bool as_read = block.stamp.empty() && how_.prefix.empty();
          return {how_.prefix, how_.longest, as_read, as_read && !how_.choosy};
    }
    void put(const std::optional<line_mark>& mark) {
        w_.moment();
        if (mark) {
            const line_mark_text text = write(*mark);
            at().mark                 = std::string{text.data(), text.size()};
        } else {
            at().mark = std::string{no_line_mark().data(), line_mark_size};
        }
    }
    bool rotate() {
        rotation_owed_ = !at().files.back().empty();
        if (!rotation_owed_) return true;
        if (at().space == 0) return false;
        const std::size_t size = at().files.back().size();
        w_.moment();
        at().files.emplace_back();
        rotation_owed_ = false;
        rotated(size);
        return true;
    }
    void rotated(std::size_t size) {
        if (!mark_) return;
        mark_->before.size -= static_cast<std::int64_t>(size);
        mark_->after.size -= static_cast<std::int64_t>(size);
        mark_->current = at().files.size();
        put(*mark_);
    }
    std::size_t append(std::string_view bytes) {
        const size_limits limits{how_.size, how_.longest};
        std::size_t       done = 0;
        while (done < bytes.size()) {
            const portion next = next_portion(after(bytes, done), at().files.back().size(), limits);
            for (std::size_t left = next.take; left > 0;) {
                const long n = w_.write(at(), after(bytes, done).substr(0, left));
                if (n < 0) return done;
                done += static_cast<std::size_t>(n);
                left -= static_cast<std::size_t>(n);
                torn_ = bytes[done - 1] != '\n';
            }
            if (next.rotate && !rotate()) return done;
        }
        return done;
    }
    void go_on(const log_block& block) {
        const line_state  state = *first_;
        const std::string log   = at().all();
        first_.reset();
        torn_ = is_open(log);
        if (!torn_ && !state.inside) return;
        log_end end{.text = log};
        if (mark_ && state.inside) {
            const auto size = static_cast<std::int64_t>(at().files.back().size());
            end.grown       = static_cast<std::uint64_t>(size - state.size);
        }
        const resumption next =
            resume(end, block, form(block), state, [this](std::string_view head) { return logs(head); });
        for (const std::string_view part : {next.stamp, next.prefix, next.line}) feed_.add(part);
        feed_.begin_at(next.at, next.inside, next.taking);
    }

    world&                    w_;
    std::size_t               which_;
    const rules&              how_;
    std::vector<char>         room_ = std::vector<char>(log_feed::room_for(how_.room + 16));
    log_feed                  feed_{room_};
    std::optional<line_mark>  mark_;
    std::optional<line_state> first_         = line_state{};
    bool                      torn_          = false;
    bool                      rotation_owed_ = false;
};

class life {
public:
    life(world& w, const rules& how) : w_{w}, how_{how} {
        for (std::size_t i = 0; i < w.disks.size(); ++i) directories_.emplace_back(w, i, how);
    }

    // Logs what has been written into the pipe. False: it is stuck, and a block is open.
    bool run(bool lossy = false) {
        for (;;) {
            if (!open_ && !prepare(false)) return true;
            bool              done = true;
            std::vector<bool> fed;
            for (directory& d : directories_) fed.push_back(d.feed(block_));
            for (const bool f : fed) done &= f;
            const bool any = std::find(fed.begin(), fed.end(), true) != fed.end();
            if (!done && (any || lossy)) {
                for (std::size_t i = 0; i < fed.size(); ++i)
                    if (!fed[i]) directories_[i].skip(block_);
                done = true;
            }
            if (!done) return false;
            settle(block_.ready.size());
            open_ = false;
        }
    }
    // TERM: what a svlogd leaves that cannot write, or has nothing to write.
    void leave() {
        for (directory& d : directories_) d.drain(nullptr);
        if (!open_) return;
        std::size_t done = block_.ready.size();
        for (const directory& d : directories_) done = std::min(done, d.safe());
        done = block_.ready.substr(0, done).rfind('\n') + 1;
        if (done == 0) return;
        after_ = false;
        settle(done);
    }
    // The end of the input.
    void end() {
        ASSERT_TRUE(run());
        if (prepare(true)) {
            ASSERT_TRUE(run());
        }
        for (directory& d : directories_) d.end_line();
    }
    void tend() {
        for (directory& d : directories_) d.drain(nullptr);
    }

private:
    bool prepare(bool last) {
        bytes_ = w_.stream.substr(w_.taken, std::min(how_.room, w_.written - w_.taken));
        if (!begun_ && (last || !bytes_.empty())) {
            begun_ = true;
            for (directory& d : directories_) inside_ |= d.begins_inside(bytes_);
        }
        ended_ = last && (inside_ || !bytes_.empty());
        if (ended_) bytes_ += '\n';
        const std::size_t ready = ready_bytes(bytes_, inside_, how_.longest);
        if (ready == 0) return false;
        stamp_  = how_.stamps ? "@" + std::to_string(1000 + w_.blocks++) + " " : "";
        block_  = {std::string_view{bytes_}.substr(0, ready), stamp_};
        before_ = inside_;
        after_ = inside_ = bytes_[ready - 1] != '\n';
        open_            = true;
        for (directory& d : directories_) d.begin_block();
        return true;
    }
    void settle(std::size_t n) {
        for (directory& d : directories_)
            if (before_ || after_ || d.is_marked()) d.mark_line(before_, after_, block_.ready.substr(0, n));
        w_.moment();
        w_.taken += n - (ended_ ? 1 : 0);
        // Where a line repeats itself, a kill in this moment leaves no trace of whether the block has been taken.
        const bool repeats = std::string_view{w_.stream}.substr(w_.taken).starts_with(block_.ready.substr(0, n));
        const int  moments = std::exchange(w_.moments, repeats ? -1 : w_.moments);
        for (directory& d : directories_) d.line_taken();
        if (repeats) w_.moments = moments;
    }

    world&                 w_;
    const rules&           how_;
    std::vector<directory> directories_;
    std::string            bytes_, stamp_;
    log_block              block_;
    bool begun_ = false, inside_ = false, before_ = false, after_ = false, open_ = false, ended_ = false;
};

// The log as lines again: which are no lines of the stream, how often each line occurs, and which are missing.
struct reckoning {
    std::vector<std::string> torn;
    std::size_t              doubled = 0, dropped = 0, missing = 0;
    bool                     in_order = true;
};

inline reckoning reckon(const std::string& log, const std::vector<std::string>& lines, const rules& how) {
    std::map<std::string, std::size_t> number;
    std::vector<std::string>           wanted;
    for (const std::string& line : lines)
        if (!how.choosy || selected(std::string_view{line}.substr(0, how.longest))) {
            number[line] = wanted.size();
            wanted.push_back(line);
        }
    reckoning         found;
    std::vector<bool> seen(wanted.size());
    std::size_t       next = 0;
    for (std::size_t at = 0; at < log.size();) {
        const std::size_t end  = std::min(log.find('\n', at), log.size());
        std::string       line = log.substr(at, end - at);
        at                     = end + 1;
        if (line.starts_with("dropped ")) {
            found.dropped += std::stoul(line.substr(8));
            continue;
        }
        const std::string whole = line;
        bool              good  = end < log.size();
        if (how.stamps) {
            good &= line.size() > 5 && line[0] == '@' && line[5] == ' ';
            line = good ? line.substr(6) : line;
        }
        good &= line.starts_with(how.prefix);
        line             = good ? line.substr(how.prefix.size()) : line;
        const auto which = number.find(line);
        if (!good || which == number.end()) {
            found.torn.push_back(whole);
            continue;
        }
        found.doubled += seen[which->second];
        seen[which->second] = true;
        found.in_order &= which->second <= next || found.dropped > 0;
        next = std::max(next, which->second + 1);
    }
    for (const bool s : seen) found.missing += !s;
    return found;
}

}  // namespace runwell::of_log
