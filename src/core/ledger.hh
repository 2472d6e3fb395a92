// ledger.hh — the processes that a supervisor answers for, written down for the one that comes after it.
//
//     supervise/lock
//       0 ┌─────────────────────────────────────────────────────────────┐
//         │ boot (36) ␣ pid namespace (10) ␣ since (18) ␣ pipe (12) \n  │  where and since when the rest holds
//      80 ├────────────────────────────────────────┬────────────────────┘
//         │ what (1) ␣ pid (10) ␣ born (18) \n     │  ./run 'r' or ./finish 'f', the last that was started
//     112 ├────────────────────────────────────────┤
//         │ what (1) ␣ pid (10) ␣ born (18) \n     │  the last control script, by its letter
//         └────────────────────────────────────────┘
//
// Numbers are decimal and filled up with zeros; times are nanoseconds of CLOCK_BOOTTIME. A process enters itself after
// it has come to be and before it executes anything, so whoever has its pid and started no later than `born` is that
// process and no other. A supervisor that leaves in order empties its ledger.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "core/ticks.hh"

namespace runwell {

using boot_name = std::array<char, 36>;  // /proc/sys/kernel/random/boot_id

struct origin {
    boot_name     boot{};
    std::uint64_t pid_namespace = 0;  // inode of /proc/self/ns/pid
    ticks         since         = 0;  // when the supervisor began
    std::uint64_t pipe          = 0;  // inode of the pipe to the logger; 0: there is none yet

    // Pids mean the same there and here.
    constexpr bool is_where(const origin& other) const noexcept {
        return boot == other.boot && pid_namespace == other.pid_namespace;
    }
    friend constexpr bool operator==(const origin&, const origin&) = default;
};

struct birth {
    char          what = 'r';
    std::uint32_t pid  = 0;
    ticks         born = 0;

    friend constexpr bool operator==(const birth&, const birth&) = default;
};

// Whose birth: where its line begins.
enum class role : std::uint8_t { process = 80, script = 112 };

using origin_line = std::array<char, 80>;
using birth_line  = std::array<char, 32>;

origin_line write(const origin& of) noexcept;
birth_line  write(const birth& of) noexcept;

// What does not have exactly this form is not there.
struct ledger {
    static constexpr std::size_t bytes = 144;

    std::optional<origin> from;
    std::optional<birth>  process, script;
};
ledger read_ledger(std::span<const char> bytes) noexcept;

}  // namespace runwell
