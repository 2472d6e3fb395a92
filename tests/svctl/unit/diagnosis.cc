#include "svctl/diagnosis.hh"

#include <gtest/gtest.h>

namespace runwell::svctl {
namespace {

using list = std::vector<std::string>;

TEST(diagnosis, complaints_are_those_about_the_service_itself) {
    constexpr std::string_view title =
        "runsvdir -P /etc/service log: ...art ./run: access denied\n"
        "runsv web: fatal: unable to start ./run: access denied\n"
        "runsv web-2: warning: something\n"
        "runsvdir /etc/service: warning: unable to start runsv web: temporary failure\n";
    EXPECT_EQ(complaints_about(title, "web"),
              (list{"runsv web: fatal: unable to start ./run: access denied",
                    "runsvdir /etc/service: warning: unable to start runsv web: temporary failure"}));
    EXPECT_EQ(complaints_about(title, "web-2"), list{"runsv web-2: warning: something"});
    EXPECT_TRUE(complaints_about(title, "db").empty());
    EXPECT_TRUE(complaints_about("runsvdir -P /etc/service", "web").empty());
}

TEST(diagnosis, who_holds_a_lock_is_told_from_who_waits_for_it) {
    constexpr std::string_view locks =
        "1: FLOCK  ADVISORY  WRITE 4711 00:2d:123456 0 EOF\n"
        "1: -> FLOCK  ADVISORY  WRITE 4712 00:2d:123456 0 EOF\n"
        "2: POSIX  ADVISORY  WRITE 4713 08:01:123456 0 EOF\n"
        "3: FLOCK  ADVISORY  WRITE 0 00:2d:123456 0 EOF\n"
        "nonsense\n";
    EXPECT_EQ(lock_holders(locks, 0, 0x2d, 123456), std::vector<int>{4711});
    EXPECT_EQ(lock_holders(locks, 8, 1, 123456), std::vector<int>{4713});
    EXPECT_TRUE(lock_holders(locks, 8, 1, 5).empty());
    EXPECT_TRUE(lock_holders("", 0, 0, 0).empty());
}

}  // namespace
}  // namespace runwell::svctl
