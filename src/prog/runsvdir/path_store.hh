// path_store.hh — where the directories of services are, by path, for when their names have gone.
//
// A service whose link has been removed may still need a command: its directory is then reached by this
// path, and is believed only if it is still the same directory (device and inode).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sys/table.hh"

namespace runwell::runsvdir {

// Texts one behind the other, each known by its offset. supervisor::keep_path() copies the used ones when more than
// half is unused.
class path_store {
public:
    // The offset of `text`, which replaces what is at the offset `before` (0: nothing). 0 when there is no memory.
    std::uint32_t keep(std::uint32_t before, std::string_view text) noexcept;

    // nullptr for 0.
    const char* at(std::uint32_t offset) const noexcept { return offset == 0 ? nullptr : bytes_.all().data() + offset; }

    // More than half of it is not needed: each offset has to be moved, one call for each, between begin and end.
    bool          is_wasteful() const noexcept { return size_ > least && wasted_ > size_ / 2; }
    path_store    begin_again() noexcept;
    std::uint32_t move_from(const path_store& old, std::uint32_t offset) noexcept;
    void          drop(std::uint32_t offset) noexcept;

private:
    static constexpr std::size_t least = 16384;

    sys::table<char> bytes_;
    std::size_t      size_   = 1;  // offset 0 means none
    std::size_t      wasted_ = 0;
};

}  // namespace runwell::runsvdir
