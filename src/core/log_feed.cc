#include "core/log_feed.hh"

#include <algorithm>
#include <cstring>

#include "core/bytes.hh"

namespace runwell {
namespace {

std::uint64_t newlines_in(std::string_view bytes) noexcept {
    return static_cast<std::uint64_t>(std::count(bytes.begin(), bytes.end(), '\n'));
}

}  // namespace

void log_feed::wrote(std::size_t n) noexcept {
    if (used_ > 0) {
        std::memmove(out_.data(), out_.data() + n, used_ - n);
        used_ -= n;
        older_ -= std::min(older_, n);
        if (used_ == 0) safe_ = at_ - run_.size();
    } else {
        run_ = after(run_, n);
        safe_ += n;
    }
    if (pending().empty()) safe_ = at_;
}

void log_feed::add(std::string_view bytes) noexcept {
    bytes = up_to(bytes, out_.size() - used_);
    copy_bytes(out_.data() + used_, bytes);
    used_ += bytes.size();
}

void log_feed::take_all(const log_block& block) noexcept {
    if (inside_ && !taking_) {  // the rest of a line that was dropped
        const log_line line = first_line(after(block.ready, at_), inside_, 1);
        move_on(line);
    }
    run_ = after(block.ready, at_);
    if (run_.empty()) return;
    at_     = block.ready.size();
    inside_ = run_.back() != '\n';
    taking_ = true;
}

// True: enough is pending.
bool log_feed::take_run(std::string_view run, std::size_t most) noexcept {
    if (run.size() < worth_a_write && run.size() <= out_.size() - used_) {
        add(run);
        return used_ >= most;
    }
    run_ = run;
    return true;
}

// The rest of the run is copied, up to the last line end that fits. Where a part of it was written before, `out` is
// empty, so that all of it fits.
void log_feed::keep_run() noexcept {
    if (run_.empty()) return;
    const std::size_t room = out_.size() - used_;
    std::size_t       keep = run_.size();
    if (keep > room) {
        const std::size_t last = up_to(run_, room).rfind('\n');
        keep                   = last == std::string_view::npos ? 0 : last + 1;
    }
    add(up_to(run_, keep));
    const std::string_view rest = after(run_, keep);
    if (!rest.empty()) {
        dropped_ += newlines_in(rest) + (rest.back() == '\n' ? 0 : 1);
        if (rest.back() != '\n') taking_ = false;
    }
    run_ = {};
}

// Where every line is logged as it is: the rest of the line that was begun, and the whole lines after it.
void log_feed::keep_what_fits(std::string_view left) noexcept {
    if (left.empty() || (inside_ && !taking_)) return;
    const std::size_t room = out_.size() - used_;
    std::size_t       keep = 0;
    if (inside_) {
        const std::size_t end = find_byte(left, '\n');
        keep                  = end == std::string_view::npos ? left.size() : end + 1;
        if (keep > room) return;
    }
    const std::size_t last = up_to(left, room).rfind('\n');
    if (last != std::string_view::npos) keep = std::max(keep, last + 1);
    add(up_to(left, keep));
    at_ += keep;
    if (keep > 0) inside_ = left[keep - 1] != '\n';
}

void log_feed::report(std::span<const std::string_view> words) noexcept {
    dropped_ = 0;
    for (const std::string_view word : words) add(word);
    older_ = used_;
}

void log_feed::withdraw_report(std::uint64_t dropped) noexcept {
    used_ = older_ = 0;
    dropped_ += dropped;
}

std::uint64_t log_feed::lines_before() const noexcept { return newlines_in({out_.data(), older_}) + dropped_; }

std::uint64_t log_feed::lines() const noexcept {
    return newlines_in({out_.data(), used_}) + newlines_in(run_) + dropped_;
}

}  // namespace runwell
