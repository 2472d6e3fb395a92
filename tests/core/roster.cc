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
    const std::size_t i = f.sees("web", web);
    f.all.still_changes(i, 1000, true, true);
    f.all.settle();
    constexpr ticks quiet = 1000 + roster::settles_in;
    EXPECT_EQ(f.starts(quiet - 1), names_list{});
    EXPECT_EQ(f.all.next(), quiet);
    f.all.still_changes(i, 2000, true, true);
    EXPECT_EQ(f.starts(quiet), names_list{});
    EXPECT_EQ(f.starts(2000 + roster::settles_in), names_list{"web"});
    EXPECT_EQ(f.all.next(), std::nullopt);
}

TEST(roster, what_has_no_run_or_cannot_be_watched_is_given_a_second) {
    for (const bool heard : {true, false}) {
        fixture f;
        f.all.still_changes(f.sees("web", web), 1000, heard, !heard);
        f.all.settle();
        EXPECT_EQ(f.all.next(), 1000 + one_second);
    }
}

TEST(roster, what_never_stops_changing_is_started_after_two_seconds) {
    fixture           f;
    const std::size_t i = f.sees("web", web);
    f.all.settle();
    ticks now = one_second;
    for (; now < 3 * one_second; now += one_second / 20) {
        f.all.still_changes(i, now, true, true);
        EXPECT_EQ(f.starts(now), names_list{}) << now;
    }
    EXPECT_EQ(f.starts(3 * one_second), names_list{"web"});
}

TEST(roster, what_comes_complete_after_all_does_not_wait) {
    fixture f;
    f.all.still_changes(f.sees("web", web), 100, true, true);
    f.sees("web", web);
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
    EXPECT_TRUE(f.ends(1010));
    EXPECT_EQ(f.taken(), 0U);
    EXPECT_EQ(f.starts(one_second * 9), names_list{});
}

TEST(roster, a_runsv_that_dies_is_started_again_but_not_within_one_second) {
    fixture f;
    f.sees("web", web);
    f.all.settle();
    f.starts(5);
    EXPECT_TRUE(f.dies(1010));
    EXPECT_EQ(f.starts(5 + one_second - 1), names_list{});
    EXPECT_EQ(f.all.next(), 5 + one_second);
    EXPECT_EQ(f.starts(5 + one_second), names_list{"web"});
    f.dies(1010);
    EXPECT_EQ(f.starts(5 + 9 * one_second), names_list{"web"});
}

TEST(roster, a_look_does_not_shorten_the_second) {
    fixture f;
    f.sees("web", web);
    f.all.settle();
    f.starts(5);
    f.dies(1010);
    f.sees("web", web);
    f.all.settle();
    EXPECT_EQ(f.starts(6), names_list{});
}

TEST(roster, a_stranger_that_ends_is_nobody) {
    fixture f;
    f.sees("web", web);
    f.all.settle();
    f.starts(1);
    EXPECT_FALSE(f.ends(4711));
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
    f.dies(1010);
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
    f.dies(1010);
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
    f.ends(1010);
    EXPECT_EQ(f.starts(4), names_list{"web"});
    EXPECT_TRUE(f.ends(1012));
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
    f.ends(1010);
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
    f.all.leads_to(i, web);
    f.all.settle();
    EXPECT_EQ(f.starts(3), names_list{});
    f.ends(1010);
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
    f.dies(1010);
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
    f.all.released(i, runsv_end::killed, 0);
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
    f.all.hangs_up_at(i, -1, 90);
    EXPECT_FALSE(f.all.must_look(i, 89));
    f.all.released(i, runsv_end::killed, 0);
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
    f.all.released(*f.all.signed_by(7), runsv_end::left, 1);
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
    f.ends(1010);
    f.ends(1011);
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
    EXPECT_TRUE(f.ends(1011));
}

// -- asked to leave ---------------------------------------------------------------------------------------------------

// "web", whose runsv was started at 1 and has left at two seconds because it was asked to.
struct rested : fixture {
    static constexpr ticks left_at = 2 * one_second, back_at = left_at + roster::rest;

