#include "prog/svlogd/old_files.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "sys/clock.hh"
#include "sys/dir.hh"

namespace runwell {
namespace {

constexpr ticks         between_looks  = one_second / 10;
constexpr std::uint64_t most_looked_at = 100'000;  // names: some hundredths of a second

bool exists(int dir, const char* name) noexcept {
    struct stat about {};
    return ::fstatat(dir, name, &about, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

template <class Each>
result<void> each_old_file(int dir, Each each) noexcept {
    ::lseek(dir, 0, SEEK_SET);
    return sys::each_name(dir, [&](const char* name, unsigned char) {
        if (is_old_name(name)) each(std::string_view{name});
    });
}

}  // namespace

const old_name& old_files::next(int dir, old_file what) noexcept {
    newest_ = next_name(sys::wall(), newest_);
    while (exists(dir, name_of(newest_, old_file::done).c_str()) ||
           exists(dir, name_of(newest_, old_file::unfinished).c_str()))
        newest_ = next_name(newest_, newest_);
    return newest_name_ = name_of(newest_, what);
}

void old_files::prune(const log_place& at, const keeping& keep, ticks now) noexcept {
    prune_at_.reset();
    pruning    files{newest_name_.view(), keep.in_work, keep.most};
    const auto read = each_old_file(at.dir, [&](std::string_view name) { files.add(name); });
    if (!read) svlogd_messages.warn(error{"unable to read directory: ", at.name, read.why().code});
    files.finish();
    bool deleted = false;
    for (std::size_t i = 0; i < files.size(); ++i) {
        const old_name name     = files[i];
        const bool     leftover = is_old_name(name.view(), old_file::temporary);
        if (at.verbose && !leftover) sys::say({"svlogd: info: delete: ", at.name, "/", name.view()});
        if (::unlinkat(at.dir, name.c_str(), 0) == 0) {
            deleted = true;
        } else if (leftover) {
            svlogd_messages.warn(error{"unable to unlink processor leftover: ", "", errno});
        } else {
            svlogd_messages.warn(error{"unable to unlink oldest logfile: ", at.name, errno});
            break;
        }
    }
    if (read && files.more() && deleted) prune_at_ = now + between_looks;
}

bool old_files::make_room(const log_place& at, const keeping& keep) noexcept {
    if (!keep.most || looked_at_ >= most_looked_at) return false;
    pruning    files{newest_name_.view(), keep.in_work, keep.most, 1};
    const auto read = each_old_file(at.dir, [&](std::string_view name) {
        ++looked_at_;
        if (!is_old_name(name, old_file::temporary)) files.add(name);
    });
    if (!read)
        svlogd_messages.warn(error{"unable to read directory, want remove old logfile: ", at.name, read.why().code});
    if (files.size() == 0) return false;
    const old_name oldest = files[0];
    svlogd_messages.warn({"out of disk space, delete: ", at.name, "/", oldest.view()});
    if (::unlinkat(at.dir, oldest.c_str(), 0) == 0) return true;
    svlogd_messages.warn(error{"unable to unlink oldest logfile: ", at.name, errno});
    return false;
}

old_name last_old_file(int dir, std::string_view before) noexcept {
    old_name last;
    static_cast<void>(each_old_file(dir, [&](std::string_view name) {
        if (is_old_name(name, old_file::temporary) || name <= last.view() || (!before.empty() && name >= before))
            return;
        last.clear();
        last.append(name);
    }));
    return last;
}

}  // namespace runwell
