#include "core/pair.hh"

#include <gtest/gtest.h>

#include <deque>
#include <set>
#include <tuple>
#include <vector>

namespace runwell {
namespace {

using deed = todo::deed;
using kind = event::kind;

constexpr ticks begin_at = 1000 * one_second;
constexpr int   killed   = SIGKILL;

// What the supervisor itself must keep: how many processes there are, and whether the logger's input has ended.
struct world {
    pair p;
    int  runs[2] = {0, 0};  // processes of ./run and ./finish
    int  scripts = 0;
    bool input   = true;  // the logger's input is open
    bool left    = false;

    auto key() const {
        const auto part = [](const service& s) {
            const auto relative = [](ticks t) { return t > begin_at ? 1 : t > begin_at - one_second ? 0 : -1; };
            return std::tuple{s.now,
                              s.wanted,
                              s.alive,
                              s.paused,
                              s.got_term,
                              s.owed,
                              s.held,
                              s.script,
                              s.wait_status,
                              relative(s.not_before),
                              relative(s.started)};
        };
        return std::tuple{part(p.main), part(p.log), p.has_log, p.draining, input, left};
    }
};

// One event, with every invariant that must hold after it, whatever the story.
world happens(world w, member who, event e) {
    e.at = begin_at;
    for (const task& t : step(w.p, who, e)) {
        int& runs = w.runs[static_cast<int>(t.who)];
        switch (t.what.what) {
            case deed::start_run:
            case deed::start_finish:
                EXPECT_EQ(runs, 0) << "a second copy";
                EXPECT_FALSE(t.who == member::main && w.p.draining) << "a service whose logger drains";
                ++runs;
                if (t.who == member::log && !w.p.draining) w.input = true;
                break;
            case deed::send: EXPECT_EQ(runs, 1) << "a signal to nobody"; break;
            case deed::run_script:
                EXPECT_EQ(w.scripts, 0) << "two scripts at once";
                EXPECT_EQ(t.who, member::main);
                ++w.scripts;
                break;
            case deed::end_input:
                EXPECT_EQ(w.runs[0], 0) << "the service still writes";
                w.input = false;
                break;
            case deed::leave:
                EXPECT_EQ(w.runs[0] + w.runs[1] + w.scripts, 0) << "left something behind";
                EXPECT_EQ(w.p.main.wanted, want::exit) << "left unasked";
                w.left = true;
                break;
        }
    }
    for (const auto& [s, runs] : {std::pair{w.p.main, w.runs[0]}, std::pair{w.p.log, w.runs[1]}}) {
        EXPECT_EQ(s.alive, runs == 1) << "status lies";
        EXPECT_TRUE(s.now != phase::run || s.alive) << "run without a process";
        EXPECT_TRUE(s.now != phase::down || !s.alive) << "down with a process";
        EXPECT_TRUE(!s.got_term || s.alive) << "a signal got by nobody";
        EXPECT_TRUE(!s.paused || s.alive) << "nobody is paused";
    }
    const service& told = who == member::main ? w.p.main : w.p.log;
    EXPECT_FALSE(start_is_due(told) && told.not_before <= begin_at) << "due, and not started";
    EXPECT_EQ(busy(w.p.main), w.scripts == 1);
    EXPECT_FALSE(busy(w.p.log));
    const bool over = w.p.main.wanted == want::exit && at_rest(w.p.main) && (!w.p.has_log || at_rest(w.p.log));
    EXPECT_TRUE(!over || w.left) << "all is down and exit is wanted: it must leave";
    return w;
}

world later(world w) {
    for (service* s : {&w.p.main, &w.p.log}) {
        s->started -= one_second;
        s->not_before -= one_second;
    }
    if (w.p.has_log) w = happens(w, member::log, {});
    return happens(w, member::main, {});
}

// All that could happen next.
std::vector<world> successors(const world& w) {
    std::vector<world> next;
    for (const member who : {member::main, member::log}) {
        if (who == member::log && !w.p.has_log) continue;
        const service& s = who == member::main ? w.p.main : w.p.log;
        if (!busy(s))
            for (const command_row& row : command_rows)
                next.push_back(happens(w, who, {.what = kind::command, .order = row}));
        if (s.alive) {
            world dead = w;
            --dead.runs[static_cast<int>(who)];
            for (const int status : {0, killed})
                for (const bool has_finish : {false, true})
                    next.push_back(
                        happens(dead, who, {.what = kind::ended, .status = status, .has_finish = has_finish}));
            next.push_back(happens(dead, who, {.what = kind::could_not_start}));
        }
        if (busy(s)) {
            world answered = w;
            --answered.scripts;
            for (const bool handled : {false, true})
                next.push_back(happens(answered, who, {.what = kind::script_ended, .handled = handled}));
        }
    }
    next.push_back(later(w));
    return next;
}

// A story without further commands, in which every process ends: does it come to rest where it should?
void expect_a_way_out(world w) {
    const bool exits = w.p.main.wanted == want::exit;
    for (int steps = 0; steps < 50 && !w.left; ++steps) {
        if (busy(w.p.main)) {
            --w.scripts;
            w = happens(w, member::main, {.what = kind::script_ended});
        } else if (w.p.main.alive && (w.p.main.wanted != want::up || w.p.main.now == phase::finish)) {
            --w.runs[0];
            w = happens(w, member::main, {.what = kind::ended});
        } else if (w.p.log.alive && (w.p.log.wanted != want::up || !w.input)) {
            --w.runs[1];
            w = happens(w, member::log, {.what = kind::ended});
        } else {
            w = later(w);
        }
    }
    if (exits) {
        EXPECT_TRUE(w.left) << "exit is wanted, everything ends, and yet it stays";
        return;
    }
    ASSERT_FALSE(w.left);
    EXPECT_EQ(w.p.main.wanted == want::up, w.p.main.now == phase::run) << "what is wanted does not come about";
    EXPECT_FALSE(w.p.draining);
}

TEST(pair, whatever_happens_the_invariants_hold) {
    std::set<decltype(world{}.key())> seen;
    std::deque<world>                 queue;
    const auto                        visit = [&](const world& w) {
        if (seen.insert(w.key()).second) queue.push_back(w);
    };
    for (const bool has_log : {false, true})
        for (const want main : {want::up, want::down})
            for (const want log : {want::up, want::down}) {
                world w;
                w.p.has_log     = has_log;
                w.p.main.wanted = main;
                w.p.log.wanted  = log;
                if (has_log) w = happens(w, member::log, {});
                visit(happens(w, member::main, {}));
            }
    while (!queue.empty() && !testing::Test::HasFailure()) {
        const world w = queue.front();
        queue.pop_front();
        expect_a_way_out(w);
        if (w.left) continue;
        for (const world& next : successors(w)) visit(next);
    }
    EXPECT_GT(seen.size(), 1000u);
    RecordProperty("states", static_cast<int>(seen.size()));
}

struct story {
    pair              p{.has_log = true};
    ticks             now = begin_at;
    std::vector<task> did;

