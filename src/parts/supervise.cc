#include "parts/supervise.hh"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <span>
#include <tuple>

#include "core/fixed.hh"
#include "sys/files.hh"
#include "sys/ledger.hh"
#include "sys/trust.hh"

namespace runwell::parts {
namespace {

// The service directory that `path` leaves by its last name.
writers writers_above(int dir, std::string_view path) noexcept {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) return sys::writers_of(dir);
    fixed_text<4096> above;  // PATH_MAX
    if (!above.append(path.substr(0, slash + 1))) return writers::others;
    const auto service = sys::hold_directory(dir, above.c_str());
    return service ? sys::writers_of(service->value()) : writers::others;
}

// Apart, so that the many whose supervise is a directory do not pay for it.
[[gnu::noinline]] result<sys::unique_fd> follow_link(int dir, const char* path) noexcept {
    struct stat link, target;
    if (::fstatat(dir, path, &link, AT_SYMLINK_NOFOLLOW) != 0) return error{"", "", errno};
    if (!S_ISLNK(link.st_mode)) return error{"", "", ENOTDIR};
    sys::unique_fd opened = TRY(sys::hold_directory(dir, path));
    if (writers_above(dir, path) == writers::only_us) return opened;
    const bool is_theirs = link.st_uid != 0 && link.st_uid != ::geteuid();
    if (is_theirs && ::fstat(opened.value(), &target) == 0 && target.st_uid == link.st_uid) return opened;
    return error{"", "", ELOOP};
}

error no_runsv(const char* what, const char* path) noexcept { return {what, path, ENXIO, error_category::no_runsv}; }

}  // namespace

// An entry of supervise/, as it is before it is opened.
struct supervise_client::entry {
    const char* name;
    const char* path;  // as errors name it
    file_type   type = file_type::regular;
};

