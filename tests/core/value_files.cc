#include "core/value_files.hh"

#include <gtest/gtest.h>

namespace runwell {
namespace {

TEST(value_files, a_value_is_the_first_line_without_the_blanks_around_it) {
    EXPECT_EQ(value_in("10s\n"), "10s");
    EXPECT_EQ(value_in(" \t10s \r\nmore\n"), "10s");
    EXPECT_EQ(value_in("a b"), "a b");
    EXPECT_EQ(value_in(""), "");
    EXPECT_EQ(value_in("\n10s"), "");
}

TEST(value_files, each_file_knows_its_values) {
    EXPECT_TRUE(is_value_of(value_file::down_signal, "QUIT"));
    EXPECT_TRUE(is_value_of(value_file::reload_signal, "SIGUSR2"));
    EXPECT_TRUE(is_value_of(value_file::down_signal, "3"));
    EXPECT_FALSE(is_value_of(value_file::down_signal, "STOPIT"));
    EXPECT_FALSE(is_value_of(value_file::down_signal, ""));
    EXPECT_TRUE(is_value_of(value_file::timeout_kill, "10s"));
    EXPECT_FALSE(is_value_of(value_file::timeout_kill, "ten"));
    EXPECT_FALSE(is_value_of(value_file::timeout_finish, ""));
    EXPECT_TRUE(is_value_of(value_file::contain, ""));
    EXPECT_TRUE(is_value_of(value_file::contain, "yes"));
}

TEST(value_files, a_set_has_what_was_added) {
    value_file_set some;
    EXPECT_TRUE(some.empty());
    some.add(value_file::timeout_kill);
    EXPECT_TRUE(some.has(value_file::timeout_kill));
    EXPECT_FALSE(some.has(value_file::contain));
    EXPECT_FALSE(some.empty());
}

}  // namespace
}  // namespace runwell
