#include "core/roster.hh"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "roster_world.hh"

namespace runwell {
namespace {

using namespace of_roster;

using names_list = std::vector<std::string>;

constexpr place web{1, 10}, db{1, 11}, other{1, 12};

TEST(roster, what_is_listed_is_started_at_once) {
    fixture f;
    f.sees("web", web);
    f.sees("db", db);
    f.all.settle();
    EXPECT_EQ(f.starts(5), (names_list{"web", "db"}));
    EXPECT_EQ(f.starts(6), names_list{});
    EXPECT_EQ(f.all.living(), 2U);
}

TEST(roster, what_is_still_being_filled_waits) {
    fixture           f;
    const std::size_t i = f.sees("web", web, 100);
    f.all.settle();
    EXPECT_EQ(f.starts(99), names_list{});
    EXPECT_EQ(f.all.next(), 100);
    f.all.postpone(i, 150);
    EXPECT_EQ(f.starts(149), names_list{});
    EXPECT_EQ(f.starts(150), names_list{"web"});
    EXPECT_EQ(f.all.next(), std::nullopt);
}

TEST(roster, what_comes_complete_after_all_does_not_wait) {
    fixture f;
    f.sees("web", web, 100);
    f.sees("web", web, 0);
    f.all.settle();
    EXPECT_EQ(f.starts(1), names_list{"web"});
}

TEST(roster, a_removed_service_is_told_once_and_forgotten_when_it_has_ended) {
    fixture f;
    f.sees("web", web);
    f.all.settle();
    f.starts(1);
    f.misses("web");
    f.all.settle();
    EXPECT_EQ(f.leaves(), names_list{"web"});
    EXPECT_EQ(f.leaves(), names_list{});
    EXPECT_EQ(f.all.living(), 1U);
    EXPECT_TRUE(f.all.ended(1010));
    EXPECT_EQ(f.taken(), 0U);
    EXPECT_EQ(f.starts(one_second * 9), names_list{});
}

TEST(roster, a_runsv_that_dies_is_started_again_but_not_within_one_second) {
    fixture f;
    f.sees("web", web);
    f.all.settle();
    f.starts(5);
    EXPECT_TRUE(f.all.ended(1010));
    EXPECT_EQ(f.starts(5 + one_second - 1), names_list{});
    EXPECT_EQ(f.all.next(), 5 + one_second);
    EXPECT_EQ(f.starts(5 + one_second), names_list{"web"});
    f.all.ended(1010);
    EXPECT_EQ(f.starts(5 + 9 * one_second), names_list{"web"});
}

TEST(roster, a_look_does_not_shorten_the_second) {
    fixture f;
    f.sees("web", web);
    f.all.settle();
    f.starts(5);
    f.all.ended(1010);
    f.sees("web", web);
    f.all.settle();
    EXPECT_EQ(f.starts(6), names_list{});
}

TEST(roster, a_stranger_that_ends_is_nobody) {
    fixture f;
    f.sees("web", web);
    f.all.settle();
    f.starts(1);
    EXPECT_FALSE(f.all.ended(4711));
    EXPECT_EQ(f.all.living(), 1U);
}

TEST(roster, two_names_of_one_directory_are_one_service) {
    fixture f;
    f.sees("web", web);
    f.sees("www", web);
    f.all.settle();
    EXPECT_EQ(f.starts(1), names_list{"web"});
    f.misses("web");
    f.all.settle();
    EXPECT_EQ(f.leaves(), names_list{});
    EXPECT_EQ(f.all.living(), 1U);
    f.all.ended(1010);
    EXPECT_EQ(f.starts(one_second * 2), names_list{"www"});
}

TEST(roster, a_renamed_service_keeps_its_runsv_and_its_second) {
    fixture f;
    f.sees("web", web);
    f.all.settle();
    f.starts(1);
    f.misses("web");
    f.sees("www", web);
    f.all.settle();
    EXPECT_EQ(f.leaves(), names_list{});
    EXPECT_EQ(f.starts(2), names_list{});
    f.all.ended(1010);
    EXPECT_EQ(f.starts(2), names_list{});
    EXPECT_EQ(f.starts(1 + one_second), names_list{"www"});
}

TEST(roster, a_replaced_directory_waits_for_the_end_of_what_was_there) {
    fixture f;
    f.sees("web", web);
    f.all.settle();
    f.starts(1);
    f.sees("web", other);
    f.all.settle();
    EXPECT_EQ(f.starts(2), names_list{});
    EXPECT_EQ(f.all.next(), std::nullopt);  // not a matter of time
    EXPECT_EQ(f.leaves(), names_list{"web"});
    EXPECT_EQ(f.starts(3), names_list{});
    f.all.ended(1010);
    EXPECT_EQ(f.starts(4), names_list{"web"});
    EXPECT_TRUE(f.all.ended(1012));
}

TEST(roster, a_directory_that_comes_back_waits_for_the_end_of_its_runsv) {
    fixture f;
    f.sees("web", web);
    f.all.settle();
    f.starts(1);
    f.misses("web");
    f.all.settle();
    f.leaves();
    f.sees("www", web);
    f.all.settle();
    EXPECT_EQ(f.starts(9 * one_second), names_list{});
    f.all.ended(1010);
    EXPECT_EQ(f.starts(9 * one_second), names_list{"www"});
}

TEST(roster, a_name_that_leads_nowhere_ends_what_it_led_to) {
    fixture           f;
    const std::size_t i = f.sees("web", web);
    f.all.settle();
    f.starts(1);
    f.all.leads_nowhere(i);
    f.all.settle();
    EXPECT_EQ(f.leaves(), names_list{"web"});
    EXPECT_EQ(f.starts(2), names_list{});
    f.all.leads_to(i, web, 0);
    f.all.settle();
    EXPECT_EQ(f.starts(3), names_list{});
    f.all.ended(1010);
    EXPECT_EQ(f.starts(4), names_list{"web"});
    EXPECT_EQ(f.taken(), 1U);
}

TEST(roster, two_services_can_change_names) {
    fixture f;
    f.sees("a", web);
    f.sees("b", db);
    f.all.settle();
    f.starts(1);
    f.sees("a", db);
    f.sees("b", web);
    f.all.settle();
    EXPECT_EQ(f.leaves(), names_list{});
    EXPECT_EQ(f.starts(2), names_list{});
    f.all.ended(1010);
    EXPECT_EQ(f.starts(1 + one_second), names_list{"b"});
}

TEST(roster, a_look_at_everything_finds_what_has_gone) {
    fixture f;
    f.sees("web", web);
    f.sees("db", db);
    f.all.settle();
    f.starts(1);
    f.all.begin_look();
    f.sees("db", db);
    EXPECT_FALSE(f.all[*f.all.find("web")].seen);
    EXPECT_TRUE(f.all[*f.all.find("db")].seen);
}

TEST(roster, what_another_holds_is_taken_over_when_it_is_released) {
    fixture           f;
    const std::size_t i = f.sees("web", web);
    f.all.settle();
    ASSERT_TRUE(f.all.may_start(i, 1));
    f.all.held_by_another(i, 7, 0);
    EXPECT_FALSE(f.all.may_start(i, 1));
    EXPECT_FALSE(f.all.must_look(i, one_second));
    EXPECT_EQ(f.all.next(), std::nullopt);
    EXPECT_EQ(f.all.signed_by(7), i);
    f.all.released(i);
    EXPECT_EQ(f.starts(1), names_list{"web"});
    EXPECT_EQ(f.all.signed_by(7), std::nullopt);
}

TEST(roster, without_a_sign_the_other_is_looked_at) {
    fixture           f;
    const std::size_t i = f.sees("web", web);
    f.all.settle();
    f.all.held_by_another(i, -1, 50);
    EXPECT_FALSE(f.all.must_look(i, 49));
    EXPECT_EQ(f.all.next(), 50);
    EXPECT_TRUE(f.all.must_look(i, 50));
    f.all.postpone(i, 90);
    EXPECT_FALSE(f.all.must_look(i, 89));
    f.all.released(i);
    EXPECT_EQ(f.starts(60), names_list{"web"});
}

TEST(roster, another_that_is_dismissed_is_waited_for) {
    fixture           f;
    const std::size_t i = f.sees("web", web);
    f.all.settle();
    f.all.held_by_another(i, 7, 0);
    f.misses("web");
    f.all.settle();
    EXPECT_EQ(f.leaves(), names_list{"web"});
    EXPECT_EQ(f.all.living(), 1U);
    f.sees("web", other);
    f.all.settle();
    EXPECT_EQ(f.starts(1), names_list{});
    f.all.released(*f.all.signed_by(7));
    EXPECT_EQ(f.starts(2), names_list{"web"});
}

TEST(roster, a_renamed_service_keeps_the_other_that_holds_it) {
    fixture           f;
    const std::size_t i = f.sees("web", web);
    f.all.settle();
    f.all.held_by_another(i, 7, 0);
    f.misses("web");
    f.sees("www", web);
    f.all.settle();
    EXPECT_EQ(f.leaves(), names_list{});
    EXPECT_EQ(f.all.name(*f.all.signed_by(7)), "www");
}

TEST(roster, at_the_end_all_leave_and_none_is_started) {
    fixture f;
    f.sees("a", web);
    f.sees("b", db);
    f.all.settle();
    f.starts(1);
    f.sees("c", other);
    f.all.leads_nowhere(f.all.list("d"));
    f.all.unlist_all();
    f.all.settle();
    EXPECT_EQ(f.leaves(), (names_list{"a", "b"}));
    EXPECT_EQ(f.starts(2), names_list{});
    EXPECT_EQ(f.taken(), 2U);
    f.all.ended(1010);
    f.all.ended(1011);
    EXPECT_EQ(f.taken(), 0U);
    EXPECT_EQ(f.all.living(), 0U);
}

TEST(roster, names_may_be_as_long_as_names_are) {
    fixture           f;
    const std::string longest(255, 'n'), sibling = longest.substr(1) + 'm';
    f.sees(longest, web);
    f.sees(sibling, db);
    f.all.settle();
    EXPECT_EQ(f.starts(1), (names_list{longest, sibling}));
    EXPECT_TRUE(f.all.find(longest));
    EXPECT_FALSE(f.all.find(longest.substr(1)));
}

TEST(roster, room_can_grow_while_services_run) {
    fixture f{2};
    f.sees("web", web);
    f.sees("db", db);
    f.all.settle();
    f.starts(1);
    EXPECT_EQ(f.all.room(), 0U);
    f.entries.resize(8);
    f.names.resize(8);
    f.all.give_room(f.entries, f.names);
    EXPECT_EQ(f.all.room(), 6U);
    f.sees("other", other);
    f.all.settle();
    EXPECT_EQ(f.starts(2), names_list{"other"});
    EXPECT_TRUE(f.all.ended(1011));
}

// -- any story --------------------------------------------------------------------------------------------------------

TEST(roster, in_any_story_every_directory_has_one_runsv_and_nothing_leaks) {
    for (unsigned seed = 0; seed < 3000 && !HasFailure(); ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937 random{seed};
        story{[&](int n) { return std::uniform_int_distribution<int>(0, n - 1)(random); }}.tell(60);
    }
}

}  // namespace
}  // namespace runwell
