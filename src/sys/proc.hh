// proc.hh — the small files of /proc/PID. Source: proc(5).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/fixed.hh"

namespace runwell::sys {

// /proc/PID and `name`, which begins with a slash.
fixed_text<48> proc_path(std::uint64_t pid, std::string_view name) noexcept;

// What one read(2) gives of the file `path` below `dir`, at most what `into` has room for; empty where it cannot be
// read.
std::string_view read_once(int dir, const char* path, std::span<char> into) noexcept;

}  // namespace runwell::sys
