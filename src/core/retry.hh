// retry.hh — after a failure: when to try again, and when to report it again.
//
//     failed() ── every.first, twice that, … every.last ──▶ due() ──▶ failed() again, or succeeded()
//
// Where the first and the last pause are equal the tries come at a steady pace.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "core/ticks.hh"

namespace runwell {

struct retry_pauses {
    ticks first  = one_second;
    ticks last   = one_second;
    ticks remind = 0;  // between two reports; 0: each failure is reported
};

class retry {
public:
    // It has failed at `now`. True: the caller should report it.
    constexpr bool failed(ticks now, retry_pauses every) noexcept {
        if (!failing_) {
            since_ = now;
            tries_ = 0;
            pause_ = 0;
        }
        failing_ = true;
        ++tries_;
        pause_            = std::clamp(pause_ * 2, every.first, every.last);
        at_               = now + pause_;
        const bool report = now >= remind_at_;
        if (report) remind_at_ = now + every.remind;
        return report;
    }

    // It works again, or there is nothing left to try. True: it had failed before.
    constexpr bool succeeded() noexcept {
        const bool had_failed = failing_;
        failing_              = false;
        return had_failed;
    }

    constexpr bool failing() const noexcept { return failing_; }
    constexpr bool may_try(ticks now) const noexcept { return !failing_ || now >= at_; }
    // The next try does not wait for its time.
    constexpr void hurry() noexcept { at_ = 0; }
    // When to try again; nothing where nothing has failed.
    constexpr std::optional<ticks> due() const noexcept { return failing_ ? std::optional{at_} : std::nullopt; }

    // Of the last series of failures: how many, and when it began.
    constexpr std::uint64_t tries() const noexcept { return tries_; }
    constexpr ticks         since() const noexcept { return since_; }

private:
    ticks         at_ = 0, since_ = 0, pause_ = 0, remind_at_ = 0;
    std::uint64_t tries_   = 0;
    bool          failing_ = false;
};

}  // namespace runwell
