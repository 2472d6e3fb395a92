#include "core/stop.hh"

#include <gtest/gtest.h>

namespace runwell {
namespace {

constexpr ticks at = 100 * one_second;

TEST(stop, without_rules_nothing_is_ever_due) {
    escalation of;
    begin_stop(of, {}, at);
    begin_finish(of, {}, at);
    begin_script(of, {}, at);
    EXPECT_EQ(next_deadline(of), std::nullopt);
    EXPECT_TRUE(due(of, INT64_MAX).empty());
}

TEST(stop, what_is_due_is_due_once_and_the_earliest_is_the_next) {
    const stop_rules rules{.timeout_kill = 3 * one_second, .timeout_finish = one_second};
    escalation       of;
    begin_stop(of, rules, at);
    begin_script(of, rules, at);
    EXPECT_EQ(next_deadline(of), at + one_second);
    stop_actions list = due(of, at + one_second);
    ASSERT_EQ(list.size(), 1u);
    EXPECT_EQ(list[0], stop_action::kill_script);
    EXPECT_EQ(next_deadline(of), at + 3 * one_second);
    list = due(of, at + 4 * one_second);
    ASSERT_EQ(list.size(), 1u);
    EXPECT_EQ(list[0], stop_action::kill_process);
    EXPECT_TRUE(due(of, INT64_MAX).empty());
}

TEST(stop, the_rest_has_what_the_run_has_left_of_the_time) {
    const stop_rules rules{.timeout_kill = 3 * one_second, .contain = true};
    escalation       of;
    begin_stop(of, rules, at);
    EXPECT_EQ(begin_rest(of, rules, at + 2 * one_second), stop_action::term_rest);
    EXPECT_EQ(next_deadline(of), at + 3 * one_second);
    const stop_actions list = due(of, at + 3 * one_second);
    ASSERT_EQ(list.size(), 1u);
    EXPECT_EQ(list[0], stop_action::kill_rest);
}

TEST(stop, after_the_kill_the_rest_has_no_time) {
    const stop_rules rules{.timeout_kill = one_second, .contain = true};
    escalation       of;
    begin_stop(of, rules, at);
    static_cast<void>(due(of, at + one_second));
    EXPECT_EQ(begin_rest(of, rules, at + one_second), stop_action::kill_rest);
    EXPECT_EQ(next_deadline(of), std::nullopt);
}

}  // namespace
}  // namespace runwell
