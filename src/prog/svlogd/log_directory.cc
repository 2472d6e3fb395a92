#include "prog/svlogd/log_directory.hh"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>

#include "core/bytes.hh"
#include "core/error_words.hh"
#include "core/framing.hh"
#include "core/text.hh"
#include "sys/clock.hh"
#include "sys/dir.hh"
#include "sys/files.hh"

namespace runwell {
namespace {

constexpr std::size_t flush_at       = 65'536;  // bytes gathered
constexpr std::size_t worth_a_write  = 16'384;  // bytes: not copied
constexpr std::size_t longest_prefix = 4096;    // bytes
constexpr mode_t      being_written  = 0644;    // a current without u+x was not closed: its svlogd has crashed
constexpr mode_t      well_closed    = 0744;

std::size_t newlines_in(std::string_view bytes) noexcept {
    return static_cast<std::size_t>(std::count(bytes.begin(), bytes.end(), '\n'));
}

bool exists(int dir, const char* name) noexcept {
    struct stat about {};
    return ::fstatat(dir, name, &about, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

// The content of a file, a zero byte after it, and who owns it; no text when there is no such file.
struct content {
    sys::pages text;
    uid_t      owner = 0;
};

result<content> content_of(int dir, const char* name) noexcept {
    auto file = sys::open_entry(dir, name, O_RDONLY, 0, sys::links::ours);
    if (!file && file.why().error == ENOENT) return content{};
    const sys::unique_fd opened = TRY(std::move(file));
    struct stat          about {};
    if (::fstat(opened.value(), &about) != 0) return trouble{"", "", errno};
    sys::pages  text = TRY(sys::pages::make(static_cast<std::size_t>(about.st_size) + 1));
    std::size_t size = 0;
    while (size + 1 < text.bytes().size()) {
        const ssize_t got = ::read(opened.value(), text.bytes().data() + size, text.bytes().size() - 1 - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return trouble{"", "", errno};
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
    }
    if (size + 1 < text.bytes().size()) text.bytes()[size] = '\n';  // it has shrunk meanwhile
    return content{std::move(text), about.st_uid};
}

struct rule_count {
    std::size_t rules = 0, steps = 0;
};

rule_count count_rules(std::string_view text) noexcept {
    rule_count count;
    while (const auto line = next_config_line(text)) {
        if (!is_rule(*line)) continue;
        ++count.rules;
        count.steps += steps_of(line->rest);
    }
    return count;
}

}  // namespace

// ---- opening and closing ------------------------------------------------------------------------------------------

bool log_directory::open(ticks now) noexcept {
    now_     = now;
    auto dir = sys::open_at(AT_FDCWD, name_, O_RDONLY | O_NONBLOCK);
    if (!dir) return svlogd_voice.warn(trouble{"unable to open log directory: ", name_, dir.why().error}), false;
    struct stat about {};
    if (::fstat(dir->value(), &about) != 0 || !S_ISDIR(about.st_mode))
        return svlogd_voice.warn(trouble{"unable to change directory: ", name_, ENOTDIR}), false;

    auto lock = sys::open_entry(dir->value(), "lock", O_WRONLY | O_APPEND | O_CREAT, 0600);
    if (!lock || ::flock(lock->value(), LOCK_EX | LOCK_NB) != 0)
        return svlogd_voice.warn(trouble{"unable to lock directory: ", name_, lock ? errno : lock.why().error}), false;

    dir_  = std::move(*dir);
    lock_ = std::move(*lock);
    if (const outcome config = take_config(); !config)
        svlogd_voice.warn(trouble{"unable to read config: ", name_, config.why().error});
    if (const outcome old = take_over_current(); !old) {
        svlogd_voice.warn(trouble{old.why().what, name_, old.why().error});
        close();
        return false;
    }
    processor_.wake();
    if (policy_.age > 0) {
        constexpr std::uint64_t ages = 1'000'000'000;  // seconds: no more fit into ticks
        rotate_at_                   = now + static_cast<ticks>(std::min(policy_.age, ages)) * one_second;
    }
    return true;
}

void log_directory::close() noexcept {
    if (!dir_) return;
    flush();
    close_as(well_closed);
}

void log_directory::close_as(mode_t mode) noexcept {
    if (how_.verbose) sys::say({"svlogd: info: close: ", name_});
    if (current_ && (::fsync(current_.value()) != 0 || ::fchmod(current_.value(), mode) != 0))
        svlogd_voice.warn(trouble{"unable to close current: ", name_, errno});
    current_.reset();
    lock_.reset();
    dir_.reset();
    rules_  = {};
    policy_ = {};
    config_ = {};
    rotate_at_.reset();
    rotation_owed_ = stuck_ = false;
}

void log_directory::finish(std::optional<std::size_t> left) noexcept {
    if (!dir_) return;
    retry_at_ = 0;
    flush();
    // Where a line has been written in part and comes again as a whole, nothing may be appended.
    const bool breaks_off = torn_ && (used_ > 0 || (left && *left < safe_));
    close_as(breaks_off ? being_written : well_closed);
    const std::uint64_t lost = newlines_in({out_.data(), left ? older_ : used_}) + dropped_;
    if (lost > 0) svlogd_voice.warn({"lines lost: ", decimal{lost}.view(), ": ", name_});
}

outcome log_directory::take_config() noexcept {
    const content file = TRY(content_of(dir_.value(), "config"));
    if (file.text.bytes().empty()) return done{};
    if (how_.verbose) sys::say({"svlogd: info: read: ", name_, "/config"});

    // The rules, their steps, and the text that both borrow.
    const std::string_view said{file.text.bytes().data(), file.text.bytes().size() - 1};
    const rule_count       count     = count_rules(said);
    const std::size_t      for_rules = count.rules * sizeof(selection_rule);
    const std::size_t      for_steps = count.steps * sizeof(pattern_step);
    config_                          = TRY(sys::pages::make(for_rules + for_steps + said.size() + 1));
    char* const room                 = config_.bytes().data();
    char* const text                 = room + for_rules + for_steps;
    std::memcpy(text, said.data(), said.size());
    auto* const             rules = reinterpret_cast<selection_rule*>(room);
    std::span<pattern_step> steps{reinterpret_cast<pattern_step*>(room + for_rules), count.steps};

    std::size_t      made = 0;
    std::string_view rest{text, said.size()};
    while (const auto line = next_config_line(rest)) {
        if (is_rule(*line)) {
            using enum selection_rule::target;
            const pattern when = compile(line->rest, steps);
            steps              = steps.subspan(when.steps.size());
            new (rules + made++) selection_rule{line->letter == '+' || line->letter == '-' ? log : alert,
                                                line->letter == '+' || line->letter == 'e', when};
        } else if (const auto bad = apply(*line, policy_)) {
            svlogd_voice.warn({bad->what, bad->about});
        }
    }
    rules_         = {rules, made};
    policy_.prefix = policy_.prefix.substr(0, longest_prefix);
    if (!policy_.processor.empty() && !sys::is_ours(file.owner)) {
        svlogd_voice.warn({"config belongs to another user, its processor is not run: ", name_});
        policy_.processor = {};
    }
    // The shell wants a zero byte after the command, where the newline was.
    if (!policy_.processor.empty()) text[policy_.processor.end() - text] = '\0';
    return done{};
}

// A current that was not closed well becomes a file of its own; another one is appended to.
outcome log_directory::take_over_current() noexcept {
    struct stat about {};
    size_           = 0;
    const bool here = ::fstatat(dir_.value(), "current", &about, 0) == 0;
    if (!here && errno != ENOENT) return trouble{"unable to stat current: ", "", errno};
    const bool crashed = here && about.st_size > 0 && (about.st_mode & S_IXUSR) == 0 && S_ISREG(about.st_mode);
    if (crashed) {
        pick_name(old_file::unfinished);
        if (::renameat(dir_.value(), "current", dir_.value(), newest_name_.c_str()) != 0)
            return trouble{"unable to rename current: ", "", errno};
        prune();
    } else if (here) {
        size_ = static_cast<std::uint64_t>(about.st_size);
    }
    torn_ = false;
    if (open_current("unable to open current: ") && how_.verbose)
        sys::say({"svlogd: info: ", here && !crashed ? "append: " : "new: ", name_, "/current"});
    return done{};
}

bool log_directory::open_current(const char* doing) noexcept {
    for (;;) {
        auto file =
            sys::open_entry(dir_.value(), "current", O_WRONLY | O_APPEND | O_CREAT, being_written, sys::links::ours);
        if (file) {
            ::fchmod(file->value(), being_written);
            current_ = std::move(*file);
            unstick();
            return true;
        }
        errno = file.why().error;
        if (!overcome(doing)) return false;
    }
}

// ---- what goes wrong ----------------------------------------------------------------------------------------------

// After a call that has failed: whether it is to be tried at once. Else this directory is stuck for a while.
bool log_directory::overcome(const char* doing) noexcept {
    const int error = errno;
    if (error == EINTR) return true;
    if (error == ENOSPC && make_room()) return true;
    now_ = sys::monotonic();
    if (!stuck_) {
        since_ = now_;
        tries_ = 0;
    }
    stuck_    = true;
    retry_at_ = now_ + retry_every;
    ++tries_;
    if (now_ >= remind_at_) {
        sys::say({"svlogd: ", how_.lossy ? "dropping: " : "pausing: ", doing, name_, ": ", error_words(error)});
        remind_at_ = now_ + remind_every;
    }
    return false;
}

void log_directory::unstick() noexcept {
    if (!stuck_) return;
    stuck_ = false;
    svlogd_voice.warn({"going on after ", decimal{tries_}.view(), " tries in ",
                       decimal{static_cast<std::uint64_t>((sys::monotonic() - since_) / one_second)}.view(),
                       " s: ", name_});
}

bool log_directory::in_work(std::string_view name) const noexcept {
    const std::string_view file = processor_.file().view();
    return !file.empty() && name.substr(0, tai::label_size) == file.substr(0, tai::label_size);
}

// On a full disk: deletes the oldest file, if N allows it.
bool log_directory::make_room() noexcept {
    const auto least = policy_.least();
    if (!least) return false;
    oldest_files  found{newest_name_.view()};
    std::uint64_t seen = 0;
    ::lseek(dir_.value(), 0, SEEK_SET);
    const auto read = sys::each_name(dir_.value(), [&](const char* name, unsigned char) {
        if (!is_old_name(name)) return;
        ++seen;
        if (!in_work(name)) found.add(name);
    });
    if (!read)
        svlogd_voice.warn(trouble{"unable to read directory, want remove old logfile: ", name_, read.why().error});
    if (seen <= *least || found.kept() == 0) return false;
    svlogd_voice.warn({"out of disk space, delete: ", name_, "/", found[0].view()});
    if (::unlinkat(dir_.value(), found[0].c_str(), 0) == 0) return true;
    svlogd_voice.warn(trouble{"unable to unlink oldest logfile: ", name_, errno});
    return false;
}

// ---- rotation -----------------------------------------------------------------------------------------------------

// A name that no file has, later than every one given before: the order of names stays that of rotations where the
// clock goes back.
void log_directory::pick_name(old_file what) noexcept {
    moment at = sys::wall();
    if (at <= newest_) at = newest_;
    for (bool taken = at == newest_;; taken = true) {
        if (taken && ++at.nanos == 1'000'000'000) at = {at.seconds + 1, 0};
        if (!exists(dir_.value(), name_of(at, old_file::done).c_str()) &&
            !exists(dir_.value(), name_of(at, old_file::unfinished).c_str()))
            break;
    }
    newest_      = at;
    newest_name_ = name_of(at, what);
}

bool log_directory::rotate() noexcept {
    rotation_owed_ = size_ > 0;
    if (!rotation_owed_) return true;
    pick_name(policy_.processor.empty() ? old_file::done : old_file::unfinished);
    while (::fsync(current_.value()) != 0)
        if (!overcome("unable to fsync current logfile: ")) return false;
    while (::fchmod(current_.value(), well_closed) != 0)
        if (!overcome("unable to set mode of current: ")) return false;
    while (::renameat(dir_.value(), "current", dir_.value(), newest_name_.c_str()) != 0)
        if (!overcome("unable to rename current: ")) return false;
    if (how_.verbose)
        sys::say({"svlogd: info: rename: ", name_, "/current ", newest_name_.view(), " ", decimal{size_}.view()});
    rotation_owed_ = torn_ = false;
    size_                  = 0;
    current_.reset();
    unstick();
    prune();
    const bool opened = open_current("unable to create new current: ");
    ::fsync(dir_.value());
    processor_.wake();
    return opened;
}

// Deletes the oldest files until n remain, and what processors have left behind.
void log_directory::prune() noexcept {
    for (;;) {
        oldest_files  found{newest_name_.view()};
        std::uint64_t seen = 0;
        ::lseek(dir_.value(), 0, SEEK_SET);
        const auto read = sys::each_name(dir_.value(), [&](const char* name, unsigned char) {
            const bool leftover = is_old_name(name, old_file::temporary);
            if (leftover && !in_work(name) && ::unlinkat(dir_.value(), name, 0) != 0)
                svlogd_voice.warn(trouble{"unable to unlink processor leftover: ", "", errno});
            if (leftover || !is_old_name(name)) return;
            ++seen;
            if (!in_work(name)) found.add(name);
        });
        if (!read) svlogd_voice.warn(trouble{"unable to read directory: ", name_, read.why().error});
        const std::uint64_t many = surplus(seen, policy_.keep);
        for (std::size_t i = 0; i < std::min<std::uint64_t>(many, found.kept()); ++i) {
            if (how_.verbose) sys::say({"svlogd: info: delete: ", name_, "/", found[i].view()});
            if (::unlinkat(dir_.value(), found[i].c_str(), 0) == 0) continue;
            svlogd_voice.warn(trouble{"unable to unlink oldest logfile: ", name_, errno});
            return;
        }
        if (!read || many <= found.kept() || found.kept() == 0) return;
    }
}

void log_directory::rotate_now(ticks now) noexcept {
    now_ = now;
    if (dir_ && current_) rotate();
}

void log_directory::tend(ticks now) noexcept {
    now_ = now;
    if (!dir_) return;
    if (stuck_ && now >= retry_at_) flush();
    if (!rotate_at_ || now < *rotate_at_) return;
    rotate_at_ = now + (*rotate_at_ - now) + static_cast<ticks>(policy_.age) * one_second;
    if (current_) rotate();
}

void log_directory::process(ticks now) noexcept {
    if (dir_ && !policy_.processor.empty())
        processor_.start(dir_.value(), name_, policy_.processor.data(), how_.verbose, now);
}

bool log_directory::child_ended(pid_t pid, int status, bool again, ticks now) noexcept {
    if (pid != processor_.pid()) return false;
    processor_.ended(dir_.value(), name_, status, again && !policy_.processor.empty(), how_.verbose, now);
    return true;
}

std::optional<ticks> log_directory::due(bool may_process) const noexcept {
    if (!dir_) return std::nullopt;
    std::optional<ticks> next = rotate_at_;
    const auto           also = [&next](std::optional<ticks> at) {
        if (at) next = next ? std::min(*next, *at) : at;
    };
    if (stuck_) also(retry_at_);
    if (may_process && !policy_.processor.empty()) also(processor_.due());
    return next;
}

// ---- writing ------------------------------------------------------------------------------------------------------

// Writes to current, and rotates where it is time; returns how much was written.
std::size_t log_directory::write_through(std::string_view bytes) noexcept {
    const size_limits limits{policy_.size, how_.longest};
    std::size_t       written = 0;
    while (written < bytes.size()) {
        if (!current_ && !open_current("unable to create new current: ")) return written;
        const portion next = next_portion(after(bytes, written), size_, limits);
        for (std::size_t left = next.take; left > 0;) {
            const ssize_t wrote = ::write(current_.value(), bytes.data() + written, left);
            if (wrote < 0) {
                if (!overcome("unable to write to current: ")) return written;
                continue;
            }
            unstick();
            const auto n = static_cast<std::size_t>(wrote);
            size_ += n;
            written += n;
            left -= n;
            torn_ = bytes[written - 1] != '\n';
        }
        if (next.rotate && !rotate()) return written;
    }
    return written;
}

// Everything that is owed to current: a rotation, the file itself, what was gathered, the number of lines dropped.
bool log_directory::flush() noexcept {
    if (!dir_) return true;
    if (stuck_ && now_ < retry_at_) return false;
    if (rotation_owed_ && !rotate()) return false;
    if (!current_ && !open_current("unable to create new current: ")) return false;
    if (used_ > 0) {
        const std::size_t written = write_through({out_.data(), used_});
        std::memmove(out_.data(), out_.data() + written, used_ - written);
        used_ -= written;
        older_ -= std::min(older_, written);
    }
    if (used_ == 0 && dropped_ > 0) report_drops();
    return used_ == 0 && !rotation_owed_ && current_;
}

void log_directory::report_drops() noexcept {
    const std::uint64_t count = dropped_;
    if (torn_) add("\n");
    if (how_.stamp) {
        add(tai::write(*how_.stamp, sys::wall()).view());
        add(" ");
    }
    add(policy_.prefix);
    add("warning: lines dropped: ");
    add(decimal{count}.view());
    add("\n");
    dropped_                  = 0;
    const std::size_t written = write_through({out_.data(), used_});
    if (written == 0) dropped_ = count;
    if (written == 0 || written == used_) used_ = 0;
    older_ = used_;
    if (written > 0) svlogd_voice.warn({"lines dropped: ", decimal{count}.view(), ": ", name_});
    std::memmove(out_.data(), out_.data() + written, written == 0 ? 0 : used_);
}

void log_directory::add(std::string_view bytes) noexcept {
    bytes = bytes.substr(0, out_.size() - used_);
    copy_bytes(out_.data() + used_, bytes);
    used_ += bytes.size();
}

// Large pieces are written from where they are.
void log_directory::put(std::string_view bytes) noexcept {
    if (bytes.size() >= worth_a_write && flush()) bytes.remove_prefix(write_through(bytes));
    add(bytes);
}

// ---- lines --------------------------------------------------------------------------------------------------------

bool log_directory::plain() const noexcept {
    return rules_.empty() && !how_.stamp && policy_.prefix.empty() && policy_.udp.port == 0;
}

bool log_directory::feed(const log_block& block, ticks now) noexcept {
    now_ = now;
    if (!dir_) {
        inside_ = block.ready.back() != '\n';
        taking_ = false;
        return true;
    }
    const bool taken   = plain() ? feed_plain(block) : feed_lines(block);
    const bool written = flush();
    if (written) safe_ = at_;
    return taken && written;
}

// Every line, as it is: nobody looks at them.
bool log_directory::feed_plain(const log_block& block) noexcept {
    if (!flush()) return false;
    if (inside_ && !taking_) {  // the rest of a line that was dropped
        const log_line line = first_line(after(block.ready, at_), inside_, how_.longest);
        inside_             = !line.ended;
        at_ += line.size();
    }
    if (at_ == block.ready.size()) return true;
    at_ += write_through(after(block.ready, at_));
    safe_   = at_;
    taking_ = true;
    if (at_ > 0) inside_ = block.ready[at_ - 1] != '\n';
    return at_ == block.ready.size();
}

bool log_directory::feed_lines(const log_block& block) noexcept {
    const bool        as_it_is   = block.stamp.empty() && policy_.prefix.empty() && policy_.udp.port == 0;
    const std::size_t decoration = block.stamp.size() + policy_.prefix.size();
    if (as_it_is && out_.size() - used_ < block.ready.size() - at_ && !flush()) return false;

    std::string_view run;  // as it is: selected lines that follow each other
    while (at_ < block.ready.size()) {
        const std::string_view left = after(block.ready, at_);
        const log_line         line = first_line(left, inside_, how_.longest);
        if (!as_it_is) {
            // Twice: a datagram that cannot be sent is written, too.
            const std::size_t room = 2 * (decoration + line.size()) + 128;
            if (used_ >= flush_at || out_.size() - used_ < room) {
                if (flush()) safe_ = at_;
                if (out_.size() - used_ < room) return false;
            }
        }
        const bool begins = !inside_;
        if (begins) taking_ = wanted(line.head, block);
        inside_ = !line.ended;
        at_ += line.size();
        if (!taking_ || !as_it_is) {
            put(run);
            run = {};
        }
        if (!taking_) continue;
        if (as_it_is) {
            run = {run.empty() ? left.data() : run.data(), run.size() + line.size()};
            continue;
        }
        if (begins) {
            add(block.stamp);
            add(policy_.prefix);
        }
        add(left.substr(0, line.size()));
    }
    put(run);
    return true;
}

// Judges a line, and sends it where it goes besides current; whether it goes there.
bool log_directory::wanted(std::string_view head, const log_block& block) noexcept {
    const verdict_on_line  verdict = rules_.empty() ? verdict_on_line{} : judge(rules_, head);
    const std::string_view end     = head.size() == how_.longest ? "...\n" : "\n";
    if (verdict.alert) alerts_.add({block.stamp, policy_.prefix, head, end});
    if (!verdict.log) return false;
    if (policy_.udp.port == 0) return true;
    const bool socket = datagrams_.ready();
    if (!socket || !datagrams_.send(policy_.udp, {block.stamp, policy_.prefix, head, end})) {
        add(socket ? "warning: failure sending through udp: " : "warning: no udp socket available: ");
        for (const std::string_view part : {block.stamp, policy_.prefix, head, end}) add(part);
    }
    return !policy_.udp.only;
}

// From the first line that is dropped until something can be written again, all are: the report stands where they were.
void log_directory::skip(const log_block& block) noexcept {
    if (plain() && dropped_ == 0 && (!inside_ || taking_)) {
        const std::string_view left = after(block.ready, at_);
        const std::size_t      last = left.substr(0, out_.size() - used_).rfind('\n');
        const std::size_t      keep = last == std::string_view::npos ? 0 : last + 1;
        add(left.substr(0, keep));
        at_ += keep;
        if (keep > 0) inside_ = false;
    }
    while (at_ < block.ready.size()) {
        const log_line line = first_line(after(block.ready, at_), inside_, how_.longest);
        if (!inside_) taking_ = plain() || wanted(line.head, block);
        if (taking_) ++dropped_;
        taking_ = false;
        inside_ = !line.ended;
        at_ += line.size();
    }
}

void log_directory::release() noexcept {
    constexpr std::size_t page = 4096;
    if (used_ == 0) ::madvise(out_.data() + page, out_.size() - page, MADV_DONTNEED);
}

}  // namespace runwell
