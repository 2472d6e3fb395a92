// trust.hh — opens an entry of a directory as far as core/trust.hh believes its name.
//
//     fstat(directory) ──▶ writers_of()          who can put names there
//     look at the entry, before it is opened     a device, a socket or a FIFO does not notice us
//     open it, look at what was opened           the entry may have been exchanged in between
//
// Opening never blocks (O_NONBLOCK), never takes a terminal (O_NOCTTY), and is always close-on-exec. Where the name
// does not deserve full trust, no symbolic link is followed and no file with a second name is opened.
//
// The error is "unable to open NAME": ELOOP for a link that is not followed, EMLINK for a second name, EISDIR for a
// directory, EINVAL for any other type that was not expected, else that of open(2).
#pragma once

#include <fcntl.h>

#include <cstddef>
#include <span>

#include "core/result.hh"
#include "core/trust.hh"
#include "sys/fd.hh"

struct stat;

namespace runwell::sys {

file_type type_of(const struct stat& about) noexcept;

// Who can put names into the open directory `dir`; others, where fstat(2) fails.
writers writers_of(int dir) noexcept;

// What open_trusted() may open.
enum class expected : unsigned char {
    regular,
    fifo,
    any,  // with full trust any type but a directory: a log that leads to /dev/stdout; else a regular file
};

struct opened_entry {
    unique_fd file;
    trust     how = trust::none;  // content or full
};

// openat(2) of the entry `name` (no path) of `dir`. `flags` is an access mode, and O_CREAT, O_EXCL, O_APPEND.
result<opened_entry> open_trusted(int dir, const char* name, expected type, int flags, mode_t mode = 0) noexcept;

// The same for the last name of a path, which leads from the open directory `base` (AT_FDCWD: the working directory).
// The directories before it are entered as they are named. The error is "unable to open PATH".
result<opened_entry> open_trusted_path(int base, const char* path, expected type, int flags, mode_t mode = 0) noexcept;

struct content_size {
    std::size_t size = 0;
    trust       how  = trust::none;
};

// Reads the whole regular file `name` of `dir`. The error is EFBIG where it has more bytes than fit into `bytes`.
result<content_size> read_trusted(int dir, const char* name, std::span<char> bytes) noexcept;

// Reads from the beginning of a file until it ends or `bytes` is full. Returns how many bytes, or the error "unable to
// read".
result<std::size_t> read_up_to(int file, std::span<char> bytes) noexcept;

}  // namespace runwell::sys
