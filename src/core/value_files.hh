// value_files.hh — the files of one value beside ./run: their names and their content.
//
//     timeout-kill:  "10s\n"  ──▶  value_in()  ──▶  "10s"  ──▶  duration_in()  ──▶  10 seconds
//
// Plain runit ignores them. A name that s6 has means the same as there, unit included. A file is its first line,
// without the blanks around it; an empty file has the value "".
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace runwell {

// In the order of the rows below: a value_file is the number of its row.
enum class value_file : std::uint8_t { down_signal, reload_signal, timeout_kill, timeout_finish, contain };

enum class value_kind : std::uint8_t {
    signal,    // a signal by name, with or without SIG, or by number: core/kernel_names.hh
    duration,  // core/durations.hh
    none,      // the file alone says it, whatever is in it
};

struct value_file_row {
    value_file what;
    char       name[16];
    value_kind kind;
};

// clang-format off
inline constexpr std::array value_file_rows{
    value_file_row{value_file::down_signal,    "down-signal",    value_kind::signal},
    value_file_row{value_file::reload_signal,  "reload-signal",  value_kind::signal},
    value_file_row{value_file::timeout_kill,   "timeout-kill",   value_kind::duration},
    value_file_row{value_file::timeout_finish, "timeout-finish", value_kind::duration},
    value_file_row{value_file::contain,        "contain",        value_kind::none},
};
// clang-format on

constexpr const value_file_row& row_of(value_file what) noexcept {
    return value_file_rows[static_cast<std::size_t>(what)];
}
constexpr bool is_in_order() noexcept {
    for (std::size_t i = 0; i < value_file_rows.size(); ++i)
        if (static_cast<std::size_t>(value_file_rows[i].what) != i) return false;
    return true;
}
static_assert(is_in_order());

// A set of these files.
class value_file_set {
public:
    constexpr void add(value_file what) noexcept { bits_ |= bit(what); }
    constexpr void remove(value_file what) noexcept { bits_ &= ~bit(what); }
    constexpr bool has(value_file what) const noexcept { return (bits_ & bit(what)) != 0; }
    constexpr bool empty() const noexcept { return bits_ == 0; }

    friend constexpr bool operator==(value_file_set, value_file_set) = default;

private:
    static constexpr std::uint32_t bit(value_file what) noexcept { return 1U << static_cast<unsigned>(what); }
    std::uint32_t                  bits_ = 0;
};

inline constexpr std::size_t longest_value = 255;

// The value in the bytes of a file: its first line, without the blanks around it.
constexpr std::string_view value_in(std::string_view bytes) noexcept {
    const auto        blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
    const std::size_t line  = bytes.find('\n');
    if (line != std::string_view::npos) bytes.remove_suffix(bytes.size() - line);
    while (!bytes.empty() && blank(bytes.back())) bytes.remove_suffix(1);
    while (!bytes.empty() && blank(bytes.front())) bytes.remove_prefix(1);
    return bytes;
}

// Whether this is a value of its file.
bool is_value_of(value_file what, std::string_view value) noexcept;

}  // namespace runwell
