// packed_file.hh — files that gzip, xz, zstd or bzip2 have packed, unpacked by those programs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sys/fd.hh"

namespace runwell::svctl {

// The program that unpacks a file which begins so; nullptr: it is not packed.
const char* packer_of(std::string_view head) noexcept;

// A file without a name, for what is unpacked.
sys::unique_fd scratch_file();

// Runs `program -dc` between two files, for at most `most` bytes; what went wrong, or nothing.
std::string unpack(const char* program, int from, int into, std::uint64_t most);

}  // namespace runwell::svctl
