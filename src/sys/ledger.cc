#include "sys/ledger.hh"

#include <sys/stat.h>
#include <unistd.h>

#include "sys/clock.hh"
#include "sys/files.hh"

namespace runwell::sys {

std::optional<origin> here_and_now() noexcept {
    origin      here{.since = since_boot()};
    struct stat is;
    if (::stat("/proc/self/ns/pid", &is) != 0) return std::nullopt;
    here.pid_namespace = is.st_ino;

    const auto    file = open_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id", O_RDONLY);
    const ssize_t size = file ? ::read(file->value(), here.boot.data(), here.boot.size()) : -1;
    if (size != static_cast<ssize_t>(here.boot.size())) return std::nullopt;
    return here;
}

ledger read_ledger(int lock) noexcept {
    std::array<char, ledger::bytes> bytes;
    const ssize_t                   size = ::pread(lock, bytes.data(), bytes.size(), 0);
    if (size <= 0) return {};
    return runwell::read_ledger(std::span{bytes}.first(static_cast<std::size_t>(size)));
}

void begin_ledger(int lock, const origin& from, bool keep_entries) noexcept {
    if (!keep_entries) empty_ledger(lock);
    const origin_line line = write(from);
    static_cast<void>(::pwrite(lock, line.data(), line.size(), 0) < 0);
}

void enter(int lock, role as, const birth& of) noexcept {
    const birth_line line = write(of);
    static_cast<void>(::pwrite(lock, line.data(), line.size(), static_cast<off_t>(as)) < 0);
}

void note_pipe(int lock, const unique_fd& pipe) noexcept {
    ledger      now = read_ledger(lock);
    struct stat is;
    if (!now.from || ::fstat(pipe.value(), &is) != 0) return;
    now.from->pipe = is.st_ino;
    begin_ledger(lock, *now.from, true);
}

void empty_ledger(int lock) noexcept { static_cast<void>(::ftruncate(lock, 0) != 0); }

}  // namespace runwell::sys
