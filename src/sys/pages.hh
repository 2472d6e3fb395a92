// pages.hh — memory of a size that is known only at run time, from the kernel and back to it.
//
// For the short commands: what a supervisor needs for as long as it lives is in arrays.
#pragma once

#include <sys/mman.h>

#include <cerrno>
#include <cstddef>
#include <span>
#include <utility>

#include "core/result.hh"

namespace runwell::sys {

class pages {
public:
    pages() noexcept = default;
    pages(pages&& other) noexcept : bytes_{std::exchange(other.bytes_, {})} {}
    pages& operator=(pages&& other) noexcept {
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    ~pages() {
        if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
    }

    // Zero bytes, at least one; untouched pages cost nothing. MAP_STACK keeps the kernel (Linux 6.7) from giving
    // two megabytes at the first touch where huge pages are the rule.
    static result<pages> make(std::size_t size) noexcept {
        pages       made;
        void* const at = ::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
        if (at == MAP_FAILED) return error{"unable to allocate memory", "", errno};
        made.bytes_ = {static_cast<char*>(at), size};
        return made;
    }

    std::span<char> bytes() const noexcept { return bytes_; }

    // The same memory as room for values of another type.
    template <class T>
    std::span<T> as() const noexcept {
        return {reinterpret_cast<T*>(bytes_.data()), bytes_.size() / sizeof(T)};
    }

private:
    std::span<char> bytes_;
};

}  // namespace runwell::sys