    rested() {
        i = sees("web", web);
        all.settle();
        starts(1);
        ends(1010, runsv_end::left, left_at);
    }
    std::size_t i;
};

TEST(roster, a_runsv_that_was_asked_to_leave_is_followed_after_five_seconds) {
    rested f;
    EXPECT_EQ(f.all.next(), rested::back_at);
    EXPECT_EQ(f.starts(rested::back_at - 1), names_list{});
    EXPECT_EQ(f.starts(rested::back_at), names_list{"web"});
}

TEST(roster, one_that_is_asked_for_comes_at_once) {
    rested f;
    f.all.ask(f.i);
    EXPECT_EQ(f.starts(rested::left_at), names_list{"web"});
    f.ends(1010, runsv_end::left, rested::left_at + 1);
    f.all.ask_all();
    EXPECT_EQ(f.starts(rested::left_at + 2), names_list{"web"});
}

TEST(roster, a_change_in_its_directory_asks_once_it_is_quiet_and_never_delays) {
    rested f;
    f.all.stirs(f.i, rested::left_at + 5);
    EXPECT_EQ(f.all.next(), rested::left_at + 5 + roster::settles_in);
    f.all.stirs(f.i, rested::back_at - 1);
    EXPECT_EQ(f.all.next(), rested::back_at);
}

TEST(roster, to_ask_concerns_only_what_rests) {
    fixture           f;
    const std::size_t i = f.sees("web", web);
    f.all.settle();
    f.starts(5);
    f.all.ask(i);
    f.all.stirs(i, 6);
    f.dies(1010, 7);
    f.all.ask(i);
    f.all.stirs(i, 8);
    EXPECT_EQ(f.starts(4 + one_second), names_list{});
    EXPECT_EQ(f.starts(5 + one_second), names_list{"web"});
}

TEST(roster, a_removed_link_of_what_rests_starts_nothing_and_another_link_starts_it) {
    rested f;
    f.misses("web");
    f.all.settle();
    EXPECT_EQ(f.taken(), 0U);
    EXPECT_EQ(f.starts(9 * one_second), names_list{});

    rested g;
    g.misses("web");
    g.sees("www", web);
    g.all.settle();
    EXPECT_EQ(g.starts(rested::left_at), names_list{"www"});
}

TEST(roster, a_second_name_that_was_there_before_does_not_ask) {
    fixture f;
    f.sees("web", web);
    f.sees("www", web);
    f.all.settle();
    f.starts(1);
    f.ends(1010, runsv_end::left, 5);
    f.misses("web");
    f.all.settle();
    EXPECT_EQ(f.all.next(), 5 + roster::rest);
}

TEST(roster, a_foreign_runsv_that_was_asked_to_leave_is_followed_after_five_seconds_too) {
    fixture           f;
    const std::size_t i = f.sees("web", web);
    f.all.settle();
    f.all.held_by_another(i, 7, 0);
    f.all.released(i, runsv_end::left, 5);
    EXPECT_EQ(f.all.next(), 5 + roster::rest);
    f.all.ask(i);
    EXPECT_EQ(f.starts(6), names_list{"web"});
}

TEST(roster, one_that_failed_is_started_again_after_a_second) {
    fixture f;
    f.sees("web", web);
    f.all.settle();
    f.starts(5);
    f.ends(1010, runsv_end::failed, 6);
    EXPECT_EQ(f.starts(5 + one_second), names_list{"web"});
}

// -- what a killed runsv has left -------------------------------------------------------------------------------------

TEST(roster, a_link_removed_in_the_second_after_a_kill_starts_a_runsv_that_stops_the_service) {
    fixture f;
    f.sees("web", web);
    f.all.settle();
    f.starts(1);
    f.dies(1010, 2);
    f.misses("web");
    f.all.settle();
    EXPECT_EQ(f.stops(3), names_list{"web"});
    EXPECT_EQ(f.leaves(4), names_list{});
    f.ends(2010);
    EXPECT_EQ(f.taken(), 0U);
}

