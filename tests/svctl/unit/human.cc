#include "svctl/human.hh"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace runwell::svctl {
namespace {

TEST(human, a_duration_has_two_units_at_most) {
    EXPECT_EQ(duration(-5), "0s");
    EXPECT_EQ(duration(0), "0s");
    EXPECT_EQ(duration(59), "59s");
    EXPECT_EQ(duration(60), "1m00s");
    EXPECT_EQ(duration(3599), "59m59s");
    EXPECT_EQ(duration(3600), "1h00m");
    EXPECT_EQ(duration(86399), "23h59m");
    EXPECT_EQ(duration(86400), "1d00h");
    EXPECT_EQ(duration(365 * 86400 - 1), "364d23h");
    EXPECT_EQ(duration(365 * 86400), "1y0d");
    EXPECT_EQ(duration(400 * 86400), "1y35d");
}

TEST(human, bytes_keep_two_digits_or_more) {
    EXPECT_EQ(bytes(0), "0");
    EXPECT_EQ(bytes(999), "999");
    EXPECT_EQ(bytes(1000), "1.0K");
    EXPECT_EQ(bytes(831488), "812K");
    EXPECT_EQ(bytes(1468006), "1.4M");
    EXPECT_EQ(bytes(24117248), "23M");
    EXPECT_EQ(bytes(1288490189), "1.2G");
    EXPECT_EQ(bytes(~std::uint64_t{0}), "16E");
}

TEST(human, time_of_a_processor_is_exact_while_it_is_short) {
    EXPECT_EQ(cpu_time(-1), "0.00s");
    EXPECT_EQ(cpu_time(0.04), "0.04s");
    EXPECT_EQ(cpu_time(9.99), "9.99s");
    EXPECT_EQ(cpu_time(12.34), "12.3s");
    EXPECT_EQ(cpu_time(61), "1m01s");
}

TEST(human, times_are_told_in_the_time_zone_of_the_person_and_to_programs_in_utc) {
    ::setenv("TZ", "XYZ-2", 1);
    ::tzset();
    const moment at{1'795'000'000, 175'999'999};
    EXPECT_EQ(local_time(at), "2026-11-18 13:06:40");
    EXPECT_EQ(local_time(at, true), "2026-11-18 13:06:40 XYZ");
    EXPECT_EQ(iso_time(at), "2026-11-18T11:06:40.175Z");
    ::unsetenv("TZ");
    ::tzset();
}

TEST(human, a_moment_that_no_calendar_has_is_no_crash) {
    EXPECT_EQ(local_time({INT64_MAX, 0}), "?");
    EXPECT_EQ(iso_time({INT64_MIN, 0}), "?");
}

TEST(human, names_are_as_far_apart_as_the_letters_to_type) {
    EXPECT_EQ(distance("", ""), 0u);
    EXPECT_EQ(distance("web", "web"), 0u);
    EXPECT_EQ(distance("web", "we"), 1u);
    EXPECT_EQ(distance("nginx", "ngnix"), 1u);  // two swapped
    EXPECT_EQ(distance("", "abc"), 3u);
}

TEST(human, one_is_not_many) {
    EXPECT_EQ(counted(1, "service"), "1 service");
    EXPECT_EQ(counted(0, "service"), "0 services");
    EXPECT_EQ(counted(2, "process"), "2 processes");
    EXPECT_EQ(counted(1, "service", "has", "have"), "1 service has");
    EXPECT_EQ(counted(3, "service", "has", "have"), "3 services have");
}

}  // namespace
}  // namespace runwell::svctl
