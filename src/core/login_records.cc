#include "core/login_records.hh"

#include <algorithm>

namespace runwell::login_records {
namespace {

// In the byte order of the machine.
template <class Number>
void put_number(record& entry, std::size_t where, Number value) noexcept {
    const auto bytes = std::as_bytes(std::span{&value, 1});
    std::copy(bytes.begin(), bytes.end(), entry.begin() + static_cast<std::ptrdiff_t>(where));
}

void clear(record& entry, std::size_t where, std::size_t size) noexcept {
    for (std::size_t i = 0; i < size; ++i) entry[where + i] = std::byte{};
}

void put_time(record& entry, moment now) noexcept {
    if constexpr (at::time_size == sizeof(std::int64_t))
        put_number(entry, at::seconds, now.seconds);
    else
        put_number(entry, at::seconds, static_cast<std::uint32_t>(now.seconds));
}

}  // namespace

bool is_login(const record& entry, std::string_view line) noexcept {
    if (entry[at::user] == std::byte{} || !is_line(line)) return false;
    for (std::size_t i = 0; i < at::line_size; ++i) {
        const char expected = i < line.size() ? line[i] : '\0';
        if (static_cast<char>(entry[at::line + i]) != expected) return false;
        if (expected == '\0') return true;  // bytes after the end of a name are no part of it
    }
    return true;
}

void log_out(record& entry, moment now) noexcept {
    put_number(entry, at::type, dead_process);
    clear(entry, at::user, at::user_size);
    clear(entry, at::host, at::host_size);
    put_time(entry, now);
}

record logout_of(std::string_view line, moment now) noexcept {
    record entry{};
    put_number(entry, at::type, dead_process);
    for (std::size_t i = 0; i < line.size() && i < at::line_size; ++i)
        entry[at::line + i] = static_cast<std::byte>(line[i]);
    put_time(entry, now);
    return entry;
}

}  // namespace runwell::login_records
