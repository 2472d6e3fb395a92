#include "core/succession.hh"

#include <gtest/gtest.h>

#include <deque>
#include <set>
#include <vector>

#include "pair_world.hh"

namespace runwell {
namespace {

using kind = event::kind;

// Now: the machine has run for longer than the monotonic clock says, for it has slept.
constexpr present now{.monotonic = begin_at, .boot = begin_at + 70 * one_second, .wall = {5000, 200'000'000}};

// The service was started twelve and a half seconds ago.
constexpr ticks born = now.boot - 25 * one_second / 2;

remains running() {
    return {.said          = {.since = {4987, 1}, .pid = 77, .now = phase::run},
            .process       = birth{'r', 77, born},
            .process_lives = true};
}

TEST(succession, what_runs_goes_on) {
    remains of       = running();
    of.said.paused   = true;
    of.said.got_term = true;
    const auto left  = inherit(of, false, now);
    EXPECT_FALSE(left.first);
    EXPECT_EQ(left.life.now, phase::run);
    EXPECT_TRUE(left.life.alive);
    EXPECT_TRUE(left.life.paused);
    EXPECT_TRUE(left.life.got_term);
    EXPECT_EQ(left.life.wanted, want::up);
    EXPECT_EQ(left.life.since, (moment{4987, 1}));
    EXPECT_EQ(left.life.started, now.monotonic - 25 * one_second / 2) << "by the clock of the machine";
}

TEST(succession, a_wish_survives) {
    remains of     = running();
    of.said.wanted = want::down;
    EXPECT_EQ(inherit(of, false, now).life.wanted, want::down);
    of.leaving = true;
    EXPECT_EQ(inherit(of, false, now).life.wanted, want::exit);
    const remains down{.said = {.since = {4000, 0}, .wanted = want::down}};
    EXPECT_EQ(inherit(down, false, now).life.wanted, want::down);
    EXPECT_EQ(inherit(down, false, now).life.since, (moment{4000, 0}));
    EXPECT_TRUE(at_rest(inherit(down, false, now).life));
}

TEST(succession, a_start_that_was_not_published_is_told_from_its_birth) {
    remains of     = running();
    of.said        = {.since = {1, 0}, .pid = 0, .paused = true, .now = phase::down};
    const auto run = inherit(of, false, now).life;
    EXPECT_EQ(run.now, phase::run);
    EXPECT_FALSE(run.paused) << "that was another one";
    EXPECT_EQ(run.since, (moment{4987, 700'000'000}));
}

TEST(succession, an_end_that_nobody_saw_is_told_with_an_unknown_status) {
    remains of       = running();
    of.process_lives = false;
    const auto left  = inherit(of, false, now);
    ASSERT_TRUE(left.first);
    EXPECT_EQ(left.first->what, kind::ended);
    EXPECT_EQ(left.first->status, unknown_status);
    EXPECT_TRUE(left.life.alive) << "until it is told";
}

TEST(succession, an_end_that_was_published_is_not_told_again) {
    remains of       = running();
    of.process_lives = false;
    of.said          = {.since = {4990, 0}, .now = phase::down};
    const auto left  = inherit(of, false, now);
    EXPECT_FALSE(left.first);
    EXPECT_EQ(left.life.now, phase::down);
    EXPECT_EQ(left.life.since, (moment{4990, 0}));
}

TEST(succession, a_finish_goes_on_and_one_that_has_ended_is_done) {
    remains of{.said          = {.since = {4987, 1}, .pid = 78, .now = phase::finish},
               .process       = birth{'f', 78, born},
               .process_lives = true};
    EXPECT_EQ(inherit(of, false, now).life.now, phase::finish);
    EXPECT_TRUE(inherit(of, false, now).life.alive);
    EXPECT_EQ(inherit(of, false, now).life.since, (moment{4987, 1}));
    of.process_lives = false;
    EXPECT_EQ(inherit(of, false, now).life.now, phase::down);
    EXPECT_EQ(inherit(of, false, now).life.since, now.wall);
    EXPECT_FALSE(inherit(of, false, now).first);
}

TEST(succession, never_two_starts_within_one_second) {
    remains of       = running();
    of.process->born = now.boot - one_second / 4;
    of.process_lives = false;
    of.said          = {.now = phase::down};
    EXPECT_EQ(inherit(of, false, now).life.not_before, now.monotonic + 3 * one_second / 4);
}

TEST(succession, a_script_that_runs_is_waited_for) {
    remains of      = running();
    of.said.wanted  = want::down;
    of.script       = birth{'t', 79, born + 1};
    of.script_lives = true;
    const auto left = inherit(of, false, now);
    EXPECT_EQ(left.life.script, 't');
    EXPECT_FALSE(left.first);
}

TEST(succession, a_way_down_whose_script_was_not_heard_is_gone_again) {
    remains of     = running();
    of.said.wanted = want::down;
    of.script      = birth{'t', 79, born + 1};
    auto left      = inherit(of, false, now);
    ASSERT_TRUE(left.first);
    EXPECT_EQ(left.first->order.what, command::down);
    of.leaving = true;
    left       = inherit(of, false, now);
    ASSERT_TRUE(left.first);
    EXPECT_EQ(left.first->order.what, command::exit);
}

TEST(succession, a_service_that_was_started_once_is_not_on_its_way_down) {
    remains of     = running();
    of.said.wanted = want::down;
    EXPECT_FALSE(inherit(of, false, now).first);
    of.script = birth{'t', 70, born - 1};  // of the process before
    EXPECT_FALSE(inherit(of, false, now).first);
    of.script = birth{'h', 79, born + 1};
    EXPECT_FALSE(inherit(of, false, now).first);
}

TEST(succession, a_draining_logger_shows_that_its_service_was_to_exit) {
    pair both{.has_log = true};
    both.main.wanted = want::down;
    both.log         = {.now = phase::run, .wanted = want::exit, .alive = true, .is_log = true};
    reconcile(both);
    EXPECT_EQ(both.main.wanted, want::exit);
    EXPECT_EQ(both.log.wanted, want::up);

    both.main.wanted = want::up;  // `up` while it drained
    both.log.wanted  = want::exit;
    reconcile(both);
    EXPECT_EQ(both.main.wanted, want::up);

    both.main       = {.now = phase::run, .wanted = want::down, .alive = true};  // once, while it drained
    both.log.wanted = want::exit;
    reconcile(both);
    EXPECT_EQ(both.main.wanted, want::down);
}

TEST(succession, is_only_planned_when_the_files_say_all) {
    EXPECT_TRUE(can_be_handed_over(service{}));
    EXPECT_TRUE(can_be_handed_over(service{.now = phase::run, .alive = true}));
    EXPECT_TRUE(can_be_handed_over(service{.now = phase::finish, .alive = true}));
    EXPECT_FALSE(can_be_handed_over(service{.now = phase::finish}));
    EXPECT_FALSE(can_be_handed_over(service{.script = 'h'}));
    EXPECT_FALSE(can_be_handed_over(service{.owed = true}));
}

// Everything that a supervisor can leave behind, as far as it matters.
std::vector<remains> all_remains(bool is_log) {
    std::vector<remains> all;
    for (const want wanted : {want::up, want::down, want::exit})
        for (const phase said : {phase::down, phase::run, phase::finish})
            for (const bool was_told : {false, true})
                for (const char what : {'\0', 'r', 'f'})
                    for (const bool lives : {false, true})
                        for (const char script : {'\0', 'u', 't', 'd', 'x', 'h'})
                            for (const bool script_lives : {false, true}) {
                                if (is_log && (what == 'f' || script != '\0' || said == phase::finish)) continue;
                                remains one{.said = {.pid = was_told ? 77u : 0u, .wanted = wanted, .now = said}};
                                one.leaving = wanted == want::exit;
                                if (what != '\0') one.process = birth{what, 77, born};
                                if (script != '\0') one.script = birth{script, 78, born + 1};
                                one.process_lives = lives && what != '\0';
                                one.script_lives  = script_lives && script != '\0';
                                // control/u is asked when nothing lives, the others when something does.
                                if (one.script_lives && (script == 'u') == one.process_lives) continue;
                                all.push_back(one);
                            }
    return all;
}

// The successor's world, told what has to be told first.
world goes_on(const remains& of_main, const remains& of_log, bool has_log) {
    const inheritance main = inherit(of_main, false, now), log = inherit(of_log, true, now);

    world w;
    w.p.has_log = has_log;
    w.p.main    = main.life;
    if (has_log) w.p.log = log.life;
    reconcile(w.p);
    w.runs[0] = w.p.main.alive ? 1 : 0;
    w.runs[1] = has_log && w.p.log.alive ? 1 : 0;
    w.scripts = busy(w.p.main) ? 1 : 0;

    const auto tell = [&](member who, const std::optional<event>& first) {
        w = first && first->what == kind::ended ? ends(w, who, unknown_status, false)
                                                : happens(w, who, first.value_or(event{}));
    };
    if (has_log) tell(member::log, log.first);
    if (!w.left) tell(member::main, main.first);
    return w;
}

TEST(succession, whatever_was_left_behind_comes_to_what_is_wanted) {
    std::size_t tried = 0;
    for (const bool has_log : {false, true})
        for (const remains& of_log : has_log ? all_remains(true) : std::vector<remains>{{}})
            for (const remains& of_main : all_remains(false)) {
                if (testing::Test::HasFailure()) return;
                must_have_a_way_out(goes_on(of_main, of_log, has_log));
                ++tried;
            }
    EXPECT_GT(tried, 1000u);
}

}  // namespace
}  // namespace runwell
