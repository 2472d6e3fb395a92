// table.hh — an array that grows, without a heap: pages of the kernel, moved by it when they need to be.
//
// Growing may move what is in it; a page that was never written to costs nothing.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

namespace runwell::sys {

// T is plain data for which zero bytes are a value: so begins what growing adds.
template <class T>
requires std::is_trivially_copyable_v<T>
class table {
public:
    table() noexcept = default;
    table(table&& other) noexcept : all_{std::exchange(other.all_, {})} {}
    table& operator=(table&& other) noexcept {
        std::swap(all_, other.all_);
        return *this;
    }
    ~table() {
        if (!all_.empty()) ::munmap(all_.data(), all_.size_bytes());
    }

    // Room for at least `count`. False, and unchanged, when there is no memory.
    bool grow(std::size_t count) noexcept {
        if (count <= all_.size()) return true;
        const std::size_t bytes = (count * sizeof(T) + page - 1) / page * page;
        void* const       where = all_.empty()
                                      ? ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                                      : ::mremap(all_.data(), rounded(all_.size_bytes()), bytes, MREMAP_MAYMOVE);
        if (where == MAP_FAILED) return false;
        all_ = {static_cast<T*>(where), bytes / sizeof(T)};
        return true;
    }

    std::span<T> all() const noexcept { return all_; }

private:
    static constexpr std::size_t page = 4096;
    static_assert(sizeof(T) <= page);
    static constexpr std::size_t rounded(std::size_t bytes) noexcept { return (bytes + page - 1) / page * page; }

    std::span<T> all_;
};

}  // namespace runwell::sys
