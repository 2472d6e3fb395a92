#include "sys/files.hh"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "sys/trust.hh"

namespace runwell::sys {

result<unique_fd> open_at(int dir, const char* path, int flags, mode_t mode) noexcept {
    for (;;) {
        const int fd = ::openat(dir, path, flags | O_CLOEXEC, mode);
        if (fd >= 0) return unique_fd{fd};
        if (errno != EINTR) return error{"unable to open ", path, errno};
    }
}

result<unique_fd> open_entry(int dir, const char* name, int flags, mode_t mode) noexcept {
    auto        opened = open_at(dir, name, flags | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW, mode);
    struct stat is;
    if (opened && ::fstat(opened->value(), &is) == 0 && !S_ISDIR(is.st_mode) && is.st_nlink > 1 &&
        writers_of(dir) != writers::only_us)
        return error{"unable to open ", name, EMLINK};
    return opened;
}

result<unique_fd> open_directory(int dir, const char* path) noexcept {
    return open_at(dir, path, O_RDONLY | O_DIRECTORY);
}

result<unique_fd> hold_directory(int dir, const char* path) noexcept {
    return open_at(dir, path, O_PATH | O_DIRECTORY);
}

result<pipe_ends> make_pipe() noexcept {
    int fd[2];
    if (::pipe2(fd, O_CLOEXEC) != 0) return error{"unable to create pipe", "", errno};
    return pipe_ends{unique_fd{fd[0]}, unique_fd{fd[1]}};
}

result<unique_fd> replace_file(int dir, const char* path, const char* beside,
                               std::span<const std::byte> bytes) noexcept {
    constexpr int flags = O_WRONLY | O_CREAT | O_EXCL;
    auto          file  = open_at(dir, beside, flags, 0644);
    if (!file && file.why().code == EEXIST && ::unlinkat(dir, beside, 0) == 0) file = open_at(dir, beside, flags, 0644);
    if (!file) return file.why();

    const ssize_t wrote = bytes.empty() ? 0 : ::write(file->value(), bytes.data(), bytes.size());
    if (wrote != static_cast<ssize_t>(bytes.size())) {
        const int code = wrote < 0 ? errno : ENOSPC;
        ::unlinkat(dir, beside, 0);
        return error{"unable to write ", beside, code};
    }
    if (::renameat(dir, beside, dir, path) != 0) return error{"unable to rename to ", path, errno};
    return file;
}

bool is_removed(const unique_fd& file) noexcept {
    struct stat is;
    return ::fstat(file.value(), &is) == 0 && is.st_nlink == 0;
}

void occupy_standard_descriptors() noexcept {
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(fd, F_GETFD) >= 0) continue;
        if (::open("/dev/null", O_RDWR) < 0) ::open("/", O_RDONLY);  // takes the lowest that is free: this one
    }
}

}  // namespace runwell::sys
