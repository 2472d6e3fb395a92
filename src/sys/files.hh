// files.hh — files below a directory that is held open.
//
// Nothing here depends on the working directory: a supervised directory that is renamed is still the same directory.
// Every descriptor is close-on-exec.
#pragma once

#include <fcntl.h>

#include <cstddef>
#include <span>

#include "core/result.hh"
#include "sys/fd.hh"

namespace runwell::sys {

// openat(2) of `path` below `dir` (AT_FDCWD: the working directory), O_CLOEXEC added. The error is
// "unable to open PATH".
result<unique_fd> open_at(int dir, const char* path, int flags, mode_t mode = 0) noexcept;

// What open_entry() may find under a name.
enum class links : unsigned char {
    none,  // no symbolic link
    ours,  // one that root or this user has made, and that leads anywhere
};

// openat(2) of the entry `name` of `dir`, for a directory that another user may write to: the opened file is in that
// directory and nowhere else, and opening it neither waits (O_NONBLOCK is added) nor takes a terminal. The error is
// "unable to open NAME": ELOOP for a link that is not to be followed; EMLINK for a file that has a second name, unless
// only root or this user may write to `dir`. (If fs.protected_hardlinks is 0, every user can give any file of the same
// file system a second name.) Source: docs/security.md.
result<unique_fd> open_entry(int dir, const char* name, int flags, mode_t mode = 0,
                             links follow = links::none) noexcept;

// Root's, or this user's: no other user can have made it.
bool is_ours(uid_t owner) noexcept;

// A directory to open other things below.
result<unique_fd> open_directory(int dir, const char* path) noexcept;

// The same for one that can be entered but perhaps not read: to work below it is all that is asked for.
result<unique_fd> hold_directory(int dir, const char* path) noexcept;

// A pipe whose ends are both close-on-exec.
result<pipe_ends> make_pipe() noexcept;

// `path` becomes a new file with these bytes, at once: written beside it as `beside`, then renamed. Mode 0644 less the
// umask. A reader sees the old or the new, never a part; when it fails, the old. An existing file or link under either
// name is never followed or written into. Returns the file, open for writing.
result<unique_fd> replace_file(int dir, const char* path, const char* beside,
                               std::span<const std::byte> bytes) noexcept;

// What the descriptor is open on has no name any more: it has been deleted.
bool is_removed(const unique_fd& file) noexcept;

// Descriptors 0, 1 and 2 that are closed become /dev/null (where there is none: the root directory, which cannot be
// read or written), so that nothing opened later is mistaken for them.
void occupy_standard_descriptors() noexcept;

}  // namespace runwell::sys
