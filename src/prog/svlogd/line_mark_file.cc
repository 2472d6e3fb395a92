#include "prog/svlogd/line_mark_file.hh"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "sys/files.hh"
#include "sys/ledger.hh"
#include "sys/trust.hh"

namespace runwell {

result<void> line_mark_file::lock(int dir) noexcept {
    auto opened = TRY(sys::open_trusted(dir, "lock", sys::expected::regular, O_RDWR | O_CREAT, 0600));
    if (::flock(opened.file.value(), LOCK_EX | LOCK_NB) != 0) return error{"", "", errno};
    file_ = std::move(opened.file);
    mark_.reset();
    line_mark_text text{};
    const ssize_t  got = ::pread(file_.value(), text.data(), text.size(), 0);
    if (got > 0) mark_ = read_line_mark({text.data(), static_cast<std::size_t>(got)});
    return {};
}

void line_mark_file::unlock() noexcept {
    file_.reset();
    mark_.reset();
}

bool line_mark_file::put(const line_mark_text& text) const noexcept {
    return ::pwrite(file_.value(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
}

bool line_mark_file::write(const line_mark& mark) noexcept {
    mark_ = mark;
    return put(runwell::write(mark));
}

void line_mark_file::taken() noexcept {
    if (!mark_ || mark_->taken) return;
    mark_->taken = true;
    static_cast<void>(::pwrite(file_.value(), &is_taken, 1, place_of_taken) < 0);
}

void line_mark_file::clear() noexcept {
    if (mark_) put(no_line_mark());
    mark_.reset();
}

void line_mark_file::line_is_logged() noexcept {
    mark_->after.taking = false;
    put(runwell::write(*mark_));
}

void line_mark_file::rotated(std::uint64_t size, std::uint64_t inode) noexcept {
    if (!mark_) return;
    mark_->before.size -= static_cast<std::int64_t>(size);
    mark_->after.size -= static_cast<std::int64_t>(size);
    mark_->current = inode;
    put(runwell::write(*mark_));
}

pipe_name name_of_input() noexcept {
    pipe_name   name;
    struct stat about {};
    if (::fstat(STDIN_FILENO, &about) != 0 || !S_ISFIFO(about.st_mode)) return name;
    name.device = about.st_dev;
    name.inode  = about.st_ino;
    name.boot   = sys::scope_now().boot;
    return name;
}

}  // namespace runwell
