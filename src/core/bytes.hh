// bytes.hh — finding and copying a few dozen bytes, millions of times a second.
//
// musl's memchr and memcpy are made for size: a word at a time, and `rep movs`, whose start alone costs what copying a
// whole log line should. These two are inline, take sixteen bytes at a time, and read and write nothing beyond the end.
#pragma once

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <bit>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace runwell {

// Where `letter` is first, or npos.
inline std::size_t find_byte(std::string_view in, char letter) noexcept {
#ifdef __SSE2__
    constexpr std::size_t step = 16;
    if (in.size() < step) {
        for (std::size_t i = 0; i < in.size(); ++i)
            if (in[i] == letter) return i;
        return std::string_view::npos;
    }
    const __m128i wanted = _mm_set1_epi8(letter);
    const auto    same   = [&](std::size_t at) noexcept {
        return _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in.data() + at)), wanted);
    };
    const auto  hits  = [&](std::size_t at) noexcept { return static_cast<unsigned>(_mm_movemask_epi8(same(at))); };
    const auto  first = [](unsigned found) noexcept { return static_cast<std::size_t>(std::countr_zero(found)); };
    std::size_t at    = 0;
    while (at + 2 * step <= in.size() && _mm_movemask_epi8(_mm_or_si128(same(at), same(at + step))) == 0)
        at += 2 * step;
    for (; at + step <= in.size(); at += step)
        if (const unsigned found = hits(at); found != 0) return at + first(found);
    const std::size_t last = in.size() - step;  // overlaps what was looked at
    if (const unsigned found = hits(last); found != 0) return last + first(found);
    return std::string_view::npos;
#else
    const void* const found = in.empty() ? nullptr : std::memchr(in.data(), letter, in.size());
    if (found == nullptr) return std::string_view::npos;
    return static_cast<std::size_t>(static_cast<const char*>(found) - in.data());
#endif
}

// Copies to where there is room for it; the two do not overlap. Large pieces are left to memcpy.
inline void copy_bytes(char* to, std::string_view from) noexcept {
    constexpr std::size_t step = 16, large = 1024;
    const std::size_t     n    = from.size();
    const char* const     data = from.data();
    if (n >= large) {
        std::memcpy(to, data, n);
    } else if (n >= step) {
        for (std::size_t at = 0; at + step <= n; at += step) {
            std::memcpy(to + at, data + at, step);
            asm volatile("" ::: "memory");  // or the compiler makes it a call of memcpy again
        }
        std::memcpy(to + n - step, data + n - step, step);
    } else if (n >= 8) {
        std::memcpy(to, data, 8);
        std::memcpy(to + n - 8, data + n - 8, 8);
    } else {
        for (std::size_t i = 0; i < n; ++i) {
            to[i] = data[i];
            asm volatile("" ::: "memory");
        }
    }
}

}  // namespace runwell
