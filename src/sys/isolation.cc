#include "sys/isolation.hh"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstring>

#include "sys/files.hh"
#include "sys/kernel.hh"

namespace runwell::sys {
namespace {

// After something was mounted over the working directory, its path leads elsewhere than the process is. A path that
// leads nowhere any more (a directory below the former /tmp) is left as it is.
void enter_directory_again() noexcept {
    char path[4096];  // PATH_MAX
    if (::getcwd(path, sizeof path) != nullptr) static_cast<void>(::chdir(path) != 0);
}

bool set_read_only(const char* path) noexcept {
    const kernel::mount_attributes attributes{.set = kernel::mount_read_only};
    return ::syscall(SYS_mount_setattr, AT_FDCWD, path, kernel::recursively, &attributes, sizeof attributes) == 0;
}

std::uint64_t rights_of_version(long version) noexcept {
    std::uint64_t rights = kernel::first_rights;
    if (version >= 2) rights |= kernel::refer;
    if (version >= 3) rights |= kernel::truncate;
    if (version >= 5) rights |= kernel::ioctl_device;
    return rights;
}

}  // namespace

result<void> leave_network() noexcept {
    if (::unshare(CLONE_NEWNET) != 0) return error{"unable to leave the network", "", errno};
    const unique_fd any{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    ifreq           loopback{};
    std::memcpy(loopback.ifr_name, "lo", sizeof "lo");
    if (!any || ::ioctl(any.value(), SIOCGIFFLAGS, &loopback) != 0)
        return error{"unable to set up the loopback", "", errno};
    loopback.ifr_flags = static_cast<short>(loopback.ifr_flags | IFF_UP);
    if (::ioctl(any.value(), SIOCSIFFLAGS, &loopback) != 0) return error{"unable to set up the loopback", "", errno};
    return {};
}

result<void> keep_mounts_apart() noexcept {
    if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0)
        return error{"unable to keep mounts apart", "", errno};
    return {};
}

result<void> make_read_only(const char* path) noexcept {
    bool made = set_read_only(path);
    if (!made && errno == EINVAL)  // no mount point: make it one
        made = ::mount(path, path, nullptr, MS_BIND | MS_REC, nullptr) == 0 && set_read_only(path);
    if (!made) return error{"unable to make read-only: ", path, errno};
    enter_directory_again();
    return {};
}

result<void> mount_private_tmp() noexcept {
    for (const char* const path : {"/tmp", "/var/tmp"}) {
        if (::mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") == 0) continue;
        if (errno != ENOENT) return error{"unable to mount ", path, errno};
    }
    enter_directory_again();
    return {};
}

result<file_rules> file_rules::make() noexcept {
    const error why{"unable to restrict files"};
    const long  version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, kernel::landlock_version);
    if (version < 0) return error{why.what, "", errno};
    file_rules made;
    made.handled_ = rights_of_version(version);
    const kernel::landlock_ruleset all{made.handled_};
    made.fd_.reset(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0)));
    if (!made.fd_) return error{why.what, "", errno};
    return made;
}

result<void> file_rules::allow_read(const char* path) const noexcept {
    return allow(path, kernel::file_execute | kernel::file_read | kernel::directory_read);
}

result<void> file_rules::allow_write(const char* path) const noexcept { return allow(path, handled_); }

result<void> file_rules::allow(const char* path, std::uint64_t rights) const noexcept {
    const unique_fd where = TRY(open_at(AT_FDCWD, path, O_PATH));
    struct stat     info {};
    if (::fstat(where.value(), &info) != 0) return error{"unable to stat ", path, errno};
    constexpr std::uint64_t of_a_file =
        kernel::file_execute | kernel::file_write | kernel::file_read | kernel::truncate | kernel::ioctl_device;
    if (!S_ISDIR(info.st_mode)) rights &= of_a_file;
    const kernel::landlock_path rule{rights & handled_, where.value()};
    if (::syscall(SYS_landlock_add_rule, fd_.value(), kernel::landlock_below, &rule, 0) != 0)
        return error{"unable to restrict files: ", path, errno};
    return {};
}

result<void> file_rules::restrict_to_these() const noexcept {
    if (::syscall(SYS_landlock_restrict_self, fd_.value(), 0) != 0) return error{"unable to restrict files", "", errno};
    return {};
}

}  // namespace runwell::sys
