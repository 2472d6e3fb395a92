#include "prog/runsvdir/path_store.hh"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

namespace runwell::runsvdir {

std::uint32_t path_store::keep(std::uint32_t before, std::string_view text) noexcept {
    if (before != 0 && text == at(before)) return before;
    drop(before);
    const std::size_t need = size_ + text.size() + 1;
    if (need > std::numeric_limits<std::uint32_t>::max()) return 0;
    if (need > bytes_.all().size() && !bytes_.grow(std::max(need, 2 * bytes_.all().size()))) return 0;
    const std::size_t offset = std::exchange(size_, need);
    std::memcpy(bytes_.all().data() + offset, text.data(), text.size());
    bytes_.all()[need - 1] = '\0';
    return static_cast<std::uint32_t>(offset);
}

void path_store::drop(std::uint32_t offset) noexcept {
    if (offset != 0) wasted_ += std::strlen(at(offset)) + 1;
}

path_store path_store::begin_again() noexcept { return std::exchange(*this, path_store{}); }

std::uint32_t path_store::move_from(const path_store& old, std::uint32_t offset) noexcept {
    return offset == 0 ? 0 : keep(0, old.at(offset));
}

}  // namespace runwell::runsvdir
