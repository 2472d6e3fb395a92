// tai.hh — moments as TAI64N: the 12 bytes of supervise/status, and the stamps of log lines and log files.
//
//     unix seconds + 2^62 + 10, big-endian, 8 bytes │ nanoseconds, big-endian, 4 bytes
//
// As runit and daemontools do, leap seconds are not counted: the offset is always ten seconds.
// Source: https://cr.yp.to/libtai/tai64.html
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/fixed.hh"

namespace runwell {

// A moment of the wall clock: seconds since 1970 (UTC, may be negative) and nanoseconds, 0 … 999,999,999.
struct moment {
    std::int64_t  seconds = 0;
    std::uint32_t nanos   = 0;

    friend constexpr bool operator==(const moment&, const moment&)  = default;
    friend constexpr auto operator<=>(const moment&, const moment&) = default;  // NOLINT(modernize-use-nullptr): a 0
};

namespace tai {

constexpr std::uint64_t unix_epoch = (std::uint64_t{1} << 62) + 10;
constexpr std::size_t   bytes      = 12;
constexpr std::size_t   label_size = 25;  // "@" and 24 hexadecimal digits

void   pack(moment at, std::span<std::byte, bytes> into) noexcept;
moment unpack(std::span<const std::byte, bytes> from) noexcept;

// "@400000006b02cdf70a5758b4"
fixed_text<label_size> label(moment at) noexcept;

// The three stamps of svlogd(8), -t -tt -ttt; without the space that follows them in a log.
enum class stamp : std::uint8_t {
    tai64n,      // @400000006b02cdf70a5758b4
    underscore,  // 2026-11-22_11:11:41.17530, UTC
    iso,         // 2026-11-22T11:11:41.17530, UTC
};
constexpr std::size_t stamp_size = 25;  // all three have the same length
static_assert(label_size == stamp_size);

fixed_text<stamp_size> write(stamp form, moment at) noexcept;

// The moment that the first stamp_size bytes of `text` say in any of the three forms; nothing where they are no stamp.
// Later bytes are ignored.
std::optional<moment> read(std::string_view text) noexcept;

}  // namespace tai
}  // namespace runwell
