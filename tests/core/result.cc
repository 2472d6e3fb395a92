#include "core/result.hh"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>

namespace runwell {
namespace {

result<int> half(int of) {
    if (of % 2 != 0) return error{"unable to halve ", "an odd number", EDOM};
    return of / 2;
}

result<int> quarter(int of) {
    const int once = TRY(half(of));
    return half(once);
}

TEST(result, holds_a_value) {
    const auto two = half(4);
    ASSERT_TRUE(two);
    EXPECT_EQ(*two, 2);
}

TEST(result, holds_what_could_not_be_done) {
    const auto none = half(3);
    ASSERT_FALSE(none);
    EXPECT_STREQ(none.why().what, "unable to halve ");
    EXPECT_STREQ(none.why().subject, "an odd number");
    EXPECT_EQ(none.why().code, EDOM);
}

TEST(result, try_goes_on_with_the_value_and_out_with_the_trouble) {
    EXPECT_EQ(*quarter(8), 2);
    EXPECT_FALSE(quarter(6)) << "the second half";
    EXPECT_FALSE(quarter(5)) << "the first half";
    EXPECT_EQ(quarter(5).why().code, EDOM);
}

TEST(result, a_value_that_can_only_be_moved_is_moved) {
    const auto make = []() -> result<std::unique_ptr<int>> { return std::make_unique<int>(7); };
    const auto pass = [&]() -> result<std::unique_ptr<int>> {
        std::unique_ptr<int> own = TRY(make());
        return own;
    };
    auto got = pass();
    ASSERT_TRUE(got);
    EXPECT_EQ(**got, 7);
    EXPECT_EQ(*got->get(), 7);
}

TEST(result, an_outcome_has_nothing_to_say_but_success) {
    const result<void> good = {};
    const result<void> bad  = error{"unable to create pipe"};
    EXPECT_TRUE(good);
    EXPECT_FALSE(bad);
    EXPECT_EQ(bad.why().code, 0);
    EXPECT_STREQ(bad.why().subject, "");
}

}  // namespace
}  // namespace runwell
