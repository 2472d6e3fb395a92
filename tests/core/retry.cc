#include "core/retry.hh"

#include <gtest/gtest.h>

namespace runwell {
namespace {

constexpr retry_pauses steady{one_second / 10, one_second / 10, 3 * one_second}, doubling{one_second, 60 * one_second};

TEST(retry, what_has_not_failed_may_be_tried) {
    retry write;
    EXPECT_TRUE(write.may_try(0));
    EXPECT_FALSE(write.due());
    EXPECT_FALSE(write.succeeded());
}

TEST(retry, is_due_after_a_pause_and_reports_now_and_then) {
    retry write;
    EXPECT_TRUE(write.failed(1000, steady));
    EXPECT_EQ(write.due(), 1000 + one_second / 10);
    EXPECT_FALSE(write.may_try(1000));
    ticks at      = *write.due();
    int   reports = 0;
    for (; at < 1000 + 7 * one_second; at = *write.due()) reports += write.failed(at, steady);
    EXPECT_EQ(reports, 2);
    EXPECT_EQ(write.since(), 1000);
    EXPECT_EQ(write.tries(), 70u);
    EXPECT_TRUE(write.succeeded());
    EXPECT_FALSE(write.failing());
}

TEST(retry, pauses_double_up_to_the_last) {
    retry command;
    ticks now = 0;
    for (const int seconds : {1, 2, 4, 8, 16, 32, 60, 60}) {
        EXPECT_TRUE(command.failed(now, doubling));
        EXPECT_EQ(*command.due(), now + seconds * one_second);
        now = *command.due();
    }
    command.succeeded();
    command.failed(now, doubling);
    EXPECT_EQ(*command.due(), now + one_second);
}

TEST(retry, hurry_makes_the_next_try_due) {
    retry write;
    write.failed(5000, steady);
    write.hurry();
    EXPECT_TRUE(write.may_try(0));
}

}  // namespace
}  // namespace runwell
