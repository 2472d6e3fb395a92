#include "sys/value_files.hh"

#include <fcntl.h>
#include <sys/stat.h>

#include <string_view>

#include "sys/clock.hh"
#include "sys/trust.hh"

namespace runwell::sys {
namespace {

// The time of a change is as coarse as the tick of the kernel, or as a network's or an old file system's second.
constexpr std::int64_t coarsest_time = 2;

bool is_there(int dir, const char* name) noexcept {
    struct stat about;
    return ::fstatat(dir, name, &about, AT_SYMLINK_NOFOLLOW) == 0;
}

}  // namespace

value_file_set value_files_seen::look(int dir) noexcept {
    struct stat about;
    if (::fstat(dir, &about) != 0) return seen_;
    const moment changed{about.st_mtim.tv_sec, static_cast<std::uint32_t>(about.st_mtim.tv_nsec)};
    const bool   same = about.st_ino == inode_ && about.st_dev == device_ && changed == changed_;
    if (settled_ && same) return seen_;

    const std::int64_t age = wall().seconds - changed.seconds;  // before the look
    inode_                 = about.st_ino;
    device_                = about.st_dev;
    changed_               = changed;
    settled_               = age > coarsest_time;  // a time in the future never is
    seen_                  = {};
    control_               = is_there(dir, "control");
    for (const value_file_row& row : value_file_rows)
        if (is_there(dir, row.name)) seen_.add(row.what);
    return seen_;
}

result<value_text> read_value(int dir, value_file what) noexcept {
    char               bytes[longest_value];
    const content_size got = TRY(read_trusted(dir, row_of(what).name, bytes));
    value_text         text;
    text.append(value_in({bytes, got.size}));
    return text;
}

}  // namespace runwell::sys
