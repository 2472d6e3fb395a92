#include "prog/runsvdir/service_files.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "core/fixed.hh"
#include "core/status.hh"
#include "parts/supervise.hh"
#include "sys/files.hh"

namespace runwell::runsvdir {

place place_of(const struct stat& found) noexcept { return {found.st_dev, found.st_ino}; }

bool is_remote(int dir) noexcept {
    struct statfs on;
    if (::fstatfs(dir, &on) != 0) return true;
    constexpr std::array<unsigned long, 12> remote{
        0x6969,      // NFS
        0x517B,      // SMB
        0xFF534D42,  // CIFS
        0xFE534D42,  // SMB2
        0x01021997,  // 9P
        0x65735546,  // FUSE
        0x5346414F,  // AFS
        0x6B414653,  // kAFS
        0x00C36400,  // Ceph
        0x73757245,  // Coda
        0x564C,      // NCP
        0x0BD00BD0,  // Lustre
    };
    return std::ranges::find(remote, static_cast<unsigned long>(on.f_type) & 0xFFFFFFFFUL) != remote.end();
}

namespace {

// A file in a service directory: NAME/…
using service_path = fixed_text<300>;

service_path below(std::string_view name, std::string_view rest) noexcept {
    service_path path;
    path.append(name);
    path.append(rest);
    return path;
}

}  // namespace

namespace {

parts::supervise_client supervise_of(int dir, const char* name) noexcept {
    return {dir, below(name, "/supervise").c_str()};
}

}  // namespace

sys::unique_fd control_of(int dir, const char* name) noexcept {
    auto control = supervise_of(dir, name).open_control();
    return control ? std::move(*control) : sys::unique_fd{};
}

bool is_supervised(int dir, const char* name, const sys::unique_fd& control) noexcept {
    return supervise_of(dir, name).is_locked().value_or(static_cast<bool>(control));
}

void tell_to_exit(int control) noexcept { static_cast<void>(::write(control, "x", 1) < 0); }

bool has_run(int dir, const char* name) noexcept { return ::faccessat(dir, below(name, "/run").c_str(), F_OK, 0) == 0; }

namespace {

// By its status no process of the service lives, or there is no status.
bool says_down(int service, const char* path) noexcept {
    const auto said = parts::supervise_client{service, path}.read_status();
    return !said || (said->pid == 0 && said->now == phase::down);
}

}  // namespace

runsv_end end_of_foreign(int service) noexcept {
    const bool down = says_down(service, "supervise") && says_down(service, "log/supervise");
    return down ? runsv_end::left : runsv_end::killed;
}

}  // namespace runwell::runsvdir
