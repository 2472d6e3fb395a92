#include "core/advice.hh"

#include <gtest/gtest.h>

#include <string>

namespace runwell {
namespace {

using failure  = circumstances::failure;
using run_file = circumstances::run_file;

TEST(advice, a_missing_directory_is_a_wrong_name_a_missing_link_or_a_wrong_svdir) {
    EXPECT_EQ(advise({.what = failure::no_directory}), advice::list_services);
    EXPECT_EQ(advise({.what = failure::no_directory, .has_near_name = true}), advice::correct_name);
    EXPECT_EQ(advise({.what = failure::no_directory, .has_near_name = true, .is_available = true}),
              advice::link_available);
    EXPECT_EQ(advise({.what = failure::no_directory, .has_services_dir = false}), advice::set_svdir);
    EXPECT_EQ(advise({.what = failure::no_directory, .has_services_dir = false, .has_other_dir = true}),
              advice::other_svdir);
}

TEST(advice, a_missing_runsv_is_a_missing_runsvdir_or_a_slow_one) {
    EXPECT_EQ(advise({.what = failure::no_runsv}), advice::await_runsvdir);
    EXPECT_EQ(advise({.what = failure::no_runsv, .has_runsvdir = false}), advice::start_runsvdir);
}

TEST(advice, a_path_that_is_nowhere_linked_is_linked_and_no_runsvdir_started_on_what_is_around_it) {
    EXPECT_EQ(advise({.what = failure::no_runsv, .has_runsvdir = false, .is_linked = false}), advice::link_it);
    EXPECT_EQ(advise({.what = failure::no_runsv, .has_services_dir = false, .has_runsvdir = false, .is_linked = false}),
              advice::start_runsv);
}

TEST(advice, who_is_refused_is_not_root) {
    EXPECT_EQ(advise({.what = failure::refused, .root = false}), advice::become_root);
    EXPECT_EQ(advise({.what = failure::refused, .root = true}), advice::none);
}

TEST(advice, a_service_that_does_not_start_has_a_bad_run) {
    EXPECT_EQ(advise({.what = failure::timed_out, .run = run_file::missing}), advice::write_run);
    EXPECT_EQ(advise({.what = failure::timed_out, .run = run_file::not_executable}), advice::make_executable);
    EXPECT_EQ(advise({.what = failure::timed_out}), advice::none);
}

TEST(advice, a_service_that_runs_but_is_not_ready_has_a_check_that_says_no) {
    EXPECT_EQ(advise({.what = failure::timed_out, .runs = true, .has_check = true}), advice::ask_check);
    EXPECT_EQ(advise({.what = failure::timed_out, .runs = true}), advice::none);
    EXPECT_EQ(advise({.what = failure::timed_out, .has_check = true}), advice::none);
}

TEST(advice, a_service_that_ignores_term_can_be_killed) {
    EXPECT_EQ(advise({.what = failure::timed_out, .got_term = true}), advice::force_it);
    EXPECT_EQ(advise({.what = failure::timed_out, .got_term = true, .killed = true}), advice::none);
}

TEST(advice, there_is_none_for_what_is_not_understood) { EXPECT_EQ(advise({}), advice::none); }

constexpr advice_subject web{
    .service = "web", .path = "/etc/service/web", .services = "/etc/service", .command = "restart", .other = "web2"};

TEST(advice, names_the_cause_and_the_cure) {
    const advice_lines text = words(advice::start_runsvdir, web);
    EXPECT_EQ(text.cause.view(), "no runsvdir looks after /etc/service");
    EXPECT_EQ(text.cure.view(), "start one: runsvdir -P /etc/service &");
    EXPECT_TRUE(words(advice::none, web).cause.empty());
    for (int each = 1; each <= static_cast<int>(advice::force_it); ++each) {
        const advice_lines some = words(static_cast<advice>(each), web);
        EXPECT_FALSE(some.cause.empty()) << each;
        EXPECT_FALSE(some.cure.empty()) << each;
        for (const char* place : {"$name", "$path", "$sv", "$dir", "$command", "$other"})
            EXPECT_EQ(some.cure.view().find(place), std::string_view::npos) << some.cure.view();
    }
}

TEST(advice, a_near_name_is_offered_with_the_command) {
    EXPECT_EQ(words(advice::correct_name, web).cure.view(), "did you mean web2? sv restart web2");
    advice_subject elsewhere = web;
    elsewhere.path           = "/srv/web2";
    elsewhere.by_path        = true;
    EXPECT_EQ(words(advice::correct_name, elsewhere).cure.view(), "did you mean web2? sv restart /srv/web2");
}

TEST(advice, a_cure_is_quoted_for_a_shell_and_its_cause_is_not) {
    advice_subject odd      = web;
    odd.service             = "it's";
    odd.path                = "/srv/it's";
    const advice_lines text = words(advice::make_executable, odd);
    EXPECT_EQ(text.cause.view(), "it's/run is not executable");
    EXPECT_EQ(text.cure.view(), "make it so: chmod +x '/srv/it'\\''s'/run");
}

TEST(advice, is_cut_where_names_are_endless) {
    const std::string    endless(5000, 'x');
    const advice_subject all{endless, endless, endless, endless, endless};
    for (int each = 0; each <= static_cast<int>(advice::force_it); ++each) {
        const advice_lines text = words(static_cast<advice>(each), all);
        EXPECT_LE(text.cause.size(), 400U);
        EXPECT_LE(text.cure.size(), 400U);
    }
}

}  // namespace
}  // namespace runwell
