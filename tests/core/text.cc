#include "core/text.hh"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace runwell {
namespace {

constexpr auto most = std::numeric_limits<std::uint64_t>::max();

TEST(text, a_decimal_has_no_sign_no_padding_and_no_empty_zero) {
    EXPECT_EQ(decimal{0}.view(), "0");
    EXPECT_EQ(decimal{7}.view(), "7");
    EXPECT_EQ(decimal{10}.view(), "10");
    EXPECT_EQ(decimal{4'294'967'295}.view(), "4294967295");
    EXPECT_EQ(decimal{most}.view(), "18446744073709551615");
}

TEST(text, a_decimal_is_what_the_library_writes) {
    for (std::uint64_t value = 1; value < most / 7; value = value * 7 + 3)
        EXPECT_EQ(decimal{value}.view(), std::to_string(value));
}

TEST(text, scanning_stops_at_what_is_no_digit) {
    EXPECT_EQ(scan_number("123abc").value, 123u);
    EXPECT_EQ(scan_number("123abc").digits, 3u);
    for (const char* none : {"", "abc", "-1", "+1", " 1"}) EXPECT_EQ(scan_number(none).digits, 0u) << none;
    EXPECT_EQ(scan_number("007").value, 7u);
    EXPECT_EQ(scan_number("007").digits, 3u);
    EXPECT_EQ(scan_number("5\0006").digits, 1u);
}

TEST(text, scanning_saturates_instead_of_wrapping) {
    EXPECT_EQ(scan_number("18446744073709551615").value, most);
    EXPECT_EQ(scan_number("18446744073709551616").value, most);
    EXPECT_EQ(scan_number(std::string(1000, '9')).value, most);
    EXPECT_EQ(scan_number(std::string(1000, '9')).digits, 1000u);
    EXPECT_EQ(scan_number("18446744073709551614").value, most - 1);
}

TEST(text, a_whole_number_is_nothing_but_digits) {
    EXPECT_EQ(whole_number("0"), 0u);
    EXPECT_EQ(whole_number("42"), 42u);
    EXPECT_EQ(whole_number("0042"), 42u);
    EXPECT_EQ(whole_number("9223372036854775807"), 9'223'372'036'854'775'807u);
    for (const char* no : {"", " ", "4 2", "42 ", " 42", "-42", "+42", "4.2", "0x10", "a", "42\n"})
        EXPECT_EQ(whole_number(no), std::nullopt) << no;
}

TEST(text, a_number_lies_between_its_bounds_or_is_none) {
    EXPECT_EQ(number_between("1", 1, 99), 1);
    EXPECT_EQ(number_between("99", 1, 99), 99);
    EXPECT_FALSE(number_between("0", 1, 99));
    EXPECT_FALSE(number_between("100", 1, 99));
    EXPECT_FALSE(number_between("", 0, 99));
    EXPECT_FALSE(number_between("9999999999999999999", 0, 99));
}

TEST(text, a_whole_number_that_is_too_long_is_none) {
    EXPECT_EQ(whole_number("9999999999999999999"), 9'999'999'999'999'999'999u) << "19 digits always fit";
    EXPECT_EQ(whole_number("10000000000000000000"), std::nullopt);
    EXPECT_EQ(whole_number(std::string(5000, '1')), std::nullopt);
}

TEST(text, the_base_name_is_what_follows_the_last_slash) {
    EXPECT_EQ(base_name("/usr/bin/sv"), "sv");
    EXPECT_EQ(base_name("sv"), "sv");
    EXPECT_EQ(base_name("./sv"), "sv");
    EXPECT_EQ(base_name("a/"), "");
    EXPECT_EQ(base_name("/"), "");
    EXPECT_EQ(base_name(""), "");
}

}  // namespace
}  // namespace runwell
