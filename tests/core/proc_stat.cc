#include "core/proc_stat.hh"

#include <gtest/gtest.h>

namespace runwell {
namespace {

TEST(proc_stat, fields_are_counted_behind_a_name_that_holds_anything) {
    constexpr proc_stat line{"4711 (a) S 9 (b) R 1 4712 4713 34816"};
    EXPECT_TRUE(line);
    EXPECT_EQ(line.pid(), 4711u);
    EXPECT_EQ(line.name(), "a) S 9 (b");
    EXPECT_EQ(line.field(3), "R");
    EXPECT_EQ(line.number(4), 1u);
    EXPECT_EQ(line.number(7), 34816u);
}

TEST(proc_stat, a_line_that_ends_early_has_no_further_fields) {
    constexpr proc_stat line{"1 (a) S"};
    EXPECT_TRUE(line);
    EXPECT_EQ(line.field(4), "");
    EXPECT_EQ(line.number(22), 0u);
    for (const char* none : {"", "1", "1 (a", "1 )a(", "1 (a)", "1 (a) "}) EXPECT_FALSE(proc_stat{none}) << none;
}

}  // namespace
}  // namespace runwell
