#include "core/near_name.hh"

#include <gtest/gtest.h>

#include <string>

namespace runwell {
namespace {

TEST(near_name, letters_changed_added_left_out_and_swapped) {
    EXPECT_EQ(distance("web", "web"), 0U);
    EXPECT_EQ(distance("wbe", "web"), 1U);
    EXPECT_EQ(distance("we", "web"), 1U);
    EXPECT_EQ(distance("webb", "web"), 1U);
    EXPECT_EQ(distance("wab", "web"), 1U);
    EXPECT_EQ(distance("", "web"), 3U);
    EXPECT_EQ(distance("nginx", "ngnix-2"), 3U);
}

TEST(near_name, near_is_a_third_of_the_letters_and_endless_names_are_alike_in_nothing) {
    EXPECT_TRUE(is_near("wbe", distance("wbe", "web")));
    EXPECT_FALSE(is_near("db", distance("db", "web")));
    EXPECT_FALSE(is_near("nowhere", distance("nowhere", "web")));
    const std::string endless(1000, 'x');
    EXPECT_EQ(distance(endless, endless + "y"), 1001U);
}

}  // namespace
}  // namespace runwell
