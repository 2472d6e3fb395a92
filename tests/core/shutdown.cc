#include "core/shutdown.hh"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace runwell {
namespace {

using words = std::vector<const char*>;

TEST(shutdown, its_names_take_the_letters_of_their_pages_and_a_time) {
    struct row {
        const char*   program;
        words         arguments;
        ending        how;
        bool          force;
        std::uint64_t delay;
        words         message;
    };
    const row rows[] = {
        {"shutdown", {"now"}, ending::power_off, false, 0, {}},
        {"shutdown", {"-h", "now"}, ending::power_off, false, 0, {}},
        {"shutdown", {"-P"}, ending::power_off, false, 0, {}},
        {"shutdown", {"-p"}, ending::power_off, false, 0, {}},
        {"shutdown", {"-H", "now"}, ending::halt, false, 0, {}},
        {"shutdown", {"-rf", "+5"}, ending::reboot, true, 5, {}},
        {"shutdown", {"-r", "-f", "5", "a", "disk", "-x"}, ending::reboot, true, 5, {"a", "disk", "-x"}},
        {"shutdown", {"-rH", "525600"}, ending::halt, false, 525600, {}},
        {"shutdown", {"-Hrh", "0", ""}, ending::power_off, false, 0, {""}},
        {"halt", {}, ending::halt, false, 0, {}},
        {"halt", {"-f"}, ending::halt, true, 0, {}},
        {"halt", {"-p"}, ending::power_off, false, 0, {}},
        {"poweroff", {}, ending::power_off, false, 0, {}},
        {"reboot", {}, ending::reboot, false, 0, {}},
        {"reboot", {"-f", "+1", "disk"}, ending::reboot, true, 1, {"disk"}},
    };
    for (const row& one : rows) {
        SCOPED_TRACE(one.program + testing::PrintToString(one.arguments));
        const auto asked = shutdown_request_of(one.program, one.arguments);
        ASSERT_TRUE(asked);
        EXPECT_EQ(asked->how, one.how);
        EXPECT_EQ(asked->force, one.force);
        EXPECT_EQ(asked->delay, one.delay);
        EXPECT_EQ(std::vector<std::string>(asked->message.begin(), asked->message.end()),
                  std::vector<std::string>(one.message.begin(), one.message.end()));
    }
}

TEST(shutdown, what_is_not_understood_is_no_request) {
    for (const words& one : {words{}, words{"-x", "now"}, words{"-hx"}, words{"tomorrow"}, words{"-"}, words{"-h", "-"},
                             words{"--", "now"}, words{"-h", "--", "now"}, words{"--help"}, words{"+525601"},
                             words{"+"}, words{"+-1"}, words{"12:00"}, words{""}, words{"5x"}})
        EXPECT_FALSE(shutdown_request_of("shutdown", one)) << testing::PrintToString(one);
    for (const char* const program : {"halt", "poweroff", "reboot"})
        for (const words& one : {words{"-x"}, words{"-"}, words{"--"}, words{"12:00x"}})
            EXPECT_FALSE(shutdown_request_of(program, one)) << program << testing::PrintToString(one);
}

TEST(shutdown, users_are_told_at_first_and_then_the_more_often_the_less_is_left) {
    std::vector<std::uint64_t> told;
    for (std::uint64_t left = 77; left > 0; --left)
        if (is_announced(left, 77)) told.push_back(left);
    EXPECT_EQ(told, (std::vector<std::uint64_t>{77, 60, 30, 15, 10, 5, 4, 3, 2, 1}));
}

TEST(shutdown, telinit_knows_these_levels_and_each_alone) {
    EXPECT_EQ(level_of(words{"0"}), level::power_off);
    EXPECT_EQ(level_of(words{"6"}), level::reboot);
    for (const char* const one : {"1", "s", "S"}) EXPECT_EQ(level_of(words{one}), level::single);
    for (const char* const one : {"q", "Q"}) EXPECT_EQ(level_of(words{one}), level::look);
    for (const words& one : {words{}, words{""}, words{"9"}, words{"00"}, words{"0", "6"}, words{"-0"}})
        EXPECT_FALSE(level_of(one)) << testing::PrintToString(one);
}

TEST(shutdown, runit_init_looks_at_the_first_letter_alone) {
    EXPECT_EQ(ending_of_init(words{"0"}), ending::power_off);
    EXPECT_EQ(ending_of_init(words{"6", "x"}), ending::reboot);
    EXPECT_EQ(ending_of_init(words{"06"}), ending::power_off);
    for (const words& one : {words{}, words{""}, words{"1"}, words{"-0"}, words{"-V"}})
        EXPECT_FALSE(ending_of_init(one)) << testing::PrintToString(one);
}

}  // namespace
}  // namespace runwell
