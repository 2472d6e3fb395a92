// login_records.hh — who is logged in where: a record of utmp and wtmp, byte by byte.
//
//     0       4     8           40    44        76                332    336 (340)
//     │ type  │ pid │ line (32) │ id  │ user 32 │ host (256)      │ exit │ session, time, address, …
//
// The layout is that of glibc, which every program that reads these files goes by (utmp(5)); musl has none of its own.
// Where a 64-bit machine was once to share the files with its 32-bit programs, session and time are 32 bits wide;
// elsewhere 64.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/tai.hh"

namespace runwell::login_records {

#if defined(__aarch64__)
constexpr bool wide_time = true;
#else
constexpr bool wide_time = false;
#endif

namespace at {
constexpr std::size_t type = 0, pid = 4, line = 8, id = 40, user = 44, host = 76, seconds = wide_time ? 344 : 340;
constexpr std::size_t line_size = 32, user_size = 32, host_size = 256, time_size = wide_time ? 8 : 4;
}  // namespace at

constexpr std::size_t record_size = wide_time ? 400 : 384;
using record                      = std::array<std::byte, record_size>;

constexpr std::uint16_t dead_process = 8;

// Whether a name of a line fits into a record.
constexpr bool is_line(std::string_view line) noexcept { return line.size() <= at::line_size; }

// Whether a user is logged in on this line, whatever the type of the record. Measured on runit 2.1.2 and 2.3.1.
bool is_login(const record& entry, std::string_view line) noexcept;

// Logs out: the process is dead, without a user, since now. Process id, id and everything else stay.
void log_out(record& entry, moment now) noexcept;

// The record of a logout, for the end of wtmp.
record logout_of(std::string_view line, moment now) noexcept;

}  // namespace runwell::login_records
