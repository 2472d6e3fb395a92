#include "svctl/priority.hh"

#include <gtest/gtest.h>

namespace runwell::svctl {
namespace {

TEST(priority, a_line_of_socklog_has_one) {
    EXPECT_EQ(priority_of("daemon.err: cannot bind"), 3);
    EXPECT_EQ(priority_of("local0.warn: x"), 4);
    EXPECT_EQ(priority_of("kern.info: x"), 6);
}

TEST(priority, so_has_one_with_a_number_in_front) {
    EXPECT_EQ(priority_of("<3>cannot bind"), 3);
    EXPECT_EQ(priority_of("<30>x"), 6);  // daemon.info
}

TEST(priority, what_a_service_writes_has_none) {
    for (const char* line : {"", "error: x", "a.b: x", "daemon.err x", "daemon.: x", ".err: x", "<x>y", "<3y", "<>",
                             "Daemon.err: x", "www.err.com: x"})
        EXPECT_EQ(priority_of(line), std::nullopt) << line;
}

TEST(priority, it_is_named_by_a_word_or_a_number) {
    EXPECT_EQ(priority_named("err"), 3);
    EXPECT_EQ(priority_named("error"), 3);
    EXPECT_EQ(priority_named("7"), 7);
    EXPECT_EQ(priority_named("8"), std::nullopt);
    EXPECT_EQ(priority_named("grave"), std::nullopt);
    EXPECT_EQ(priority_names(), "emerg, alert, crit, err, warning, notice, info, debug");
}

}  // namespace
}  // namespace runwell::svctl
