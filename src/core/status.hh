// status.hh — what a supervisor says of its service: the 20 bytes of supervise/status and the words of supervise/stat.
//
//      0          8         12       16       17       18        19
//      ├──────────┼─────────┼────────┼────────┼────────┼─────────┼────────┐
//      │ seconds  │ nanos   │ pid    │ paused │ wanted │ got     │ phase  │
//      │ TAI64 BE │ BE      │ LE     │ 0 1    │ u d    │ TERM 01 │ 0 1 2  │
//      └──────────┴─────────┴────────┴────────┴────────┴─────────┴────────┘
//
// The first 18 bytes are those of daemontools' supervise; node_exporter, go-runit, vsv and sv read them. A wish to
// exit is 'd' here; only the words differ. Source: runsv(8), measured (runit 2.1.2, 2.3.1).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "core/fixed.hh"
#include "core/tai.hh"

namespace runwell {

// What a service is doing.
enum class phase : std::uint8_t {
    down,    // nothing
    run,     // ./run
    finish,  // ./finish
};

// The state that is wanted.
enum class want : std::uint8_t { up, down, exit };

struct status {
    moment        since;         // when ./run was started, or when the service went down
    std::uint32_t pid      = 0;  // of ./run or ./finish; 0: no process
    bool          paused   = false;
    want          wanted   = want::up;
    bool          got_term = false;
    phase         now      = phase::down;

    friend constexpr bool operator==(const status&, const status&) = default;
};

using status_record = std::array<std::byte, 20>;

status_record encode(const status& of) noexcept;

// Nothing when there are fewer than 20 bytes, or the last one is not a phase. More bytes are ignored: a successor of
// runit may write them.
std::optional<status> decode(std::span<const std::byte> record) noexcept;

// "run, paused, got TERM, want down\n": the whole of supervise/stat.
using status_words = fixed_text<48>;
status_words words(const status& of) noexcept;

}  // namespace runwell
