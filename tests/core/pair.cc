#include "core/pair.hh"

#include <gtest/gtest.h>

#include <deque>
#include <set>
#include <vector>

#include "pair_world.hh"

namespace runwell {

void must(bool holds, const char* promise) { EXPECT_TRUE(holds) << "broken: " << promise; }

namespace {

using action = service_action::kind;
using kind   = event::kind;

constexpr int killed = SIGKILL;

// All that could happen next.
std::vector<world> successors(const world& w) {
    std::vector<world> next;
    for (const member who : {member::main, member::log}) {
        if (who == member::log && !w.p.has_log) continue;
        const service& s = w.part(who);
        if (!busy(s))
            for (const command_row& row : command_rows)
                next.push_back(happens(w, who, {.what = kind::command, .order = row}));
        if (s.alive) {
            for (const int status : {0, killed})
                for (const bool has_finish : {false, true}) next.push_back(ends(w, who, status, has_finish));
            if (w.rules.contain && who == member::main && s.now == phase::run) next.push_back(leaves_a_rest(w, killed));
            if (who == member::log)
                for (const std::size_t unread : {1U, 2U}) next.push_back(ends(w, who, 0, false, unread));
            next.push_back(fails_to_start(w, who));
        }
        if (busy(s))
            for (const bool handled : {false, true}) next.push_back(script_ends(w, handled));
    }
    if (w.rest)
        for (const bool has_finish : {false, true}) next.push_back(rest_ends(w, has_finish));
    next.push_back(later(w));
    return next;
}

// Every story of a service with these files; how many states it can be in.
std::size_t explore(const stop_rules& rules) {
    std::set<decltype(world{}.key())> seen;
    std::deque<world>                 queue;
    const auto                        visit = [&](const world& w) {
        if (seen.insert(w.key()).second) queue.push_back(w);
    };
    for (const want main : {want::up, want::down}) {
        const bool with_logger = rules == stop_rules{};  // a stop ends in the same way with one
        for (const want log : {want::up, want::down})
            if (with_logger) visit(begins(true, main, log, false, rules));
        for (const bool essential : {false, true}) visit(begins(false, main, want::up, essential, rules));
    }
    while (!queue.empty() && !testing::Test::HasFailure()) {
        const world w = queue.front();
        queue.pop_front();
        must_have_a_way_out(w);
        must_end_by_force(w);
        if (w.left) continue;
        for (const world& next : successors(w)) visit(next);
    }
    return seen.size();
}

TEST(pair, whatever_happens_the_invariants_hold) {
    const std::size_t states = explore({});
    EXPECT_EQ(states, 259954u) << "the files of a stop cost a service without them no state";
    RecordProperty("states", static_cast<int>(states));
}

TEST(pair, the_same_with_a_limit_for_each_part_of_a_stop) {
    EXPECT_GT(explore({.timeout_kill = one_second, .timeout_finish = one_second}), 1000u);
}

TEST(pair, the_same_with_a_contained_service) {
    EXPECT_GT(explore({.timeout_kill = one_second, .timeout_finish = one_second, .contain = true}), 1000u);
    EXPECT_GT(explore({.contain = true}), 1000u);
}

struct story {
    pair                       p{.has_log = true};
    ticks                      now = begin_at;
    std::vector<member_action> did;

