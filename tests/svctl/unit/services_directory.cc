#include "svctl/services_directory.hh"

#include <gtest/gtest.h>

#include "svctl/errors.hh"

namespace runwell::svctl {
namespace {

using list = std::vector<std::string>;

const list services{"a*", "ab", "db", "nginx", "web-1", "web-2", "x[1]"};

list select(const list& words) {
    return select_names(
        words, services, [](const std::string& name) { return name.starts_with("web"); }, "/srv");
}

// The failure that the words end in.
failure refusal(const list& words) {
    try {
        select(words);
    } catch (const failure& why) {
        return why;
    }
    return {exit_code::good, "it was accepted"};
}

TEST(tree, a_name_is_a_service) { EXPECT_EQ(select({"db"}), list{"db"}); }

TEST(tree, a_pattern_is_all_that_match_in_their_order) {
    EXPECT_EQ(select({"web-*"}), (list{"web-1", "web-2"}));
    EXPECT_EQ(select({"[dn]*"}), (list{"db", "nginx"}));
    EXPECT_EQ(select({"*"}), services);
}

TEST(tree, words_keep_their_order_and_each_service_is_named_once) {
    EXPECT_EQ(select({"web-2", "web-*", "db", "web-1"}), (list{"web-2", "web-1", "db"}));
}

TEST(tree, a_log_service_is_named_after_its_service) {
    EXPECT_EQ(select({"web-1/log"}), list{"web-1/log"});
    EXPECT_EQ(select({"*/log"}), (list{"web-1/log", "web-2/log"}));
    EXPECT_EQ(refusal({"db/log"}).code(), exit_code::not_found);
}

TEST(tree, no_name_leaves_the_directory) {
    for (const char* word : {"", ".", "..", "../db", "/etc/sv/db", "db/..", "db/", "db/log/..", "/log", "./db",
                             ".hidden", "a/b/log", "../x/log"}) {
        EXPECT_EQ(refusal({word}).code(), exit_code::usage) << word;
    }
}

TEST(tree, a_name_that_is_not_there_gets_a_suggestion) {
    const failure why = refusal({"ngnix"});
    EXPECT_EQ(why.code(), exit_code::not_found);
    EXPECT_EQ(why.cause(), "'ngnix': no such service in /srv");
    EXPECT_EQ(why.cure(), "did you mean 'nginx'?");
    EXPECT_EQ(refusal({"ng"}).cure(), "did you mean 'nginx'?");
    EXPECT_EQ(refusal({"something"}).cure(), "see what there is: svctl list");
}

TEST(tree, a_name_may_end_as_systemctl_ends_it) {
    EXPECT_EQ(select({"db.service"}), list{"db"});
    EXPECT_EQ(select({"web-*.service"}), (list{"web-1", "web-2"}));
    EXPECT_EQ(refusal({"dc.service"}).code(), exit_code::not_found);
}

TEST(tree, a_pattern_for_nothing_is_a_failure) { EXPECT_EQ(refusal({"q*"}).code(), exit_code::not_found); }

TEST(tree, one_wrong_word_among_others_and_nothing_is_selected) {
    EXPECT_EQ(refusal({"db", "dc", "web-1"}).code(), exit_code::not_found);
}

TEST(tree, a_word_that_means_two_things_means_nothing) {
    EXPECT_EQ(refusal({"a*"}).code(), exit_code::usage);  // that service, or ab too?
    EXPECT_EQ(select({"a\\*"}), list{"a*"});
    EXPECT_EQ(select({"x[1]"}), list{"x[1]"});  // as a pattern it is for x1, which is not there
}

TEST(tree, a_control_character_in_a_name_is_spelt_out) {
    EXPECT_EQ(refusal({"a\x1b[2J"}).cause().find('\x1b'), std::string_view::npos);
}

}  // namespace
}  // namespace runwell::svctl
