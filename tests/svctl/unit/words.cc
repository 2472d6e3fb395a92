#include "svctl/words.hh"

#include <gtest/gtest.h>

#include <vector>

namespace runwell::svctl {
namespace {

const std::vector<std::string> commands{"list",    "status", "logs",   "top",    "watch",   "start", "stop",
                                        "restart", "kill",   "signal", "enable", "disable", "new",   "edit",
                                        "lint",    "reload", "cat",    "once",   "wait",    "help",  "try-restart"};

answer to(std::string_view word, std::vector<std::string> rest = {}) { return answer_to(word, rest, commands); }

TEST(words, a_command_has_other_names) {
    EXPECT_EQ(canonical("up"), "start");
    EXPECT_EQ(canonical("down"), "stop");
    EXPECT_EQ(canonical("condrestart"), "try-restart");
    EXPECT_EQ(canonical("list-units"), "list");
    EXPECT_EQ(canonical("web"), "web");
}

TEST(words, a_word_of_systemctl_is_answered_with_the_command_to_type) {
    EXPECT_EQ(to("mask", {"web"}).cure, "type: svctl disable web");
    EXPECT_EQ(to("mask").cure, "type: svctl disable NAME");
    EXPECT_EQ(to("show", {"a b"}).cure, "type: svctl status --json 'a b'");
    EXPECT_FALSE(to("mask", {"web"}).cause.empty());
}

TEST(words, what_needs_nothing_is_done) {
    EXPECT_TRUE(to("daemon-reload").is_done);
    EXPECT_FALSE(to("mask").is_done);
}

TEST(words, a_mistyped_word_is_the_nearest_command_with_its_arguments) {
    EXPECT_EQ(to("stauts", {"web"}).cure, "did you mean 'svctl status web'?");
    EXPECT_EQ(to("sotp", {"web"}).cure, "did you mean 'svctl stop web'?");
    EXPECT_EQ(to("lgos").cure, "did you mean 'svctl logs'?");
}

TEST(words, a_word_may_mean_a_command_that_is_spelt_otherwise) {
    EXPECT_EQ(to("tail", {"web"}).cure, "did you mean 'svctl logs web'?");
    EXPECT_EQ(to("remove", {"web"}).cure, "did you mean 'svctl disable web'?");
    EXPECT_EQ(to("journalctl").cure, "did you mean 'svctl logs'?");
}

TEST(words, the_service_before_the_command_is_the_other_way_round) {
    EXPECT_EQ(to("web", {"restart"}).cure, "the command comes first: svctl restart web");
    EXPECT_EQ(to("web", {"down"}).cure, "the command comes first: svctl stop web");
}

TEST(words, what_is_like_nothing_is_not_guessed) {
    EXPECT_EQ(to("xyzzyplugh").cure,
              "for a service of that name: svctl status xyzzyplugh; for the commands: svctl --help");
    EXPECT_EQ(to("\x1b[2J").cure, "see what there is: svctl --help");
}

TEST(words, options_of_systemctl_and_journalctl_are_explained) {
    EXPECT_FALSE(answer_to_option("--no-pager").empty());
    EXPECT_FALSE(answer_to_option("--type=service").empty());
    EXPECT_TRUE(answer_to_option("--nonsense").empty());
}

}  // namespace
}  // namespace runwell::svctl