    void happens(member who, event e) {
        e.at = now;
        for (const member_action& t : step(p, who, e)) {
            did.push_back(t);
            if (t.what.what == action::run_script) happens(t.who, {.what = kind::script_ended});
        }
    }
    void begins() {
        happens(member::log, {});
        happens(member::main, {});
        now += 5 * one_second;
        did.clear();
    }
    void command(member who, char letter) { happens(who, {.what = kind::command, .order = *command_of(letter)}); }
    void ends(member who, int status = 0, std::size_t unread = 0) {
        happens(who, {.what = kind::ended, .status = status, .unread = unread});
    }
    bool did_it(member who, action what) const {
        for (const member_action& t : did)
            if (t.who == who && t.what.what == what) return true;
        return false;
    }
};

TEST(pair, the_logger_starts_first) {
    story told;
    told.happens(member::log, {});
    told.happens(member::main, {});
    EXPECT_EQ(told.did.front().who, member::log);
    EXPECT_EQ(told.did.front().what.what, action::start_run);
}

TEST(pair, exit_ends_the_loggers_input_when_the_service_is_down_and_leaves_when_the_logger_has_ended) {
    story told;
    told.begins();
    told.command(member::main, 'x');
    EXPECT_FALSE(told.did_it(member::log, action::end_input));
    told.ends(member::main, SIGTERM);
    EXPECT_TRUE(told.did_it(member::log, action::end_input));
    EXPECT_FALSE(told.did_it(member::log, action::send)) << "the end of its input is enough";
    EXPECT_FALSE(told.did_it(member::main, action::leave));
    told.ends(member::log);
    EXPECT_TRUE(told.did_it(member::main, action::leave));
}

TEST(pair, exit_with_the_logger_down_leaves_at_once) {
    story told;
    told.begins();
    told.command(member::log, 'd');
    told.ends(member::log, SIGTERM);
    told.command(member::main, 'x');
    told.ends(member::main, SIGTERM);
    EXPECT_TRUE(told.did_it(member::main, action::leave));
}

TEST(pair, up_during_the_drain_is_obeyed_after_it) {
    story told;
    told.begins();
    told.command(member::main, 'x');
    told.ends(member::main, SIGTERM);
    told.did.clear();
    told.command(member::main, 'u');
    EXPECT_FALSE(told.did_it(member::main, action::start_run));
    told.now += one_second;
    told.ends(member::log);
    EXPECT_FALSE(told.did_it(member::main, action::leave));
    EXPECT_TRUE(told.did_it(member::log, action::start_run));
    EXPECT_TRUE(told.did_it(member::main, action::start_run));
}

TEST(pair, a_logger_that_is_killed_while_it_drains_is_started_again_for_the_rest) {
    story told;
    told.begins();
    told.command(member::main, 'x');
    told.ends(member::main, SIGTERM);
    told.did.clear();
    told.now += 2 * one_second;
    told.ends(member::log, SIGKILL);
    EXPECT_FALSE(told.did_it(member::main, action::leave));
    told.now += one_second;
    told.happens(member::log, {});
    EXPECT_TRUE(told.did_it(member::log, action::start_run));
    told.ends(member::log);
    EXPECT_TRUE(told.did_it(member::main, action::leave));
}

TEST(pair, a_logger_that_exits_before_it_has_emptied_the_pipe_is_started_again_as_long_as_the_rest_shrinks) {
    story told;
    told.begins();
    told.command(member::main, 'x');
    told.ends(member::main, SIGTERM);
    for (const std::size_t unread : {5000U, 4000U}) {
        told.did.clear();
        told.now += 2 * one_second;
        told.ends(member::log, 0, unread);
        told.now += one_second;
        told.happens(member::log, {});
        EXPECT_TRUE(told.did_it(member::log, action::start_run)) << unread;
        EXPECT_FALSE(told.did_it(member::main, action::leave)) << unread;
    }
    told.now += 2 * one_second;
    told.ends(member::log, 0, 4000);
    EXPECT_TRUE(told.did_it(member::main, action::leave)) << "it does not read";
}

TEST(pair, a_logger_that_crashed_just_before_the_exit_gets_to_read_what_is_left) {
    story told;
    told.happens(member::log, {});
    told.happens(member::main, {});
    told.ends(member::log, SIGSEGV);
    told.command(member::main, 'x');
    told.did.clear();
    told.ends(member::main, SIGTERM);
    EXPECT_FALSE(told.did_it(member::main, action::leave));
    told.now += one_second;
    told.happens(member::log, {});
    EXPECT_TRUE(told.did_it(member::log, action::start_run));
    told.ends(member::log);
    EXPECT_TRUE(told.did_it(member::main, action::leave));
}

TEST(pair, the_next_tick_is_the_end_of_the_earlier_second) {
    story told;
    told.happens(member::log, {});
    told.happens(member::main, {});
    EXPECT_EQ(next_tick(told.p), std::nullopt);
    told.ends(member::main);
    EXPECT_EQ(next_tick(told.p), begin_at + one_second);
}

}  // namespace
}  // namespace runwell
