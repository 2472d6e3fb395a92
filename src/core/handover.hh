// handover.hh — everything a supervisor knows, as bytes for the program that it becomes (prog/runsv/reexec.hh).
//
// execve(2) keeps the process, its children and its descriptors; the rest goes through here. Nothing is looked up anew,
// so a re-exec needs no file, no /proc and no state that happens to be simple.
//
// The bytes have one form for each version. A program says in its own file which versions it takes
// (core/program_file.hh), and is not executed when it does not take ours.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "core/fixed.hh"
#include "core/ledger.hh"
#include "core/pair.hh"

namespace runwell {

inline constexpr std::uint32_t handover_version = 1;

// A process of a member. `pidfd` is -1 for our child.
struct handed_process {
    std::optional<process_record> record;             // the last that was started
    std::uint32_t                 pid       = 0;      // 0: none lives
    bool                          foreign   = false;  // it may be an old process: untouched, and waited for
    int                           pidfd     = -1;
    std::optional<ticks>          reaped_by = {};

    friend constexpr bool operator==(const handed_process&, const handed_process&) = default;
};

// Descriptors; -1: none.
struct handed_files {
    int  directory = -1, supervise = -1, lock = -1, control = -1, ok = -1, pid = -1, stat = -1, status = -1;
    int  ledger    = -1;     // where the record lies when it is not in `lock`
    bool published = false;  // the status files say what is true

    friend constexpr bool operator==(const handed_files&, const handed_files&) = default;
};

struct handed_member {
    handed_files   files;
    handed_process process, script;

    friend constexpr bool operator==(const handed_member&, const handed_member&) = default;
};

struct handover {
    std::uint32_t                of = 0;  // the pid of the supervisor
    pair                         state;
    std::array<handed_member, 2> members;
    std::array<int, 2>           log_pipe{-1, -1};   // its reading end, its writing end
    bool                         terminate = false;  // it was told to exit, and a control script runs
    fixed_text<511>              path;               // of the service directory
};

inline constexpr std::size_t handover_size = 1536;
using handover_bytes                       = std::array<std::byte, handover_size>;

handover_bytes encode(const handover& all) noexcept;

// Nothing when the bytes are of another version, of another pid, or contradict themselves.
std::optional<handover> decode_handover(std::span<const std::byte> bytes, std::uint32_t pid) noexcept;

}  // namespace runwell
