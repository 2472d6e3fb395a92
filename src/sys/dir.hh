// dir.hh — the names in a directory, without a heap.
#pragma once

#include <dirent.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/result.hh"

namespace runwell::sys {

// A name, as the kernel lists it (getdents64(2)).
struct listed {
    std::uint64_t  inode;
    std::int64_t   next;
    unsigned short size;
    unsigned char  type;  // DT_…; DT_UNKNOWN where the file system does not say
    char           name[1];
};

// The next names of an open directory into `bytes`; how many bytes, 0 at the end. Trouble: "unable to read directory".
result<std::size_t> read_names(int dir, std::array<std::byte, 4096>& bytes) noexcept;

// Calls each(name, type) for every name in `dir`, which is open at its beginning, "." and ".." included.
template <class Each>
result<void> each_name(int dir, Each each) noexcept {
    alignas(listed) std::array<std::byte, 4096> bytes;
    for (;;) {
        const std::size_t size = TRY(read_names(dir, bytes));
        if (size == 0) return {};
        for (std::size_t at = 0; at < size;) {
            const auto* one = reinterpret_cast<const listed*>(bytes.data() + at);
            each(static_cast<const char*>(one->name), one->type);
            at += one->size;
        }
    }
}

}  // namespace runwell::sys
