// end_report.hh — when a program that waits for others to end says whom it waits for.
//
//     begins ── 3 s ──▶ said ── fewer are left, and a second has passed ──▶ said again
#pragma once

#include <cstddef>
#include <optional>

#include "core/ticks.hh"

namespace runwell {

class end_report {
public:
    static constexpr ticks first_after = 3 * one_second;  // most ends are over sooner, and need no word
    static constexpr ticks pause       = one_second;

    constexpr void begin(ticks now) noexcept { at_ = now + first_after; }

    // When to say that `left` are waited for; nothing while there is nothing new to say.
    constexpr std::optional<ticks> due(std::size_t left) const noexcept {
        return at_ && left != 0 && left != said_ ? at_ : std::nullopt;
    }

    // True: it is time to say so.
    constexpr bool is_due(std::size_t left, ticks now) noexcept {
        const std::optional<ticks> when = due(left);
        if (!when || now < *when) return false;
        at_   = now + pause;
        said_ = left;
        return true;
    }

private:
    std::optional<ticks> at_;        // nothing is said sooner
    std::size_t          said_ = 0;  // how many were left when it was said last
};

}  // namespace runwell
