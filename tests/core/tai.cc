#include "core/tai.hh"

#include <gtest/gtest.h>
#include <time.h>

#include <cstdio>
#include <limits>
#include <random>
#include <string>

namespace runwell {
namespace {

using tai::stamp;

std::string text(stamp form, moment at) { return std::string{tai::write(form, at).view()}; }

// What the C library says.
std::string oracle(moment at, char between) {
    const time_t seconds = at.seconds;
    tm           of{};
    gmtime_r(&seconds, &of);
    char line[64];
    std::snprintf(line, sizeof line, "%04d-%02d-%02d%c%02d:%02d:%02d.%05u", of.tm_year + 1900, of.tm_mon + 1,
                  of.tm_mday, between, of.tm_hour, of.tm_min, of.tm_sec, at.nanos / 10'000);
    return line;
}

// 0000-01-01 00:00:00 and 9999-12-31 23:59:59: the years that have four digits.
constexpr std::int64_t first = -62'167'219'200, last = 253'402'300'799;

TEST(tai, the_epoch_is_ten_seconds_after_two_to_the_62) {
    EXPECT_EQ(tai::label({0, 0}).view(), "@400000000000000a00000000");
    EXPECT_EQ(tai::label({-10, 0}).view(), "@400000000000000000000000");
    EXPECT_EQ(tai::label({-11, 0}).view(), "@3fffffffffffffff00000000");
}

TEST(tai, a_label_is_the_bytes_in_hexadecimal) {
    EXPECT_EQ(tai::label({1'795'345'901, 175'298'740}).view(), "@400000006b02cdf70a72d8b4");
    EXPECT_EQ(tai::label({0, 999'999'999}).view(), "@400000000000000a3b9ac9ff");
}

TEST(tai, what_is_packed_is_unpacked) {
    std::mt19937_64                              random{20'261'122};
    std::uniform_int_distribution<std::int64_t>  seconds;
    std::uniform_int_distribution<std::uint32_t> nanos{0, 999'999'999};
    const auto                                   there_and_back = [](moment at) {
        std::array<std::byte, tai::bytes> packed{};
        tai::pack(at, packed);
        return tai::unpack(packed);
    };
    for (int i = 0; i < 10'000; ++i) {
        const moment at{seconds(random), nanos(random)};
        ASSERT_EQ(there_and_back(at), at);
        ASSERT_EQ(there_and_back({-at.seconds, at.nanos}), (moment{-at.seconds, at.nanos}));
    }
    for (const std::int64_t edge : {std::numeric_limits<std::int64_t>::min(), std::int64_t{-1}, std::int64_t{0},
                                    std::numeric_limits<std::int64_t>::max()})
        EXPECT_EQ(there_and_back({edge, 0}), (moment{edge, 0}));
}

TEST(tai, labels_sort_as_their_moments_do) {
    std::mt19937_64                             random{1};
    std::uniform_int_distribution<std::int64_t> seconds{first, last};
    for (int i = 0; i < 1000; ++i) {
        const moment a{seconds(random), 5}, b{seconds(random), 4};
        ASSERT_EQ(a < b, tai::label(a).view() < tai::label(b).view());
    }
}

TEST(tai, the_dates_that_calendars_get_wrong_are_right) {
    const auto date = [](std::int64_t seconds) { return text(stamp::iso, {seconds, 0}).substr(0, 19); };
    EXPECT_EQ(date(0), "1970-01-01T00:00:00");
    EXPECT_EQ(date(-1), "1969-12-31T23:59:59");
    EXPECT_EQ(date(951'782'400), "2000-02-29T00:00:00") << "a century that has a leap day";
    EXPECT_EQ(date(1'709'251'199), "2024-02-29T23:59:59");
    EXPECT_EQ(date(1'709'251'200), "2024-03-01T00:00:00");
    EXPECT_EQ(date(2'147'483'647), "2038-01-19T03:14:07");
    EXPECT_EQ(date(2'147'483'648), "2038-01-19T03:14:08") << "32 bits are over";
    EXPECT_EQ(date(4'107'542'399), "2100-02-28T23:59:59");
    EXPECT_EQ(date(4'107'542'400), "2100-03-01T00:00:00") << "a century that has none";
    EXPECT_EQ(date(-2'203'891'201), "1900-02-28T23:59:59");
    EXPECT_EQ(date(-2'203'891'200), "1900-03-01T00:00:00");
    EXPECT_EQ(date(4'294'967'296), "2106-02-07T06:28:16");
    EXPECT_EQ(date(first), "0000-01-01T00:00:00");
    EXPECT_EQ(date(last), "9999-12-31T23:59:59");
}

TEST(tai, random_moments_read_as_the_c_library_reads_them) {
    std::mt19937_64                              random{42};
    std::uniform_int_distribution<std::int64_t>  seconds{first, last};
    std::uniform_int_distribution<std::uint32_t> nanos{0, 999'999'999};
    for (int i = 0; i < 20'000; ++i) {
        const moment at{seconds(random), nanos(random)};
        ASSERT_EQ(text(stamp::iso, at), oracle(at, 'T')) << at.seconds;
        ASSERT_EQ(text(stamp::underscore, at), oracle(at, '_')) << at.seconds;
    }
}

TEST(tai, every_day_of_four_centuries_reads_as_the_c_library_reads_it) {
    constexpr std::int64_t day = 86'400;
    for (std::int64_t at = -5'364'662'400; at < 7'258'118'400; at += day) {
        ASSERT_EQ(text(stamp::iso, {at, 0}), oracle({at, 0}, 'T'));
        ASSERT_EQ(text(stamp::iso, {at - 1, 0}), oracle({at - 1, 0}, 'T'));
    }
}

TEST(tai, a_stamp_cuts_the_nanoseconds_and_does_not_round_them) {
    EXPECT_EQ(text(stamp::iso, {0, 999'999'999}), "1970-01-01T00:00:00.99999");
    EXPECT_EQ(text(stamp::iso, {0, 9'999}), "1970-01-01T00:00:00.00000");
    EXPECT_EQ(text(stamp::underscore, {0, 10'000}), "1970-01-01_00:00:00.00001");
}

TEST(tai, all_three_stamps_have_the_same_length) {
    for (const stamp form : {stamp::tai64n, stamp::underscore, stamp::iso})
        EXPECT_EQ(tai::write(form, {1'795'345'901, 1}).size(), tai::stamp_size);
    EXPECT_EQ(text(stamp::tai64n, {1, 2}), tai::label({1, 2}).view());
}

TEST(tai, what_is_written_is_read_again_as_far_as_the_form_says_it) {
    std::mt19937_64                              random{8};
    std::uniform_int_distribution<std::int64_t>  seconds{first, last}, any;
    std::uniform_int_distribution<std::uint32_t> nanos{0, 999'999'999};
    for (int i = 0; i < 20'000; ++i) {
        const moment at{seconds(random), nanos(random)}, cut{at.seconds, at.nanos / 10'000 * 10'000};
        ASSERT_EQ(tai::read(text(stamp::tai64n, at) + " a line"), at);
        ASSERT_EQ(tai::read(text(stamp::iso, at)), cut);
        ASSERT_EQ(tai::read(text(stamp::underscore, at)), cut);
        const moment far{any(random), at.nanos};
        ASSERT_EQ(tai::read(text(stamp::tai64n, far)), far);
    }
}

TEST(tai, what_is_no_stamp_is_not_read) {
    for (const char* no : {"",
                           "@",
                           "@400000006b02cdf70a5758b",
                           "@400000006b02cdf70a5758bg",
                           "@400000006B02CDF70A5758B4",
                           "400000006b02cdf70a5758b4 ",
                           "@400000006b02cdf73b9aca00",
                           "2026-11-22 11:11:41.17530",
                           "2026-11-22_11:11:41,17530",
                           "2026-13-22_11:11:41.17530",
                           "2026-00-22_11:11:41.17530",
                           "2026-11-31_11:11:41.17530",
                           "2026-11-00_11:11:41.17530",
                           "2023-02-29_11:11:41.17530",
                           "2026-11-22_24:11:41.17530",
                           "2026-11-22_11:60:41.17530",
                           "2026-11-22_11:11:60.17530",
                           "2026-11-22_11:11:41.1753x",
                           "2026-11-22_1x:11:41.17530",
                           "x026-11-22_11:11:41.17530"})
        EXPECT_EQ(tai::read(no), std::nullopt) << no;
    EXPECT_NE(tai::read("2024-02-29_23:59:59.99999"), std::nullopt);
}

}  // namespace
}  // namespace runwell
