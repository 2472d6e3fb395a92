// fixed.hh — a list and a text whose capacity is part of their type.
//
// Full is an answer, not a crash: push() and append() return false and change nothing.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace runwell {

// At most Capacity values, in the order they were pushed. T must be cheap to create.
template <class T, std::size_t Capacity>
class fixed_list {
public:
    constexpr bool push(const T& value) noexcept {
        if (size_ == Capacity) return false;
        items_[size_++] = value;
        return true;
    }
    constexpr void clear() noexcept { size_ = 0; }

    constexpr std::size_t size() const noexcept { return size_; }
    constexpr bool        empty() const noexcept { return size_ == 0; }
    constexpr const T*    begin() const noexcept { return items_.data(); }
    constexpr const T*    end() const noexcept { return items_.data() + size_; }
    constexpr const T&    operator[](std::size_t i) const noexcept { return items_[i]; }

private:
    std::array<T, Capacity> items_{};
    std::size_t             size_ = 0;
};

// At most Capacity bytes of text, always followed by a zero byte so that the kernel can read it.
template <std::size_t Capacity>
class fixed_text {
public:
    constexpr fixed_text() noexcept { bytes_[0] = '\0'; }

    // All of it or nothing: false, and unchanged, when it does not fit.
    constexpr bool append(std::string_view text) noexcept {
        if (text.size() > Capacity - size_) return false;
        for (const char c : text) bytes_[size_++] = c;
        bytes_[size_] = '\0';
        return true;
    }
    constexpr bool append(char c) noexcept { return append(std::string_view{&c, 1}); }

    // As much as fits: for messages, where half a name is better than none.
    constexpr void append_cut(std::string_view text) noexcept { append(text.substr(0, Capacity - size_)); }

    // Only the first `size` bytes remain; size must not be more than size().
    constexpr void shrink(std::size_t size) noexcept {
        size_        = size;
        bytes_[size] = '\0';
    }
    constexpr void             clear() noexcept { shrink(0); }
    constexpr std::string_view view() const noexcept { return {bytes_.data(), size_}; }
    constexpr const char*      c_str() const noexcept { return bytes_.data(); }
    constexpr std::size_t      size() const noexcept { return size_; }
    constexpr bool             empty() const noexcept { return size_ == 0; }

private:
    std::array<char, Capacity + 1> bytes_;  // only the used part is ever read
    std::size_t                    size_ = 0;
};

}  // namespace runwell