TEST(roster, a_runsv_killed_while_it_leaves_is_followed_by_one_that_stops_the_service) {
    fixture f;
    f.sees("web", web);
    f.all.settle();
    f.starts(1);
    f.all.unlist_all();
    f.all.settle();
    EXPECT_EQ(f.leaves(), names_list{"web"});
    f.dies(1010, 2);
    EXPECT_FALSE(f.all.empty());
    EXPECT_EQ(f.all.next(), 2);
    EXPECT_EQ(f.stops(2), names_list{"web"});
    f.ends(2010);
    EXPECT_TRUE(f.all.empty());
}

TEST(roster, three_that_could_not_stop_it_are_enough) {
    fixture f;
    f.sees("web", web);
    f.all.settle();
    f.starts(1);
    f.dies(1010, 2);
    f.all.unlist_all();
    f.all.settle();
    ticks now = 3 - one_second;
    for (int tries = 0; tries < roster::most_tries; ++tries) {
        now += one_second;
        if (tries != 0) {
            EXPECT_EQ(f.stops(now - 1), names_list{});
        }
        EXPECT_EQ(f.stops(now), names_list{"web"});
        f.ends(2010, tries == 0 ? runsv_end::failed : runsv_end::killed, now);
    }
    EXPECT_TRUE(f.all.empty());
}

TEST(roster, what_is_left_is_taken_over_when_the_directory_is_listed_again) {
    fixture f;
    f.sees("web", web);
    f.all.settle();
    f.starts(1);
    f.dies(1010, 2);
    f.misses("web");
    f.sees("www", web);
    f.all.settle();
    EXPECT_EQ(f.stops(9 * one_second), names_list{});
    EXPECT_EQ(f.starts(9 * one_second), names_list{"www"});
}

TEST(roster, a_foreign_runsv_that_was_killed_while_it_left_has_left_something_too) {
    fixture           f;
    const std::size_t i = f.sees("web", web);
    f.all.settle();
    f.all.held_by_another(i, 7, 0);
    f.misses("web");
    f.all.settle();
    f.leaves();
    f.all.released(*f.all.signed_by(7), runsv_end::killed, 3);
    EXPECT_EQ(f.stops(3), names_list{"web"});
    f.ends(2010);
    EXPECT_TRUE(f.all.empty());
}

// -- foreign runsv without a descriptor -------------------------------------------------------------------------------

TEST(roster, only_so_many_descriptors_are_kept) {
    fixture f;
    f.all.give_descriptors(1);
    const std::size_t a = f.sees("a", web), b = f.sees("b", db);
    f.all.settle();
    EXPECT_TRUE(f.all.may_keep_descriptor());
    f.all.held_by_another(a, 7, 0);
    EXPECT_FALSE(f.all.may_keep_descriptor());
    f.all.held_by_another(b, -1, roster::never);
    EXPECT_EQ(f.all.next(), std::nullopt);
    f.all.released(a, runsv_end::killed, 1);
    EXPECT_TRUE(f.all.may_keep_descriptor());
    f.all.hangs_up_at(b, 8, 0);
    EXPECT_FALSE(f.all.may_keep_descriptor());
    EXPECT_EQ(f.all.signed_by(8), b);
}

TEST(roster, one_that_cannot_be_told_yet_is_told_later) {
    fixture           f;
    const std::size_t i = f.sees("web", web);
    f.all.settle();
    f.all.held_by_another(i, -1, roster::never);
    f.misses("web");
    f.all.settle();
    EXPECT_TRUE(f.all.must_leave(i, 5));
    f.all.tell_later(i, 20);
    EXPECT_FALSE(f.all.must_leave(i, 19));
    EXPECT_EQ(f.all.next(), 20);
    EXPECT_EQ(f.leaves(20), names_list{"web"});
    EXPECT_EQ(f.all.next(), std::nullopt);
    EXPECT_FALSE(f.all.empty());
}

TEST(roster, one_that_cannot_be_reached_any_more_is_forgotten) {
    fixture           f;
    const std::size_t i = f.sees("web", web);
    f.sees("db", db);
    f.all.settle();
    f.all.held_by_another(i, -1, roster::never);
    f.misses("web");
    f.all.settle();
    f.all.lost(i);
    f.sees("web", other);
    f.all.settle();
    EXPECT_EQ(f.starts(1), (names_list{"web", "db"}));
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
