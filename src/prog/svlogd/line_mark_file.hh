// line_mark_file.hh — the file `lock` of a log directory: held while svlogd logs there, and what it has written down of
// a line that is longer than -l: core/line_mark.hh.
#pragma once

#include <cstdint>
#include <optional>

#include "core/line_mark.hh"
#include "core/result.hh"
#include "sys/fd.hh"

namespace runwell {

class line_mark_file {
public:
    // Opens and locks it, and reads what a predecessor has left.
    result<void> lock(int dir) noexcept;
    void         unlock() noexcept;

    // False, where it cannot be written.
    bool write(const line_mark& mark) noexcept;
    // The block has been taken from the pipe.
    void taken() noexcept;
    void clear() noexcept;
    // The input begins in that state, according to mark().
    void begins(const line_state& state) noexcept {
        mark_->after = state;
        mark_->taken = true;
    }
    // The line that the input begins inside is in the log, to its end.
    void line_is_logged() noexcept;
    // A new current, with this inode, follows one of so many bytes.
    void rotated(std::uint64_t size, std::uint64_t inode) noexcept;

    const std::optional<line_mark>& mark() const noexcept { return mark_; }

private:
    bool put(const line_mark_text& text) const noexcept;

    sys::unique_fd           file_;
    std::optional<line_mark> mark_;
};

// The pipe on standard input; inode 0 where it is none.
pipe_name name_of_input() noexcept;

}  // namespace runwell
