#include "core/end_report.hh"

#include <gtest/gtest.h>

namespace runwell {
namespace {

constexpr ticks after(int tenths) { return tenths * (one_second / 10); }

TEST(end_report, says_nothing_before_the_end_begins) {
    end_report report;
    EXPECT_EQ(report.due(2), std::nullopt);
    EXPECT_FALSE(report.is_due(2, after(1000)));
}

TEST(end_report, the_first_word_comes_after_three_seconds) {
    end_report report;
    report.begin(0);
    EXPECT_EQ(report.due(2), after(30));
    EXPECT_FALSE(report.is_due(2, after(29)));
    EXPECT_TRUE(report.is_due(2, after(30)));
}

TEST(end_report, is_silent_while_nothing_changes) {
    end_report report;
    report.begin(0);
    EXPECT_TRUE(report.is_due(2, after(30)));
    EXPECT_EQ(report.due(2), std::nullopt);
    EXPECT_FALSE(report.is_due(2, after(1000)));
    EXPECT_TRUE(report.is_due(1, after(1001)));
}

TEST(end_report, speaks_at_most_once_a_second) {
    end_report report;
    report.begin(0);
    EXPECT_TRUE(report.is_due(3, after(30)));
    EXPECT_FALSE(report.is_due(2, after(31)));
    EXPECT_EQ(report.due(2), after(40));
    EXPECT_FALSE(report.is_due(1, after(39)));
    EXPECT_TRUE(report.is_due(1, after(40)));
}

TEST(end_report, says_nothing_of_nobody) {
    end_report report;
    report.begin(0);
    EXPECT_EQ(report.due(0), std::nullopt);
    EXPECT_FALSE(report.is_due(0, after(30)));
}

}  // namespace
}  // namespace runwell
