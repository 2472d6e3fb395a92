// work_budget.hh — a bound on the share of a processor that is spent on what others cause.
//
//     credit  ▔▔▔▔▔╲╱▔▔▔╲                          spent(): down by what the work has cost
//                        ╲   ╱╲   ╱╲                time passes: up by a twentieth of it
//     0 ──────────────────╲╱───╲╱───╲──▶ time       ready_at(): when it is above nothing again
//
// In quiet times everything is dealt with at once. A storm of changes is dealt with in looks that take no more than a
// twentieth of the time, each of which sees all that has changed until then.
#pragma once

#include <algorithm>

#include "core/ticks.hh"

namespace runwell {

class work_budget {
public:
    static constexpr ticks most  = one_second / 10;    // of credit: so much may be spent at once
    static constexpr ticks share = 20;                 // one part of so many
    static constexpr ticks wake  = one_second / 5000;  // at the least, an event costs this

    // Work that ended at `now` has taken `cost` of processor time.
    constexpr void spent(ticks now, ticks cost) noexcept {
        credit_ = credit_at(now) - std::max(cost, wake);
        as_of_  = now;
    }

    // No more work before this moment.
    constexpr ticks ready_at() const noexcept { return credit_ > 0 ? as_of_ : as_of_ - credit_ * share; }

private:
    constexpr ticks credit_at(ticks now) const noexcept {
        return std::min(most, credit_ + std::max<ticks>(now - as_of_, 0) / share);
    }

    ticks credit_ = most;
    ticks as_of_  = 0;
};

}  // namespace runwell
