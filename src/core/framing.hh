// framing.hh — lines in a block of bytes, as svlogd(8) sees them.
//
//      ◀──────────────── what can be logged ───────────────▶◀─ not yet ─▶
//      │ …rest of a long line⏎│ a line⏎│⏎│ head (-l)│ rest ⏎│ a beginnin
//
// Patterns, replacement and alerts look at the head, the first -l bytes of a line. So a line can be logged as soon as
// its head is complete: when it has ended, or is at least that long. The rest is passed on as it arrives.
#pragma once

#include <cstddef>
#include <string_view>

namespace runwell {

// How much of `bytes` can be logged: whole lines, and the beginning of the last one if its head is complete.
// `inside`: the bytes begin inside a line whose head has been logged. `longest`: -l, at least 1.
std::size_t ready_bytes(std::string_view bytes, bool inside, std::size_t longest) noexcept;

struct log_line {
    std::string_view head;           // at most -l bytes
    std::string_view rest;           // the bytes after it; neither contains the newline
    bool             ended = false;  // the newline has arrived

    std::size_t size() const noexcept { return head.size() + rest.size() + (ended ? 1 : 0); }
};

// The line at the beginning of `bytes`, of which ready_bytes() are given. Inside a line there is no head, and all bytes
// are rest. The text of a line is contiguous: head, rest, newline.
log_line first_line(std::string_view bytes, bool inside, std::size_t longest) noexcept;

}  // namespace runwell
