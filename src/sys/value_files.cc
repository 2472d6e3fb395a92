#include "sys/value_files.hh"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <string_view>

#include "sys/trust.hh"

namespace runwell::sys {
namespace {

constexpr std::int64_t billion = 1'000'000'000;

// As coarse as the time of a change may be: an old file system, or one of a network, may count in seconds, and others
// as the ticks of the kernel do. The limit for these is less than a second, so that the first start of ./run and the
// next one do not both look for every file.
constexpr std::int64_t coarsest_time(std::uint32_t nanos) noexcept {
    return nanos % 1'000'000 == 0 ? 3 * billion : billion / 2;
}

// At most a minute, so that it can be counted in nanoseconds.
constexpr std::int64_t nanos_since(const moment& then, const moment& now) noexcept {
    const std::int64_t seconds = std::clamp(now.seconds - then.seconds, std::int64_t{-60}, std::int64_t{60});
    return seconds * billion + now.nanos - then.nanos;
}

bool is_there(int dir, const char* name) noexcept {
    struct stat about;
    return ::fstatat(dir, name, &about, AT_SYMLINK_NOFOLLOW) == 0;
}

}  // namespace

value_file_set value_files_seen::look(int dir, const moment& wall) noexcept {
    struct stat about;
    if (::fstat(dir, &about) != 0) return seen_;
    const moment changed{about.st_mtim.tv_sec, static_cast<std::uint32_t>(about.st_mtim.tv_nsec)};
    const bool   same = about.st_ino == inode_ && about.st_dev == device_ && changed == changed_;
    if (settled_ && same) return seen_;

    inode_   = about.st_ino;
    device_  = about.st_dev;
    changed_ = changed;
    settled_ = nanos_since(changed, wall) > coarsest_time(changed.nanos);  // a time in the future never is
    seen_    = {};
    control_ = is_there(dir, "control");
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
