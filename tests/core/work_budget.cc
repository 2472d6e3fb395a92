#include "core/work_budget.hh"

#include <gtest/gtest.h>

#include <algorithm>

namespace runwell {
namespace {

constexpr ticks millisecond = one_second / 1000;

TEST(work_budget, at_first_all_is_done_at_once) {
    work_budget budget;
    EXPECT_LE(budget.ready_at(), 0);
    for (ticks now = one_second; now < one_second + 10 * millisecond; now += millisecond) {
        budget.spent(now, millisecond);
        EXPECT_LE(budget.ready_at(), now);
    }
}

TEST(work_budget, in_a_storm_work_takes_a_twentieth_of_the_time) {
    work_budget     budget;
    constexpr ticks cost = 5 * millisecond;
    ticks           now = one_second, worked = 0;
    while (now < 61 * one_second) {
        now += cost;
        worked += cost;
        budget.spent(now, cost);
        now = std::max(now, budget.ready_at());
    }
    EXPECT_LE(worked, 3 * one_second + 2 * work_budget::most);
    EXPECT_GE(worked, 5 * one_second / 2);
}

TEST(work_budget, one_long_look_is_paid_back_before_the_next) {
    work_budget budget;
    budget.spent(one_second, 200 * millisecond);
    EXPECT_EQ(budget.ready_at(), one_second + 100 * millisecond * work_budget::share);
}

TEST(work_budget, credit_comes_back_and_does_not_pile_up) {
    work_budget budget;
    budget.spent(one_second, work_budget::most + millisecond);
    budget.spent(3600 * one_second, 50 * millisecond);
    EXPECT_LE(budget.ready_at(), 3600 * one_second);
    budget.spent(3600 * one_second, 51 * millisecond);
    EXPECT_GT(budget.ready_at(), 3600 * one_second);
}

TEST(work_budget, what_costs_nothing_is_a_wake_all_the_same) {
    work_budget budget;
    int         wakes = 0;
    ticks       now   = one_second;
    for (; now < 11 * one_second; now = std::max(now + 1000, budget.ready_at()), ++wakes) budget.spent(now, 0);
    EXPECT_LE(wakes,
              10 * one_second / (work_budget::wake * work_budget::share) + work_budget::most / work_budget::wake + 2);
}

}  // namespace
}  // namespace runwell
