#include "prog/svlogd/log_files.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "core/error_words.hh"
#include "core/text.hh"
#include "sys/clock.hh"
#include "sys/trust.hh"

namespace runwell {
namespace {

constexpr retry_pauses pauses{retry_every, retry_every, remind_every};

}  // namespace

// ---- opening and closing ------------------------------------------------------------------------------------------

bool log_files::open(int dir, ticks now) noexcept {
    place_.dir = dir;
    if (const result<void> old = take_over_current(); !old)
        return svlogd_messages.warn(error{old.why().what, place_.name, old.why().code}), false;
    if (const std::uint64_t age = config_.policy().age; age > 0) {
        constexpr std::uint64_t ages = 1'000'000'000;  // seconds: no more fit into ticks
        rotate_at_                   = now + static_cast<ticks>(std::min(age, ages)) * one_second;
    }
    return true;
}

void log_files::close(bool well) noexcept {
    if (place_.verbose) sys::say({"svlogd: info: close: ", place_.name});
    if (current_.is_open() && (!current_.sync() || (well && !current_.set_mode(true))))
        svlogd_messages.warn(error{"unable to close current: ", place_.name, errno});
    current_.close();
    lock_.unlock();
    old_.forget();
    rotate_at_.reset();
    rotation_owed_ = false;
    retry_.succeeded();
}

// A current that was not closed well becomes a file of its own, unless it ends inside a line, which is to go on.
// Another one is appended to.
result<void> log_files::take_over_current() noexcept {
    struct stat about {};
    const int   follow = sys::writers_of(place_.dir) == writers::only_us ? 0 : AT_SYMLINK_NOFOLLOW;
    const bool  here   = ::fstatat(place_.dir, "current", &about, follow) == 0;
    if (!here && errno != ENOENT) return error{"unable to stat current: ", "", errno};
    if (here) follow_rotation(about.st_ino);
    const bool ours     = here && S_ISREG(about.st_mode) && (follow == 0 || about.st_nlink == 1);
    const bool unclosed = ours && about.st_size > 0 && (about.st_mode & S_IXUSR) == 0;
    const bool renamed  = unclosed && !current_is_torn(place_.dir);
    if (renamed) {
        const old_name& name = old_.next(place_.dir, old_file::unfinished);
        if (::renameat(place_.dir, "current", place_.dir, name.c_str()) != 0)
            return error{"unable to rename current: ", "", errno};
        current_.begin(static_cast<std::uint64_t>(about.st_size));
        old_.prune(place_, kept(kept_by(config_.policy().keep)), sys::monotonic());
    }
    const bool opened = open_current("unable to open current: ");
    if (opened && !here) follow_rotation(current_.inode());
    if (opened && place_.verbose)
        sys::say({"svlogd: info: ", here && !renamed ? "append: " : "new: ", place_.name, "/current"});
    return {};
}

// A predecessor may have been killed after it had renamed current, and before it has written that down.
void log_files::follow_rotation(std::uint64_t inode) noexcept {
    if (!lock_.mark() || lock_.mark()->current == inode) return;
    struct stat    about {};
    const old_name last = last_old_file(place_.dir, {});
    if (last.empty() || ::fstatat(place_.dir, last.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) return;
    if (about.st_ino == lock_.mark()->current) lock_.rotated(static_cast<std::uint64_t>(about.st_size), inode);
}

bool log_files::open_current(const char* doing) noexcept {
    for (bool aside = false;;) {
        const result<void> opened = current_.open(place_.dir);
        if (opened) {
            if (current_.size_before() > 0) lock_.rotated(current_.size_before(), current_.inode());
            going_on();
            return true;
        }
        const int code = opened.why().code;
        if (!std::exchange(aside, true) && (code == ELOOP || code == EMLINK || code == EINVAL) && put_aside()) continue;
        errno = code;
        if (!overcome(doing)) return false;
    }
}

// Where other users can write, they can have put something else under that name.
bool log_files::put_aside() noexcept {
    if (sys::writers_of(place_.dir) == writers::only_us) return false;
    const old_name& name = old_.next(place_.dir, old_file::unfinished);
    if (::renameat(place_.dir, "current", place_.dir, name.c_str()) != 0) return false;
    svlogd_messages.warn({"current is no file of its own, renamed: ", place_.name, "/", name.view()});
    return true;
}

// ---- what goes wrong ----------------------------------------------------------------------------------------------

// After a call that has failed: whether it is to be tried at once. Else it is for ready() to try again.
bool log_files::overcome(const char* doing) noexcept {
    const int code = errno;
    if (code == EINTR) return true;
    if (code == ENOSPC && old_.make_room(place_, kept(config_.policy().least()))) return true;
    if (retry_.failed(sys::monotonic(), pauses))
        sys::say({"svlogd: ", how_.lossy ? "dropping: " : "pausing: ", doing, place_.name, ": ", error_words(code)});
    return false;
}

void log_files::going_on() noexcept {
    if (!retry_.succeeded()) return;
    const auto seconds = static_cast<std::uint64_t>((sys::monotonic() - retry_.since()) / one_second);
    svlogd_messages.warn({"going on after ", decimal{retry_.tries()}.view(), " tries in ", decimal{seconds}.view(),
                          " s: ", place_.name});
}

// ---- rotation -----------------------------------------------------------------------------------------------------

bool log_files::rotate() noexcept {
    rotation_owed_ = current_.size() > 0;
    if (!rotation_owed_) return true;
    const old_name& name = old_.next(place_.dir, config_.processor().empty() ? old_file::done : old_file::unfinished);
    while (!current_.sync())
        if (!overcome("unable to fsync current logfile: ")) return false;
    while (!current_.set_mode(true))
        if (!overcome("unable to set mode of current: ")) return false;
    while (::renameat(place_.dir, "current", place_.dir, name.c_str()) != 0)
        if (!overcome("unable to rename current: ")) return false;
    if (place_.verbose)
        sys::say(
            {"svlogd: info: rename: ", place_.name, "/current ", name.view(), " ", decimal{current_.size()}.view()});
    rotation_owed_ = false;
    current_.begin(current_.size());
    going_on();
    old_.prune(place_, kept(kept_by(config_.policy().keep)), sys::monotonic());
    const bool opened = open_current("unable to create new current: ");
    ::fsync(place_.dir);
    worker_.wake();
    return opened;
}

void log_files::rotate_now() noexcept {
    if (current_.is_open()) rotate();
}

void log_files::tend(ticks now) noexcept {
    if (const auto at = old_.due(); at && now >= *at) old_.prune(place_, kept(kept_by(config_.policy().keep)), now);
    if (!rotate_at_ || now < *rotate_at_) return;
    rotate_at_ = now + (*rotate_at_ - now) + static_cast<ticks>(config_.policy().age) * one_second;
    rotate_now();
}

std::optional<ticks> log_files::due() const noexcept {
    std::optional<ticks> next = rotate_at_;
    for (const std::optional<ticks> at : {retry_.due(), old_.due()})
        if (at) next = next ? std::min(*next, *at) : at;
    return next;
}

// ---- writing ------------------------------------------------------------------------------------------------------

bool log_files::ready(ticks now) noexcept {
    if (!retry_.may_try(now)) return false;
    old_.next_try();
    if (rotation_owed_ && !rotate()) return false;
    return current_.is_open() || open_current("unable to create new current: ");
}

std::size_t log_files::append(std::string_view bytes) noexcept {
    const size_limits limits{config_.policy().size, how_.longest};
    std::size_t       written = 0;
    while (written < bytes.size()) {
        if (!current_.is_open() && !open_current("unable to create new current: ")) return written;
        const portion next = next_portion(after(bytes, written), current_.size(), limits);
        for (std::size_t left = next.take; left > 0;) {
            const ssize_t wrote = current_.write(up_to(after(bytes, written), left));
            if (wrote < 0) {
                // A file that may not grow any more makes way for another.
                const bool too_large = errno == EFBIG && current_.size() > 0;
                if (too_large ? !rotate() : !overcome("unable to write to current: ")) return written;
                if (too_large) break;
                continue;
            }
            going_on();
            written += static_cast<std::size_t>(wrote);
            left -= static_cast<std::size_t>(wrote);
            if (left == 0 && next.rotate && !rotate()) return written;
        }
        if (next.take == 0 && next.rotate && !rotate()) return written;
    }
    return written;
}

}  // namespace runwell
