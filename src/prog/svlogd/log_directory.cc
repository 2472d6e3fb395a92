#include "prog/svlogd/log_directory.hh"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/resume.hh"
#include "core/text.hh"
#include "sys/clock.hh"
#include "sys/files.hh"

namespace runwell {
// ---- opening and closing ------------------------------------------------------------------------------------------

bool log_directory::open(ticks now, bool first) noexcept {
    const char* const name = files_.place().name;
    auto              dir  = sys::open_at(AT_FDCWD, name, O_RDONLY | O_NONBLOCK);
    if (!dir) return svlogd_messages.warn(error{"unable to open log directory: ", name, dir.why().code}), false;
    struct stat about {};
    if (::fstat(dir->value(), &about) != 0 || !S_ISDIR(about.st_mode))
        return svlogd_messages.warn(error{"unable to change directory: ", name, ENOTDIR}), false;

    if (const result<void> locked = files_.mark().lock(dir->value()); !locked) {
        svlogd_messages.warn(error{"unable to lock directory: ", name, locked.why().code});
        if (locked.why().code == EWOULDBLOCK)
            sys::say({"svlogd: another svlogd logs there, and each needs a directory of its own; to see which: fuser ",
                      name, "/lock"});
        return false;
    }
    if (const result<void> config = config_.read(dir->value(), name, how_.verbose); !config)
        svlogd_messages.warn(error{"unable to read config: ", name, config.why().code});
    if (!files_.open(dir->value(), now)) {
        files_.close(true);
        config_.forget();
        return false;
    }
    dir_ = std::move(*dir);
    if (first) first_ = line_state{};
    processor_.wake();
    return true;
}

void log_directory::close() noexcept {
    if (!dir_) return;
    drain(nullptr, 0);
    files_.close(true);
    config_.forget();
    dir_.reset();
}

void log_directory::try_at_once() noexcept {
    files_.hurry();
    if (dir_) drain(nullptr, 0);
}

void log_directory::finish(std::optional<std::size_t> left) noexcept {
    if (!dir_) return;
    // Where a line has been written in part and comes again as a whole, a svlogd that does not know that must not
    // append.
    const bool comes_again = files_.current().torn() && (left || !feed_.idle());
    files_.close(!comes_again);
    const std::uint64_t lost = left ? feed_.lines_before() : feed_.lines();
    if (lost > 0) svlogd_messages.warn({"lines lost: ", decimal{lost}.view(), ": ", files_.place().name});
    config_.forget();
    dir_.reset();
}

// ---- what a predecessor has left ----------------------------------------------------------------------------------

bool log_directory::begins_inside(std::string_view input, const pipe_name& pipe) noexcept {
    if (!dir_ || !first_) return false;
    const auto& mark = files_.mark().mark();
    if (!mark || mark->pipe != pipe || pipe.inode == 0) return false;
    first_ = mark->at(input);
    files_.mark().begins(*first_);
    return first_->inside;
}

void log_directory::go_on(const log_block& block) noexcept {
    const line_state state = *first_;
    first_.reset();
    const bool processed = !config_.processor().empty();
    const bool torn      = log_is_torn(dir_.value(), processed);
    files_.ends_inside(torn);
    if (!torn && !state.inside) return;

    const auto        since  = state.inside ? std::optional{state.size} : std::nullopt;
    const log_end     found  = read_end(dir_.value(), processed, since, feed_.scratch());
    const log_policy& policy = config_.policy();
    const auto        logged = [&](std::string_view head) {
        return !policy.udp.only && (config_.rules().empty() || filter(config_.rules(), head).log);
    };
    const resumption next = resume(found, block, form(block.stamp), state, logged);
    // Written down, since the log grows again: a successor could not find that line in it any more.
    if (state.inside && state.taking && skips_first_line(next, block)) files_.mark().line_is_logged();
    for (const std::string_view part : {next.stamp, next.prefix, next.line}) feed_.add(part);
    feed_.begin_at(next.at, next.inside, next.taking);
}

void log_directory::end_line() noexcept {
    if (!dir_ || !first_) return;
    if (log_is_torn(dir_.value(), !config_.processor().empty())) feed_.add("\n");
    first_.reset();
    drain(nullptr, 0);
}

bool log_directory::mark_line(const block_edges& edges) noexcept {
    if (!dir_) return true;
    line_mark_file& file = files_.mark();
    if (!edges.inside_before && !edges.inside_after) return file.clear(), true;
    line_mark mark{.pipe = edges.pipe, .bytes = edges.bytes, .hash = edges.hash, .current = files_.current().inode()};
    if (edges.inside_before && file.mark()) mark.before = file.mark()->after;
    mark.before.inside = edges.inside_before;
    const bool goes_on = edges.inside_after && feed_.taking() && feed_.pending().empty();
    mark.after         = {edges.inside_after, goes_on, static_cast<std::int64_t>(files_.current().size())};
    return file.write(mark);
}

// ---- logging ------------------------------------------------------------------------------------------------------

line_form log_directory::form(std::string_view stamp) const noexcept {
    const log_policy& policy  = config_.policy();
    const bool        as_read = stamp.empty() && policy.prefix.empty() && policy.udp.port == 0;
    return {policy.prefix, how_.longest, as_read, as_read && config_.rules().empty()};
}

bool log_directory::feed(const log_block& block, ticks now) noexcept {
    if (!dir_) return feed_.pass_over(block), true;
    if (!files_.ready(now)) return false;
    if (first_) go_on(block);
    return drain(&block, now) && feed_.done_with(block);
}

// Writes what is gathered, and gathers the next. True: everything is written.
bool log_directory::drain(const log_block* block, ticks now) noexcept {
    if (!files_.ready(now)) return false;
    for (;;) {
        if (feed_.owes_report()) {
            report_drops();
            if (feed_.dropped() > 0) return false;
        }
        if (block != nullptr)
            feed_.gather(*block, form(block->stamp),
                         [&](std::string_view head, log_feed& feed) { return wanted(head, block->stamp, feed); });
        const std::string_view bytes = feed_.pending();
        if (bytes.empty()) return true;
        const std::size_t written = files_.append(bytes);
        feed_.wrote(written);
        if (written < bytes.size()) return false;
    }
}

void log_directory::report_drops() noexcept {
    const std::uint64_t             count = feed_.dropped();
    const decimal                   digits{count};
    fixed_text<tai::stamp_size>     now;
    std::array<std::string_view, 6> words{"",  "", config_.policy().prefix, "warning: lines dropped: ", digits.view(),
                                          "\n"};
    if (how_.stamp) {
        now      = tai::write(*how_.stamp, sys::wall());
        words[0] = now.view();
        words[1] = " ";
    }
    if (files_.current().torn()) feed_.add("\n");
    feed_.report(words);
    const std::size_t written = files_.append(feed_.pending());
    if (written == 0) return feed_.withdraw_report(count);
    feed_.wrote(written);
    svlogd_messages.warn({"lines dropped: ", decimal{count}.view(), ": ", files_.place().name});
}

// Judges a line, and sends it where it goes besides current; whether it goes there.
bool log_directory::wanted(std::string_view head, std::string_view stamp, log_feed& feed) noexcept {
    const log_policy&      policy  = config_.policy();
    const filter_result    verdict = config_.rules().empty() ? filter_result{} : filter(config_.rules(), head);
    const std::string_view end     = head.size() == how_.longest ? "...\n" : "\n";
    if (verdict.alert) sinks_.to_stderr.add({stamp, policy.prefix, head, end});
    if (!verdict.log) return false;
    if (policy.udp.port == 0) return true;
    udp_sink&  udp    = sinks_.to_udp;
    const bool socket = udp.ready();
    if (!socket || !udp.send(policy.udp, {stamp, policy.prefix, head, end})) {
        feed.add(socket ? "warning: failure sending through udp: " : "warning: no udp socket available: ");
        for (const std::string_view part : {stamp, policy.prefix, head, end}) feed.add(part);
    }
    return !policy.udp.only;
}

void log_directory::skip(const log_block& block) noexcept {
    if (first_) {
        feed_.begin_at(0, first_->inside, false);
        files_.ends_inside(log_is_torn(dir_.value(), !config_.processor().empty()));
        first_.reset();
    }
    feed_.skip(block, form(block.stamp),
               [&](std::string_view head, log_feed& feed) { return wanted(head, block.stamp, feed); });
}

void log_directory::release() noexcept {
    constexpr std::size_t page = 4096;
    if (const std::span<char> room = feed_.unused(); room.size() > page)
        ::madvise(room.data() + page, room.size() - page, MADV_DONTNEED);
}

// ---- what time and processors ask for -----------------------------------------------------------------------------

void log_directory::tend(ticks now) noexcept {
    if (!dir_) return;
    if (files_.stuck()) drain(nullptr, now);
    files_.tend(now);
}

void log_directory::process(ticks now) noexcept {
    if (dir_ && !config_.processor().empty())
        processor_.start(dir_.value(), files_.place().name, config_.processor().data(), how_.verbose, now);
}

bool log_directory::child_ended(pid_t pid, int status, bool again, ticks now) noexcept {
    if (pid != processor_.pid()) return false;
    processor_.ended(dir_.value(), files_.place().name, status, again && !config_.processor().empty(), how_.verbose,
                     now);
    return true;
}

std::optional<ticks> log_directory::due(bool may_process) const noexcept {
    if (!dir_) return std::nullopt;
    std::optional<ticks> next = files_.due();
    if (may_process && !config_.processor().empty())
        if (const auto at = processor_.due()) next = next ? std::min(*next, *at) : at;
    return next;
}

}  // namespace runwell
