// proctitle.hh — the last error messages, where ps(1) shows them: a text of fixed length that scrolls.
//
//     log: ................................................
//     └───┘└──────────────────────────────────────────────┘
//     stays        scrolls to the left; the newest is last
//
// The text lies where the kernel keeps an argument of the process, so it never grows; bytes go in as they are.
// Source: runsvdir(8), the `log` argument; measured on runit 2.1.2 and 2.3.1.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace runwell {

class proctitle {
public:
    static constexpr std::size_t shortest = 7;  // bytes; a shorter text is not a log
    static constexpr std::size_t fixed    = 5;  // bytes that stay

    proctitle() noexcept = default;
    // `text` has at least `shortest` bytes, and is written to.
    explicit proctitle(std::span<char> text) noexcept : scrolling_{text.subspan(fixed)} {}

    // The newest bytes enter at the end, the oldest leave at the beginning.
    void scroll(std::string_view newest) noexcept;

private:
    std::span<char> scrolling_;
};

}  // namespace runwell
