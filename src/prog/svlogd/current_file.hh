// current_file.hh — the file `current` of a log directory: appended to, and marked as closed by its mode.
//
//     0644: being written; its svlogd has crashed if none has it open       0744: closed well
//
// In a directory where other users can write, only a regular file with one name is opened, and only the owner's execute
// bit is changed, by descriptor, and only if the file belongs to this user: core/trust.hh.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/result.hh"
#include "core/resume.hh"
#include "core/rotation.hh"
#include "core/trust.hh"
#include "sys/fd.hh"

namespace runwell {

class current_file {
public:
    // Opens the file to append to it, and makes it where there is none.
    result<void> open(int dir) noexcept;
    bool         is_open() const noexcept { return static_cast<bool>(file_); }
    void         close() noexcept { file_.reset(); }

    // How many bytes have been written, or -1 and errno.
    ssize_t write(std::string_view bytes) noexcept;
    bool    sync() const noexcept;
    bool    set_mode(bool closed) const noexcept;
    // The file has another name now, and so many bytes; open() makes the next one.
    void begin(std::uint64_t size) noexcept {
        file_.reset();
        size_        = 0;
        size_before_ = size;
    }
    // Of the file before this one; 0: this one was opened as it was.
    std::uint64_t size_before() const noexcept { return size_before_; }
    std::uint64_t inode() const noexcept { return inode_; }

    std::uint64_t size() const noexcept { return size_; }
    // The log does not end with a newline.
    bool torn() const noexcept { return torn_; }
    void ends_inside(bool line) noexcept { torn_ = line; }

private:
    sys::unique_fd file_;
    std::uint64_t  size_ = 0, size_before_ = 0, inode_ = 0;
    bool           torn_ = false;
    bool           ours_ = true;  // the directory is: its name can be trusted
};

// Whether `current` exists and ends inside a line.
bool current_is_torn(int dir) noexcept;

// Whether the log does. `processed`: old files that end in .s are what a processor has made of the log.
bool log_is_torn(int dir, bool processed) noexcept;

// Reads the end of the log into `room`, as much as there is room for: of current, and of the old files before it.
// `since`: the size of current at a place in the log, negative where the place is in a file before it.
log_end read_end(int dir, bool processed, std::optional<std::int64_t> since, std::span<char> room) noexcept;

}  // namespace runwell
