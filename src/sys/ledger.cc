#include "sys/ledger.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "sys/clock.hh"
#include "sys/files.hh"
#include "sys/kernel.hh"
#include "sys/orphan.hh"

namespace runwell::sys {
namespace {

// The namespace that the kernel has made (include/linux/proc_ns.h): its PID 1 lives as long as the boot.
constexpr std::uint64_t first_pid_namespace = 0xEFFFFFFC, first_init = 1;

std::uint64_t namespace_of(const char* path) noexcept {
    struct stat is;
    return ::stat(path, &is) == 0 ? is.st_ino : 0;
}

}  // namespace

boot_scope scope_now() noexcept { return scope_at(wall(), since_boot()); }

boot_scope scope_at(const moment& at, ticks boot) noexcept {
    boot_scope now{.booted         = at.seconds - boot / one_second,
                   .pid_namespace  = namespace_of("/proc/self/ns/pid"),
                   .time_namespace = namespace_of("/proc/self/ns/time")};
    if (now.pid_namespace != 0 && now.time_namespace == 0 && errno == ENOENT)
        now.time_namespace = 1;  // before Linux 5.6
    now.init = now.pid_namespace == first_pid_namespace ? first_init : process_id(1);
    if (now.init == 0) now.init_began = start_of(1).value_or(0);

    const auto    file = open_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id", O_RDONLY);
    const ssize_t size = file ? ::read(file->value(), now.boot.data(), now.boot.size()) : -1;
    if (size != static_cast<ssize_t>(now.boot.size())) now.boot = {};
    return now;
}

process_record record_of_self(char what, ticks earliest) noexcept {
    const pid_t self = ::getpid();
    return {what, static_cast<std::uint32_t>(self), earliest, since_boot(), process_id(self)};
}

ledger read_ledger(int file) noexcept {
    std::array<char, ledger::bytes> bytes;
    const ssize_t                   size = ::pread(file, bytes.data(), bytes.size(), 0);
    if (size <= 0) return {};
    return runwell::read_ledger(std::span{bytes}.first(static_cast<std::size_t>(size)));
}

bool write_ledger(int file, const ledger& whole) noexcept {
    const auto bytes = write(whole);
    return ::pwrite(file, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size());
}

bool write_header(int file, const ledger_header& of) noexcept {
    const header_line line = write(of);
    return ::pwrite(file, line.data(), line.size(), 0) == static_cast<ssize_t>(line.size());
}

bool enter(int file, role as, const process_record& of) noexcept {
    const record_line line = write(of);
    return ::pwrite(file, line.data(), line.size(), static_cast<off_t>(as)) == static_cast<ssize_t>(line.size());
}

void empty_ledger(int file) noexcept { static_cast<void>(::ftruncate(file, 0) != 0); }

file_identity identity_by_device(int file) noexcept {
    struct stat is;
    if (::fstat(file, &is) != 0) return {};
    return {is.st_ino, is.st_dev};
}

file_identity identity_by_birth(int dir, const char* path) noexcept {
    kernel::file_status is;
    constexpr unsigned  wanted = kernel::status_inode | kernel::status_born;
    if (::syscall(SYS_statx, dir, path, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, wanted, &is) != 0) return {};
    const bool          known = (is.mask & kernel::status_born) != 0;
    const std::uint64_t born  = static_cast<std::uint64_t>(is.born.seconds) * std::uint64_t{one_second};
    return {is.inode, known ? born + is.born.nanos : 0};
}

}  // namespace runwell::sys
