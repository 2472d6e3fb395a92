#include "core/durations.hh"

#include <gtest/gtest.h>

namespace runwell {
namespace {

TEST(durations, a_bare_number_is_milliseconds_and_a_unit_follows_without_a_blank) {
    EXPECT_EQ(duration_in("1500"), 1500 * one_millisecond);
    EXPECT_EQ(duration_in("500ms"), one_second / 2);
    EXPECT_EQ(duration_in("10s"), 10 * one_second);
    EXPECT_EQ(duration_in("2m"), 120 * one_second);
    EXPECT_EQ(duration_in("1h"), 3600 * one_second);
    EXPECT_EQ(duration_in("0"), 0);
}

TEST(durations, anything_else_is_none) {
    for (const char* const text : {"", "s", "ms", "-1", "+1", " 1", "1 ", "1 s", "1.5s", "1S", "1sec", "1s2",
                                   "infinity", "9000h", "99999999999999999999s"})
        EXPECT_EQ(duration_in(text), std::nullopt) << text;
    EXPECT_EQ(duration_in("8784h"), longest_duration);
}

}  // namespace
}  // namespace runwell
