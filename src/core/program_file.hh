// program_file.hh — whether an ELF file is whole, is for this machine, and takes a handover of this version.
//
//     ┌──────────┬─────────────────┬───────────── … ─────────────┬──────────┐
//     │ header   │ program headers │ note "runwell" 1: first last │ sections │
//     └──────────┴─────────────────┴───────────── … ─────────────┴──────────┘
//
// A supervisor looks before it becomes the installed program: execve(2) of one that was cut short, or of another
// suite's runsv, cannot be undone. Source: elf(5).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace runwell {

enum class program_defect : std::uint8_t {
    none,
    not_elf,        // no ELF file of 64 bits, or not for this machine
    truncated,      // shorter than its headers say
    no_handover,    // another suite's, or one that is older than the handover
    other_version,  // it takes handovers, not this version
};

// Where something lies in the file.
struct extent {
    std::uint64_t offset = 0;
    std::uint64_t size   = 0;
};

// What the first bytes of the file say.
struct program_head {
    program_defect defect = program_defect::not_elf;
    extent         notes;  // size 0: none
};

inline constexpr std::size_t program_head_size = 2048;  // room for the header and 35 program headers
inline constexpr std::size_t most_notes        = 1024;

// `head` holds the beginning of the file, as much as there is of program_head_size. `ours` is the beginning of our own
// file, which is for the machine that we run on.
program_head look_at_program(std::span<const std::byte> head, std::uint64_t file_size,
                             std::span<const std::byte> ours) noexcept;

// `notes` is what the file holds there.
program_defect look_at_notes(std::span<const std::byte> notes, std::uint32_t version) noexcept;

}  // namespace runwell