    void happens(member who, event e) {
        e.at = now;
        for (const task& t : step(p, who, e)) {
            did.push_back(t);
            if (t.what.what == deed::run_script) happens(t.who, {.what = kind::script_ended});
        }
    }
    void begins() {
        happens(member::log, {});
        happens(member::main, {});
        now += 5 * one_second;
        did.clear();
    }
    void command(member who, char letter) { happens(who, {.what = kind::command, .order = *command_of(letter)}); }
    void ends(member who, int status = 0) { happens(who, {.what = kind::ended, .status = status}); }
    bool did_it(member who, deed what) const {
        for (const task& t : did)
            if (t.who == who && t.what.what == what) return true;
        return false;
    }
};

TEST(pair, the_logger_starts_first) {
    story told;
    told.happens(member::log, {});
    told.happens(member::main, {});
    EXPECT_EQ(told.did.front().who, member::log);
    EXPECT_EQ(told.did.front().what.what, deed::start_run);
}

TEST(pair, exit_ends_the_loggers_input_when_the_service_is_down_and_leaves_when_the_logger_has_ended) {
    story told;
    told.begins();
    told.command(member::main, 'x');
    EXPECT_FALSE(told.did_it(member::log, deed::end_input));
    told.ends(member::main, SIGTERM);
    EXPECT_TRUE(told.did_it(member::log, deed::end_input));
    EXPECT_FALSE(told.did_it(member::log, deed::send)) << "the end of its input is enough";
    EXPECT_FALSE(told.did_it(member::main, deed::leave));
    told.ends(member::log);
    EXPECT_TRUE(told.did_it(member::main, deed::leave));
}

TEST(pair, exit_with_the_logger_down_leaves_at_once) {
    story told;
    told.begins();
    told.command(member::log, 'd');
    told.ends(member::log, SIGTERM);
    told.command(member::main, 'x');
    told.ends(member::main, SIGTERM);
    EXPECT_TRUE(told.did_it(member::main, deed::leave));
}

TEST(pair, up_during_the_drain_is_obeyed_after_it) {
    story told;
    told.begins();
    told.command(member::main, 'x');
    told.ends(member::main, SIGTERM);
    told.did.clear();
    told.command(member::main, 'u');
    EXPECT_FALSE(told.did_it(member::main, deed::start_run));
    told.now += one_second;
    told.ends(member::log);
    EXPECT_FALSE(told.did_it(member::main, deed::leave));
    EXPECT_TRUE(told.did_it(member::log, deed::start_run));
    EXPECT_TRUE(told.did_it(member::main, deed::start_run));
}

TEST(pair, a_logger_that_is_killed_while_it_drains_is_started_again_for_the_rest) {
    story told;
    told.begins();
    told.command(member::main, 'x');
    told.ends(member::main, SIGTERM);
    told.did.clear();
    told.now += 2 * one_second;
    told.ends(member::log, SIGKILL);
    EXPECT_FALSE(told.did_it(member::main, deed::leave));
    told.now += one_second;
    told.happens(member::log, {});
    EXPECT_TRUE(told.did_it(member::log, deed::start_run));
    told.ends(member::log);
    EXPECT_TRUE(told.did_it(member::main, deed::leave));
}

TEST(pair, a_logger_that_crashed_just_before_the_exit_gets_to_read_what_is_left) {
    story told;
    told.happens(member::log, {});
    told.happens(member::main, {});
    told.ends(member::log, SIGSEGV);
    told.command(member::main, 'x');
    told.did.clear();
    told.ends(member::main, SIGTERM);
    EXPECT_FALSE(told.did_it(member::main, deed::leave));
    told.now += one_second;
    told.happens(member::log, {});
    EXPECT_TRUE(told.did_it(member::log, deed::start_run));
    told.ends(member::log);
    EXPECT_TRUE(told.did_it(member::main, deed::leave));
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
