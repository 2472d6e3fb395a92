#include "sys/shutdown_request.hh"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <csignal>

#include "sys/files.hh"

namespace runwell::sys {
namespace {

outcome permit(const char* path) noexcept {
    const auto made = open_at(AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK, 0100);
    if (!made && made.why().error != EACCES && made.why().error != EROFS)
        return trouble{"unable to create ", path, made.why().error};
    if (::chmod(path, S_IXUSR) != 0) return trouble{"unable to chmod ", path, errno};
    return done{};
}

outcome forbid(const char* path) noexcept {
    if (::chmod(path, 0) != 0 && errno != ENOENT) return trouble{"unable to chmod ", path, errno};
    return done{};
}

outcome set(const char* path, bool permitted) noexcept { return permitted ? permit(path) : forbid(path); }

}  // namespace

outcome ask_to_stop(ending how) noexcept {
    TRY(permit(path::stopit));
    TRY(set(path::reboot, how == ending::reboot));
    TRY(set(path::halt, how == ending::halt));
    ::kill(1, SIGCONT);
    return done{};
}

}  // namespace runwell::sys
