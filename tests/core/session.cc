#include "core/session.hh"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <vector>

namespace runwell {
namespace {

using kind   = session_event::kind;
using action = session_action;

constexpr ticks ms = 1'000'000;

// A service that was started in second 1000, as process 100.
constexpr status running{.since = {1000, 500}, .pid = 100, .now = phase::run};
constexpr status meant_down{.since = {1000, 500}, .pid = 100, .wanted = want::down, .now = phase::run};
constexpr status down{.since = {1002, 500}, .wanted = want::down};
constexpr status started_again{.since = {1003, 500}, .pid = 101, .now = phase::run};

session_rules rules_of(std::string_view bytes, goal until) {
    return {.bytes         = bytes,
            .until         = until,
            .deadline      = 1000 * ms,
            .checks        = {10 * ms, 40 * ms},
            .looks_absent  = {ms, 20 * ms},
            .looks_checked = {10 * ms, 40 * ms},
            .looks_watched = {400 * ms, 400 * ms},
            .looks_blind   = {ms, 100 * ms}};
}

struct told {
    session_event event;
    action        answer;
};

told seen(const status& now, ticks at, action answer, bool heard = true) {
    return {{.what = kind::seen, .at = at, .now = now, .heard = heard}, answer};
}
told is(kind what, ticks at, action answer) { return {{.what = what, .at = at}, answer}; }

// One story: the reports, and the action that answers each.
session play(const session_rules& rules, const std::vector<told>& story) {
    session one = begin(rules, 0);
    for (std::size_t i = 0; i < story.size(); ++i)
        EXPECT_EQ(step(one, rules, story[i].event), story[i].answer) << "event " << i;
    return one;
}

const auto up = rules_of("u", goal::up), stop = rules_of("d", goal::down), restart = rules_of("tcu", goal::restarted),
           shutdown = rules_of("x", goal::gone);

session_rules with(session_rules rules, auto change) {
    change(rules);
    return rules;
}

// -- stories ---------------------------------------------------------------------------------------------------------

TEST(session, every_way_to_its_end) {
    const auto unwaited   = with(up, [](session_rules& r) { r.waits = false; });
    const auto reload     = with(rules_of("h", goal::told), [](session_rules& r) { r.needs_process = true; });
    const auto if_running = with(restart, [](session_rules& r) { r.only_running = true; });
    const auto welcoming  = with(up, [](session_rules& r) { r.newcomer = 500 * ms; });
    const auto patient    = with(rules_of("", goal::up), [](session_rules& r) { r.patient = true; });

    struct row {
        const char*       name;
        session_rules     rules;
        std::vector<told> story;
        settlement        why;
    };
    const row rows[] = {
        {"stopped at the second look",
         stop,
         {seen(running, 0, action::give), is(kind::given, 0, action::look), seen(meant_down, 0, action::wait),
          seen(down, 5 * ms, action::settle)},
         settlement::done},
        {"down all along",
         stop,
         {seen(down, 0, action::give), is(kind::given, 0, action::look), seen(down, 0, action::settle)},
         settlement::done},
        {"not in time",
         stop,
         {seen(running, 0, action::give), is(kind::given, 0, action::look),
          seen(meant_down, 1000 * ms, action::settle)},
         settlement::too_late},
        {"done at the deadline is done",
         stop,
         {seen(running, 0, action::give), is(kind::given, 0, action::look), seen(down, 1000 * ms, action::settle)},
         settlement::done},
        {"a restart counts once runsv has read the command",
         restart,
         {seen(running, 0, action::give), is(kind::given, 0, action::look),
          seen(started_again, 1 * ms, action::wait, false), seen(started_again, 2 * ms, action::run_check),
          is(kind::check_missing, 2 * ms, action::settle)},
         settlement::done},
        {"nothing is waited for",
         unwaited,
         {seen(down, 0, action::give), is(kind::given, 0, action::settle)},
         settlement::given},
        {"no process to send a signal to", reload, {seen(down, 0, action::settle)}, settlement::no_process},
        {"a service that is down is not restarted",
         if_running,
         {seen(down, 0, action::settle)},
         settlement::left_alone},
        {"no runsv",
         up,
         {is(kind::absent, 0, action::give), is(kind::not_given, 0, action::settle)},
         settlement::absent},
        {"no runsv, as wanted",
         shutdown,
         {is(kind::absent, 0, action::give), is(kind::not_given, 0, action::settle)},
         settlement::done},
        {"runsv has exited, as wanted",
         shutdown,
         {seen(running, 0, action::give), is(kind::given, 0, action::look), seen(meant_down, 0, action::wait),
          is(kind::absent, 9 * ms, action::settle)},
         settlement::done},
        {"runsv has exited, which nobody wanted",
         stop,
         {seen(running, 0, action::give), is(kind::given, 0, action::look), is(kind::absent, 9 * ms, action::settle)},
         settlement::absent},
        {"a new service is waited for",
         welcoming,
         {is(kind::absent, 0, action::ask_for_runsv), is(kind::absent, 499 * ms, action::ask_for_runsv),
          seen(running, 499 * ms, action::give), is(kind::given, 499 * ms, action::look)},
         settlement::none},
        {"… but not for long",
         welcoming,
         {is(kind::absent, 0, action::ask_for_runsv), is(kind::absent, 500 * ms, action::give),
          is(kind::not_given, 500 * ms, action::settle)},
         settlement::absent},
        {"a runsv that exits after the command has a successor, which is given it again",
         welcoming,
         {seen(down, 0, action::give), is(kind::given, 0, action::look), is(kind::absent, 600 * ms, action::look),
          is(kind::absent, 600 * ms, action::ask_for_runsv), seen(down, 700 * ms, action::give),
          is(kind::given, 700 * ms, action::look), seen(running, 701 * ms, action::run_check),
          is(kind::check_missing, 701 * ms, action::settle)},
         settlement::done},
        {"the runsv exits just before the command",
         welcoming,
         {seen(down, 0, action::give), is(kind::not_given, 0, action::ask_for_runsv), seen(down, 1 * ms, action::give),
          is(kind::given, 1 * ms, action::look)},
         settlement::none},
        {"the patient wait until the deadline",
         patient,
         {is(kind::absent, 0, action::ask_for_runsv), is(kind::absent, 999 * ms, action::ask_for_runsv),
          is(kind::absent, 1000 * ms, action::settle)},
         settlement::too_late},
        {"an error is the end", stop, {is(kind::failed, 0, action::settle)}, settlement::failed},
    };
    for (const row& one : rows) {
        SCOPED_TRACE(one.name);
        EXPECT_EQ(play(one.rules, one.story).why, one.why);
    }
}

TEST(session, who_waits_for_down_is_content_with_no_runsv_and_no_process) {
    const auto    rules = with(rules_of("", goal::down), [](session_rules& r) { r.patient = true; });
    const session one   = play(rules, {{{.what = kind::absent, .at_rest = false}, action::ask_for_runsv},
                                       {{.what = kind::absent, .at = ms, .at_rest = true}, action::settle}});
    EXPECT_EQ(one.why, settlement::done);
}

TEST(session, who_only_waits_for_up_does_not_mind_that_it_is_to_run_once) {
    const std::vector<told> once{seen(meant_down, 0, action::give), is(kind::given, 0, action::look),
                                 seen(meant_down, 0, action::run_check)};
    EXPECT_EQ(play(rules_of("", goal::up), once).why, settlement::none);
    const std::vector<told> not_up{seen(meant_down, 0, action::give), is(kind::given, 0, action::look),
                                   seen(meant_down, 0, action::wait)};
    EXPECT_EQ(play(up, not_up).why, settlement::none);
}

TEST(session, a_settled_session_stays_as_it_is) {
    session one = play(stop, {is(kind::failed, 0, action::settle)});
    for (const kind what : {kind::seen, kind::absent, kind::given, kind::check_agrees, kind::check_differs})
        EXPECT_EQ(step(one, stop, {.what = what, .now = down}), action::settle);
    EXPECT_EQ(one.why, settlement::failed);
}

// -- ./check ---------------------------------------------------------------------------------------------------------

// Up, and ./check has been started.
const std::vector<told> check_runs{seen(down, 0, action::give), is(kind::given, 0, action::look),
                                   seen(running, 0, action::run_check), is(kind::check_started, 0, action::wait)};

std::vector<told> after(std::vector<told> story, std::initializer_list<told> more) {
    story.insert(story.end(), more);
    return story;
}

TEST(session, a_check_that_agrees_is_followed_by_a_last_look) {
    const auto story =
        after(check_runs, {seen(running, 1 * ms, action::wait), is(kind::check_agrees, 2 * ms, action::look),
                           seen(running, 2 * ms, action::settle)});
    EXPECT_EQ(play(up, story).why, settlement::done);
}

TEST(session, a_check_of_another_process_does_not_count) {
    play(up, after(check_runs,
                   {is(kind::check_agrees, 2 * ms, action::look), seen(started_again, 2 * ms, action::run_check)}));
}

TEST(session, a_check_that_does_not_agree_is_asked_again_after_longer_and_longer_pauses) {
    session one = play(up, check_runs);
    ticks   at  = 0;
    for (const ticks pause : {10 * ms, 20 * ms, 40 * ms, 40 * ms}) {
        EXPECT_EQ(step(one, up, {.what = kind::check_differs, .at = at}), action::wait);
        EXPECT_EQ(step(one, up, {.what = kind::seen, .at = at + pause - 1, .now = running}), action::wait);
        at += pause;
        EXPECT_LE(due(one, up), at);
        EXPECT_EQ(step(one, up, {.what = kind::seen, .at = at, .now = running}), action::run_check);
        EXPECT_EQ(step(one, up, {.what = kind::check_started, .at = at}), action::wait);
    }
}

TEST(session, a_service_that_changes_is_checked_without_a_pause) {
    play(up, after(check_runs,
                   {is(kind::check_differs, 1 * ms, action::wait), seen(started_again, 2 * ms, action::run_check)}));
}

TEST(session, a_pause_that_is_over_causes_no_look_while_the_service_is_not_up) {
    const auto    rules = with(up, [](session_rules& r) { r.looks_blind = r.looks_checked = {}; });
    const session one   = play(
          rules, after(check_runs, {is(kind::check_differs, 1 * ms, action::wait), seen(down, 11 * ms, action::wait)}));
    EXPECT_EQ(due(one, rules), rules.deadline);
}

TEST(session, a_check_that_is_not_over_at_the_deadline_is_too_late) {
    EXPECT_EQ(play(up, after(check_runs, {seen(running, 1000 * ms, action::settle)})).why, settlement::too_late);
    const std::vector<told> late{seen(down, 0, action::give), is(kind::given, 0, action::look),
                                 seen(running, 1000 * ms, action::run_check),
                                 is(kind::check_started, 1000 * ms, action::settle)};
    EXPECT_EQ(play(up, late).why, settlement::too_late);
}

TEST(session, whether_there_is_a_check_is_asked_again_at_the_next_look) {
    play(up, {seen(down, 0, action::give), is(kind::given, 0, action::look), seen(running, 0, action::run_check),
              is(kind::check_unknown, 0, action::wait), seen(running, 1 * ms, action::run_check)});
}

// -- when to look ----------------------------------------------------------------------------------------------------

TEST(session, the_pauses_between_looks_double_up_to_the_longest_and_begin_again_when_something_is_heard) {
    session one = play(stop, {seen(running, 0, action::give), is(kind::given, 0, action::look)});
    ticks   at  = 0;
    for (const ticks pause : {1, 2, 4, 8, 16, 32, 64, 100, 100}) {
        EXPECT_EQ(step(one, stop, {.what = kind::seen, .at = at, .now = meant_down}), action::wait);
        EXPECT_EQ(due(one, stop), at + pause * ms);
        at = due(one, stop);
    }
    stir(one);
    EXPECT_EQ(step(one, stop, {.what = kind::seen, .at = at, .now = meant_down}), action::wait);
    EXPECT_EQ(due(one, stop), at + 1 * ms);
    stir(one);
    one.watched = true;
    EXPECT_EQ(step(one, stop, {.what = kind::seen, .at = at, .now = meant_down}), action::wait);
    EXPECT_EQ(due(one, stop), at + 400 * ms);
}

TEST(session, the_last_look_is_at_the_deadline) {
    session one = play(stop, {seen(running, 0, action::give), is(kind::given, 0, action::look)});
    one.watched = true;
    EXPECT_EQ(step(one, stop, {.what = kind::seen, .at = 900 * ms, .now = meant_down}), action::wait);
    EXPECT_EQ(due(one, stop), stop.deadline);
}

TEST(session, without_a_rhythm_only_events_cause_looks) {
    const session_rules quiet{.bytes = "d", .until = goal::down, .patient = true, .deadline = 1000 * ms};
    EXPECT_EQ(due(play(quiet, {seen(running, 0, action::give), is(kind::given, 0, action::look),
                               seen(meant_down, 0, action::wait)}),
                  quiet),
              quiet.deadline);
    EXPECT_EQ(due(play(quiet, {is(kind::absent, 0, action::ask_for_runsv)}), quiet), quiet.deadline);
}

// Whatever happens, in whatever order: a session that waits has a moment at which it looks again, and from the deadline
// on a look settles it, at the latest once ./check has been looked for.
TEST(session, every_story_of_four_events_ends_at_the_deadline) {
    const session_event events[] = {
        {.what = kind::seen, .now = running},
        {.what = kind::seen, .now = meant_down},
        {.what = kind::seen, .now = down},
        {.what = kind::seen, .now = started_again},
        {.what = kind::seen, .now = running, .heard = false},
        {.what = kind::absent},
        {.what = kind::given},
        {.what = kind::not_given},
        {.what = kind::check_started},
        {.what = kind::check_unknown},
        {.what = kind::check_agrees},
        {.what = kind::check_differs},
    };
    const session_rules all[]   = {up,
                                   stop,
                                   restart,
                                   shutdown,
                                   with(up, [](session_rules& r) { r.newcomer = 500 * ms; }),
                                   with(rules_of("", goal::up), [](session_rules& r) { r.patient = true; })};
    std::size_t         stories = 0;
    const auto          explore = [&](auto self, const session& from, const session_rules& rules, int depth) -> void {
        ++stories;
        session late = from;
        action  next = step(late, rules, {.what = kind::absent, .at = rules.deadline});
        for (int i = 0; i < 3 && next != action::settle; ++i)
            next = step(late, rules, {.what = kind::not_given, .at = rules.deadline});
        ASSERT_EQ(next, action::settle);
        ASSERT_TRUE(is_settled(late));
        ASSERT_NE(late.why, settlement::none);
        if (depth == 0) return;
        for (session_event e : events) {
            session one         = from;
            e.at                = (6 - depth) * 7 * ms;
            const action answer = step(one, rules, e);
            ASSERT_EQ(answer == action::settle, is_settled(one));
            ASSERT_EQ(one.why == settlement::none, !is_settled(one));
            ASSERT_LE(due(one, rules), rules.deadline);
            if (!is_settled(one)) self(self, one, rules, depth - 1);
        }
    };
    for (const session_rules& rules : all) explore(explore, begin(rules, 0), rules, 4);
    EXPECT_GT(stories, 10'000U);
}

}  // namespace
}  // namespace runwell
