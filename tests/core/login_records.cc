#include "core/login_records.hh"

#include <gtest/gtest.h>
#include <utmp.h>

#include <bit>
#include <cstring>
#include <string>

using namespace runwell;

namespace {

utmp login(const char* line, const char* user) {
    utmp entry{};
    entry.ut_type = USER_PROCESS;
    entry.ut_pid  = 42;
    std::strncpy(entry.ut_line, line, sizeof entry.ut_line);
    std::strncpy(entry.ut_id, "t1", sizeof entry.ut_id);
    std::strncpy(entry.ut_user, user, sizeof entry.ut_user);
    std::strncpy(entry.ut_host, "host", sizeof entry.ut_host);
    entry.ut_session     = 7;
    entry.ut_tv.tv_sec   = 5;
    entry.ut_tv.tv_usec  = 6;
    entry.ut_addr_v6[3]  = 8;
    entry.ut_exit.e_exit = 9;
    return entry;
}

login_records::record of(const utmp& entry) { return std::bit_cast<login_records::record>(entry); }
utmp                  back(const login_records::record& entry) { return std::bit_cast<utmp>(entry); }

}  // namespace

TEST(login_records, a_record_has_the_size_of_the_c_library) { EXPECT_EQ(sizeof(utmp), login_records::record_size); }

TEST(login_records, a_login_is_a_line_with_a_user) {
    EXPECT_TRUE(login_records::is_login(of(login("tty1", "joe")), "tty1"));
    EXPECT_FALSE(login_records::is_login(of(login("tty1", "")), "tty1"));
    EXPECT_FALSE(login_records::is_login(of(login("tty1", "joe")), "tty"));
    EXPECT_FALSE(login_records::is_login(of(login("tty1", "joe")), "tty10"));
    EXPECT_FALSE(login_records::is_login(of(login("tty1", "joe")), ""));
}

TEST(login_records, a_line_may_fill_its_field_and_not_more) {
    const std::string full(32, 'x');
    EXPECT_TRUE(login_records::is_line(full));
    EXPECT_FALSE(login_records::is_line(full + "x"));
    EXPECT_TRUE(login_records::is_login(of(login(full.c_str(), "joe")), full));
    EXPECT_FALSE(login_records::is_login(of(login(full.c_str(), "joe")), full + "x"));
}

TEST(login_records, the_type_of_a_login_does_not_matter) {
    utmp entry    = login("tty1", "joe");
    entry.ut_type = LOGIN_PROCESS;
    EXPECT_TRUE(login_records::is_login(of(entry), "tty1"));
}

TEST(login_records, logging_out_clears_who_and_leaves_which_process) {
    auto entry = of(login("tty1", "joe"));
    login_records::log_out(entry, {1234567890, 999});
    utmp expected    = login("tty1", "");
    expected.ut_type = DEAD_PROCESS;
    std::memset(expected.ut_host, 0, sizeof expected.ut_host);
    expected.ut_tv.tv_sec = 1234567890;
    const utmp is         = back(entry);
    EXPECT_EQ(std::memcmp(&is, &expected, sizeof is), 0);
}

TEST(login_records, a_logout_for_wtmp_is_a_line_and_a_time) {
    const utmp is = back(login_records::logout_of("tty1", {1234567890, 0}));
    utmp       expected{};
    expected.ut_type = DEAD_PROCESS;
    std::strncpy(expected.ut_line, "tty1", sizeof expected.ut_line);
    expected.ut_tv.tv_sec = 1234567890;
    EXPECT_EQ(std::memcmp(&is, &expected, sizeof is), 0);
}

TEST(login_records, the_time_goes_on_after_2038) {
    const utmp is = back(login_records::logout_of("tty1", {4000000000, 0}));
    EXPECT_EQ(static_cast<std::uint32_t>(is.ut_tv.tv_sec), 4000000000U);
}
