#include "svctl/since.hh"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace runwell::svctl {
namespace {

// 2026-11-22 11:11:41.175298740 UTC, a Sunday; 12:11:41 in Berlin.
constexpr moment now{1'795'345'901, 175'298'740};

class since : public ::testing::Test {
protected:
    void        SetUp() override { zone("Europe/Berlin"); }
    void        TearDown() override { zone("UTC"); }
    static void zone(const char* name) {
        ::setenv("TZ", name, 1);
        ::tzset();
    }
    // The typed text, as UTC.
    static std::string utc(std::string_view text) {
        const auto at = moment_of(text, now);
        return at ? utc_stamp(*at) : "none";
    }
};

TEST_F(since, a_span_is_so_long_ago) {
    EXPECT_EQ(utc("10m"), "2026-11-22T11:01:41.175298740Z");
    EXPECT_EQ(utc("90s"), "2026-11-22T11:10:11.175298740Z");
    EXPECT_EQ(utc("2h30m"), "2026-11-22T08:41:41.175298740Z");
    EXPECT_EQ(utc("3d"), "2026-11-19T11:11:41.175298740Z");
    EXPECT_EQ(utc("1w"), "2026-11-15T11:11:41.175298740Z");
    EXPECT_EQ(utc("0s"), utc("now"));
}

TEST_F(since, a_span_may_be_in_words) {
    for (const char* text : {"10 min ago", "-10m", "10 minutes", "10min ago", "600 seconds ago", "5m 300 sec ago"})
        EXPECT_EQ(utc(text), "2026-11-22T11:01:41.175298740Z") << text;
    EXPECT_EQ(utc("2 hours 30 minutes ago"), utc("2h30m"));
    EXPECT_EQ(utc("1 day ago"), utc("1d"));
    for (const char* text : {"ago", " ago", "5 ago", "5 mi", "5 minutesx ago", "min ago", "-", "--5m", "5 months ago"})
        EXPECT_EQ(utc(text), "none") << text;
}

TEST_F(since, a_date_is_local_unless_it_ends_in_z) {
    EXPECT_EQ(utc("2026-11-22"), "2026-11-21T23:00:00.000000000Z");
    EXPECT_EQ(utc("2026-11-22 10:00"), "2026-11-22T09:00:00.000000000Z");
    EXPECT_EQ(utc("2026-11-22T10:00:30"), "2026-11-22T09:00:30.000000000Z");
    EXPECT_EQ(utc("2026-11-22T10:00:30Z"), "2026-11-22T10:00:30.000000000Z");
    EXPECT_EQ(utc("2026-07-01 10:00"), "2026-07-01T08:00:00.000000000Z") << "summer";
}

TEST_F(since, a_time_of_day_is_the_last_one) {
    EXPECT_EQ(utc("10:00"), "2026-11-22T09:00:00.000000000Z");
    EXPECT_EQ(utc("12:11:41"), "2026-11-22T11:11:41.000000000Z");
    EXPECT_EQ(utc("12:11:42"), "2026-11-21T11:11:42.000000000Z") << "still to come today";
}

TEST_F(since, days_begin_at_midnight) {
    EXPECT_EQ(utc("today"), "2026-11-21T23:00:00.000000000Z");
    EXPECT_EQ(utc("yesterday"), "2026-11-20T23:00:00.000000000Z");
}

TEST_F(since, stamps_of_a_log_are_in_utc) {
    EXPECT_EQ(utc("@400000006b02cdf70a72d8b4"), "2026-11-22T11:11:41.175298740Z");
    EXPECT_EQ(utc("2026-11-22_11:11:41.17530"), "2026-11-22T11:11:41.175300000Z");
    EXPECT_EQ(utc("2026-11-22T11:11:41.17530"), "2026-11-22T11:11:41.175300000Z");
}

TEST_F(since, what_is_no_moment_is_refused) {
    for (const char* no : {"",
                           " ",
                           "10",
                           "m",
                           "10x",
                           "10mm",
                           "h10",
                           "2026",
                           "2026-11",
                           "2026-13-01",
                           "2026-11-31",
                           "2026-02-29",
                           "2026-11-22 ",
                           "2026-11-22 25:00",
                           "2026-11-22 10",
                           "24:00",
                           "10:60",
                           "1:00",
                           "2026-11-22Z",
                           "tomorrow",
                           "@400000006b02cdf70a72d8b",
                           "99999999999999999999w"})
        EXPECT_EQ(utc(no), "none") << no;
}

TEST_F(since, a_stamp_is_shown_in_local_time) {
    EXPECT_EQ(local_stamp(now), "2026-11-22 12:11:41.175");
    EXPECT_EQ(utc_stamp({0, 1}), "1970-01-01T00:00:00.000000001Z");
}

}  // namespace
}  // namespace runwell::svctl
