#include "prog/svlogd/current_file.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/text.hh"
#include "prog/svlogd/old_files.hh"
#include "sys/trust.hh"

namespace runwell {
namespace {

constexpr int    most_files    = 64;  // to look at for the end of a log
constexpr mode_t being_written = 0644;
constexpr mode_t well_closed   = 0744;

struct readable {
    sys::unique_fd file;
    std::uint64_t  size = 0;
};

readable open_to_read(int dir, const char* name) noexcept {
    auto        opened = sys::open_trusted(dir, name, sys::expected::regular, O_RDONLY);
    struct stat about {};
    if (!opened || ::fstat(opened->file.value(), &about) != 0) return {};
    return {std::move(opened->file), static_cast<std::uint64_t>(about.st_size)};
}

// Reads the end of the file in front of room[from]; returns where what was read begins.
std::size_t read_before(const readable& of, std::span<char> room, std::size_t from) noexcept {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(of.size, from));
    for (std::size_t done = 0; done < size;) {
        const ssize_t got = ::pread(of.file.value(), room.data() + from - size + done, size - done,
                                    static_cast<off_t>(of.size - size + done));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return from;
        done += static_cast<std::size_t>(got);
    }
    return from - size;
}

}  // namespace

result<void> current_file::open(int dir) noexcept {
    sys::opened_entry opened =
        TRY(sys::open_trusted(dir, "current", sys::expected::any, O_WRONLY | O_APPEND | O_CREAT, being_written));
    struct stat about {};
    if (::fstat(opened.file.value(), &about) != 0) return error{"", "", errno};
    file_  = std::move(opened.file);
    size_  = static_cast<std::uint64_t>(about.st_size);
    inode_ = about.st_ino;
    ours_  = opened.how == trust::full;
    set_mode(false);
    return {};
}

ssize_t current_file::write(std::string_view bytes) noexcept {
    const ssize_t wrote = ::write(file_.value(), bytes.data(), bytes.size());
    if (wrote > 0) {
        size_ += static_cast<std::uint64_t>(wrote);
        torn_ = bytes[static_cast<std::size_t>(wrote) - 1] != '\n';
    }
    return wrote;
}

bool current_file::sync() const noexcept { return ::fsync(file_.value()) == 0; }

bool current_file::set_mode(bool closed) const noexcept {
    if (ours_) return ::fchmod(file_.value(), closed ? well_closed : being_written) == 0;
    struct stat about {};
    if (::fstat(file_.value(), &about) != 0) return false;
    if (about.st_uid != ::geteuid()) return true;
    const mode_t mode = about.st_mode & 07777 & ~static_cast<mode_t>(S_IXUSR);
    return ::fchmod(file_.value(), mode | (closed ? S_IXUSR : 0U)) == 0;
}

namespace {

bool ends_inside_a_line(const readable& of) noexcept {
    char last = '\n';
    return of.size > 0 && ::pread(of.file.value(), &last, 1, static_cast<off_t>(of.size - 1)) == 1 && last != '\n';
}

// The old file before that one, as it was logged; empty: there is none, or a processor has changed it.
old_name raw_file_before(int dir, const old_name& than, bool processed) noexcept {
    const old_name last = last_old_file(dir, than.view());
    return processed && !is_old_name(last.view(), old_file::unfinished) ? old_name{} : last;
}

}  // namespace

bool current_is_torn(int dir) noexcept { return ends_inside_a_line(open_to_read(dir, "current")); }

bool log_is_torn(int dir, bool processed) noexcept {
    const readable current = open_to_read(dir, "current");
    if (current.size > 0) return ends_inside_a_line(current);
    const old_name before = raw_file_before(dir, {}, processed);
    return !before.empty() && ends_inside_a_line(open_to_read(dir, before.c_str()));
}

log_end read_end(int dir, bool processed, std::optional<std::int64_t> since, std::span<char> room) noexcept {
    log_end        end;
    const readable current = open_to_read(dir, "current");
    std::size_t    begin   = read_before(current, room, room.size());
    const auto     text    = [&] { return std::string_view{room.data() + begin, room.size() - begin}; };
    old_name       name    = raw_file_before(dir, {}, processed);
    const auto     size    = static_cast<std::int64_t>(current.size);
    if (since && *since <= size) end.grown = static_cast<std::uint64_t>(size - *since);
    end.cut = current.size > text().size();
    for (int files = 0; files < most_files && !name.empty() && !end.cut; ++files) {
        const readable    file = open_to_read(dir, name.c_str());
        const std::size_t from = read_before(file, room, begin);
        end.cut                = file.size > begin - from;
        begin                  = from;
        name                   = raw_file_before(dir, name, processed);
    }
    end.cut |= !name.empty();
    end.text = text();
    return end;
}

}  // namespace runwell