supervise_client::supervise_client(int dir, const char* path) noexcept {
    auto opened = sys::open_at(dir, path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
    if (!opened && opened.why().code == ENOTDIR) opened = follow_link(dir, path);
    if (opened)
        directory_ = std::move(*opened);
    else
        error_ = opened.why().code;
}

// The error is 0 for what may be opened. Nothing else but a FIFO has a reader: ENXIO is for all other types.
error supervise_client::find(entry& file) const noexcept {
    const auto  fails = [&file](int code) { return error{"unable to open ", file.path, code}; };
    struct stat about;
    if (!directory_) return fails(error_);
    if (::fstatat(directory_.value(), file.name, &about, AT_SYMLINK_NOFOLLOW) != 0) return fails(errno);
    file.type = sys::type_of(about);
    if (file.type == file_type::link) return fails(ELOOP);
    if (file.type == file_type::directory) return fails(EISDIR);
    if (about.st_nlink > 1 && sys::writers_of(directory_.value()) != writers::only_us) return fails(EMLINK);
    return fails(0);
}

bool supervise_client::ask_for_runsv(int dir, const char* service) noexcept {
    fixed_text<4096> path;  // PATH_MAX
    if (!path.append(service) || !path.append("/supervise")) return false;
    const supervise_client its{dir, path.c_str()};
    struct stat            about;
    const bool             is_there =
        its.directory_ && ::fstatat(its.directory_.value(), "control", &about, AT_SYMLINK_NOFOLLOW) == 0;
    if (is_there)
        return S_ISFIFO(about.st_mode) &&
               ::utimensat(its.directory_.value(), "control", nullptr, AT_SYMLINK_NOFOLLOW) == 0;
    return (its.directory_ ? errno : its.error_) == ENOENT && ::utimensat(dir, service, nullptr, 0) == 0;
}

result<void> supervise_client::has_reader() const noexcept {
    entry       ok{"ok", "supervise/ok"};
    const error found = find(ok);
    if (found.code != 0) return found;
    if (ok.type != file_type::fifo) return no_runsv(found.what, ok.path);
    const auto opened = sys::open_at(directory_.value(), ok.name, O_WRONLY | O_NONBLOCK | O_NOFOLLOW);
    if (!opened && opened.why().code == ENXIO) return no_runsv(found.what, ok.path);
    if (!opened) return error{found.what, ok.path, opened.why().code};
    if (const auto control = open_control(); !control && control.why().code == ENXIO)
        return no_runsv(found.what, ok.path);
    return {};
}

result<void> supervise_client::is_supervised() const noexcept {
    entry       ok{"ok", "supervise/ok"};
    const error found = find(ok);
    if (found.code != 0 || ok.type != file_type::regular) return has_reader();
    if (::faccessat(directory_.value(), ok.name, W_OK, 0) != 0) return error{found.what, ok.path, errno};
    return {};
}

result<status> supervise_client::read_status() const noexcept {
    constexpr error bad_format{"unable to read ", "supervise/status: bad format"};
    entry           file{"status", "supervise/status"};
    const error     found = find(file);
    if (found.code != 0) return found.code == EISDIR ? error{"unable to read ", file.path, EISDIR} : found;
    if (file.type != file_type::regular) return bad_format;
    const auto opened = sys::open_at(directory_.value(), file.name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
    if (!opened) return error{found.what, file.path, opened.why().code};

    std::array<char, std::tuple_size_v<status_record>> bytes{};
    const auto                                         size = sys::read_up_to(opened->value(), bytes);
    if (!size) return error{"unable to read ", file.path, size.why().code};
    const auto read = decode(std::as_bytes(std::span{bytes}.first(*size)));
    if (!read) return bad_format;
    return *read;
}

file_identity supervise_client::status_file() const noexcept {
    return directory_ ? sys::identity_by_birth(directory_.value(), "status") : file_identity{};
}

std::optional<moment> supervise_client::status_written() const noexcept {
    struct stat about;
    if (!directory_ || ::fstatat(directory_.value(), "status", &about, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
    return moment{about.st_mtim.tv_sec, static_cast<std::uint32_t>(about.st_mtim.tv_nsec)};
}

result<sys::unique_fd> supervise_client::open_control() const noexcept {
    entry       control{"control", "supervise/control"};
    const error found = find(control);
    if (found.code != 0) return found;
    if (control.type != file_type::fifo) return error{"unable to write to ", "supervise/control: not a fifo"};
    auto        opened = sys::open_at(directory_.value(), control.name, O_WRONLY | O_NONBLOCK | O_NOFOLLOW);
    struct stat about;
    if (!opened && opened.why().code == ENXIO) return no_runsv(found.what, control.path);
    if (!opened) return error{found.what, control.path, opened.why().code};
    if (::fstat(opened->value(), &about) != 0 || !S_ISFIFO(about.st_mode))  // exchanged in between
        return error{"unable to write to ", "supervise/control: not a fifo"};
    return opened;
}

result<void> supervise_client::send(std::string_view bytes) const noexcept {
    const sys::unique_fd control = TRY(open_control());
    const auto           as_was  = ::signal(SIGPIPE, SIG_IGN);
    const ssize_t        wrote   = ::write(control.value(), bytes.data(), bytes.size());
    const int            code    = wrote < 0 ? errno : ENOSPC;
    static_cast<void>(::signal(SIGPIPE, as_was));
    if (wrote == static_cast<ssize_t>(bytes.size())) return {};
    if (code == EPIPE) return no_runsv("unable to write to ", "supervise/control");
    return error{"unable to write to ", "supervise/control", code};
}

bool supervise_client::has_read_all() const noexcept {
    const auto control = open_control();
    int        unread  = 0;
    return !control || ::ioctl(control->value(), FIONREAD, &unread) != 0 || unread == 0;
}

result<sys::unique_fd> supervise_client::open_lock() const noexcept {
    entry       lock{"lock", "supervise/lock"};
    const error found = find(lock);
    if (found.code != 0) return found;
    if (lock.type != file_type::regular) return error{found.what, lock.path, EINVAL};
    return sys::open_at(directory_.value(), lock.name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
}

std::optional<bool> supervise_client::is_locked() const noexcept {
    const auto lock = open_lock();
    if (!lock) return std::nullopt;
    return ::flock(lock->value(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

}  // namespace runwell::parts
