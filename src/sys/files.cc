#include "sys/files.hh"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>

namespace runwell::sys {
namespace {

bool only_we_write_to(int dir) noexcept {
    struct stat is;
    return ::fstat(dir, &is) == 0 && is_ours(is.st_uid) && (is.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

// Opens the target of a link of ours. Holds the link itself, so that no other user can exchange it. (A separate
// function, so that only callers that follow a link pay for the buffer.)
[[gnu::noinline]] result<unique_fd> follow_ours(int dir, const char* name, int flags, mode_t mode) noexcept {
    const unique_fd link = TRY(open_at(dir, name, O_PATH | O_NOFOLLOW));
    struct stat     is;
    char            target[PATH_MAX];
    const ssize_t   size = ::readlinkat(link.value(), "", target, sizeof target - 1);
    if (::fstat(link.value(), &is) != 0 || size < 0 || !is_ours(is.st_uid) || is.st_nlink != 1)
        return error{"unable to open ", name, ELOOP};
    target[size] = '\0';
    auto opened  = open_at(dir, target, flags, mode);
    if (!opened) return error{"unable to open ", name, opened.why().code};
    return opened;
}

}  // namespace

result<unique_fd> open_at(int dir, const char* path, int flags, mode_t mode) noexcept {
    for (;;) {
        const int fd = ::openat(dir, path, flags | O_CLOEXEC, mode);
        if (fd >= 0) return unique_fd{fd};
        if (errno != EINTR) return error{"unable to open ", path, errno};
    }
}

result<unique_fd> open_entry(int dir, const char* name, int flags, mode_t mode, links follow) noexcept {
    flags |= O_NONBLOCK | O_NOCTTY;
    auto opened = open_at(dir, name, flags | O_NOFOLLOW, mode);
    if (!opened && opened.why().code == ELOOP && follow == links::ours) return follow_ours(dir, name, flags, mode);
    struct stat is;
    if (opened && ::fstat(opened->value(), &is) == 0 && !S_ISDIR(is.st_mode) && is.st_nlink > 1 &&
        !only_we_write_to(dir))
        return error{"unable to open ", name, EMLINK};
    return opened;
}

bool is_ours(uid_t owner) noexcept { return owner == 0 || owner == ::geteuid(); }

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

    const ssize_t wrote = ::write(file->value(), bytes.data(), bytes.size());
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
