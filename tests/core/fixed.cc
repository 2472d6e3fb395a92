#include "core/fixed.hh"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace runwell {
namespace {

TEST(fixed, a_list_keeps_the_order_and_says_when_it_is_full) {
    fixed_list<int, 3> list;
    EXPECT_TRUE(list.empty());
    EXPECT_TRUE(list.push(1) && list.push(2) && list.push(3));
    EXPECT_FALSE(list.push(4));
    EXPECT_EQ(list.size(), 3u);
    int expected = 1;
    for (const int value : list) EXPECT_EQ(value, expected++);
    EXPECT_EQ(list[2], 3);
}

TEST(fixed, a_list_that_is_cleared_takes_as_many_again) {
    fixed_list<int, 2> list;
    list.push(1);
    list.push(2);
    list.clear();
    EXPECT_TRUE(list.empty());
    EXPECT_EQ(list.begin(), list.end());
    EXPECT_TRUE(list.push(5) && list.push(6));
    EXPECT_EQ(list[0], 5);
}

TEST(fixed, a_text_takes_all_or_nothing) {
    fixed_text<5> text;
    EXPECT_TRUE(text.append("abc"));
    EXPECT_FALSE(text.append("def"));
    EXPECT_EQ(text.view(), "abc");
    EXPECT_TRUE(text.append("de"));
    EXPECT_EQ(text.view(), "abcde");
    EXPECT_FALSE(text.append('f'));
    EXPECT_TRUE(text.append(""));
    EXPECT_EQ(text.size(), 5u);
}

TEST(fixed, a_text_always_ends_with_a_zero_byte) {
    fixed_text<4> text;
    EXPECT_STREQ(text.c_str(), "");
    for (const char* const expected : {"x", "xx", "xxx", "xxxx"}) {
        EXPECT_TRUE(text.append('x'));
        EXPECT_STREQ(text.c_str(), expected);
    }
    text.clear();
    EXPECT_STREQ(text.c_str(), "");
    EXPECT_TRUE(text.empty());
}

TEST(fixed, a_cut_takes_as_much_as_fits) {
    fixed_text<5> text;
    text.append_cut("abcdefgh");
    EXPECT_EQ(text.view(), "abcde");
    text.append_cut("more");
    EXPECT_EQ(text.view(), "abcde");
}

TEST(fixed, a_text_holds_any_byte) {
    fixed_text<4>          text;
    const std::string_view bytes{"\0\n\xff", 3};
    EXPECT_TRUE(text.append(bytes));
    EXPECT_EQ(text.view(), bytes);
}

}  // namespace
}  // namespace runwell
