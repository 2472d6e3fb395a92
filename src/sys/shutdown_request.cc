#include "sys/shutdown_request.hh"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <csignal>

#include "sys/files.hh"

namespace runwell::sys {
namespace {

result<void> permit(const char* path) noexcept {
    const auto made = open_at(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK, 0100);
    if (!made && made.why().code != EACCES && made.why().code != EROFS)
        return error{"unable to create ", path, made.why().code};
    if (::chmod(path, S_IXUSR) != 0) return error{"unable to chmod ", path, errno};
    return {};
}

result<void> forbid(const char* path) noexcept {
    if (::chmod(path, 0) != 0 && errno != ENOENT) return error{"unable to chmod ", path, errno};
    return {};
}

result<void> set(const char* path, bool permitted) noexcept { return permitted ? permit(path) : forbid(path); }

}  // namespace

result<void> ask_to_stop(ending how) noexcept {
    const permissions files = permissions_for(how);
    TRY(set(path::stopit, files.stopit));
    TRY(set(path::reboot, files.reboot));
    TRY(set(path::halt, files.halt));
    ::kill(1, SIGCONT);
    return {};
}

}  // namespace runwell::sys
