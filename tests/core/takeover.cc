#include "core/takeover.hh"

#include <gtest/gtest.h>

#include <cstdio>
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

leftover running() {
    return {.said          = {.since = {4987, 1}, .pid = 77, .now = phase::run},
            .process       = process_record{'r', 77, born - 1, born},
            .process_lives = true};
}

TEST(takeover, what_runs_goes_on) {
    leftover of      = running();
    of.said.paused   = true;
    of.said.got_term = true;
    const auto left  = resume(of, false, now);
    EXPECT_FALSE(left.first);
    EXPECT_EQ(left.life.now, phase::run);
    EXPECT_TRUE(left.life.alive);
    EXPECT_TRUE(left.life.paused);
    EXPECT_TRUE(left.life.got_term);
    EXPECT_EQ(left.life.wanted, want::up);
    EXPECT_EQ(left.life.since, (moment{4987, 1}));
    EXPECT_EQ(left.life.started, now.monotonic - 25 * one_second / 2) << "by the clock of the machine";
}

TEST(takeover, a_wish_survives) {
    leftover of = running();
    for (const want wanted : {want::up, want::down, want::exit}) {
        of.wanted = wanted;
        EXPECT_EQ(resume(of, false, now).life.wanted, wanted);
    }
    const leftover down{.said = {.since = {4000, 0}}, .wanted = want::down};
    EXPECT_EQ(resume(down, false, now).life.wanted, want::down);
    EXPECT_EQ(resume(down, false, now).life.since, (moment{4000, 0}));
    EXPECT_TRUE(at_rest(resume(down, false, now).life));
    leftover once = down;
    once.owed     = true;
    EXPECT_TRUE(start_is_due(resume(once, false, now).life));
}

TEST(takeover, a_wish_is_of_one_life_and_of_one_status_file) {
    for (const truth scope : {truth::no, truth::yes, truth::unknown})
        for (const bool same_file : {false, true}) {
            EXPECT_EQ(wants_hold(scope, same_file), scope != truth::no && same_file);
            EXPECT_EQ(end_holds(scope, same_file), scope == truth::yes && same_file) << "./finish of another life";
        }
}

TEST(takeover, while_something_may_be_an_old_process_nothing_is_started) {
    leftover of      = running();
    of.process_lives = false;
    of.blocked       = true;
    const auto left  = resume(of, false, now);
    EXPECT_FALSE(left.first) << "nor is its end told";
    EXPECT_EQ(left.life.now, phase::down);
    EXPECT_FALSE(start_is_due(left.life));
}

TEST(takeover, a_script_before_the_start_does_not_start_what_is_blocked) {
    service         s{.blocked = true, .script = 'u'};
    service_actions list;
    const auto      over = event{.what = kind::script_ended, .at = now.monotonic};
    step(s, over, list);
    EXPECT_TRUE(list.empty());
    s.blocked = false;
    step(s, {.at = now.monotonic}, list);
    EXPECT_FALSE(list.empty()) << "and it is asked again";
}

TEST(takeover, a_start_that_was_not_published_is_told_from_its_birth) {
    leftover of    = running();
    of.said        = {.since = {1, 0}, .pid = 0, .paused = true, .now = phase::down};
    const auto run = resume(of, false, now).life;
    EXPECT_EQ(run.now, phase::run);
    EXPECT_FALSE(run.paused) << "that was another one";
    EXPECT_EQ(run.since, (moment{4987, 700'000'000}));
}

TEST(takeover, an_end_that_nobody_saw_is_told_with_an_unknown_status) {
    leftover of      = running();
    of.process_lives = false;
    const auto left  = resume(of, false, now);
    ASSERT_TRUE(left.first);
    EXPECT_EQ(left.first->what, kind::ended);
    EXPECT_EQ(left.first->status, unknown_status);
    EXPECT_TRUE(left.life.alive) << "until it is told";
}

TEST(takeover, an_end_that_was_published_is_not_told_again) {
    leftover of      = running();
    of.process_lives = false;
    of.said          = {.since = {4990, 0}, .now = phase::down};
    const auto left  = resume(of, false, now);
    EXPECT_FALSE(left.first);
    EXPECT_EQ(left.life.now, phase::down);
    EXPECT_EQ(left.life.since, (moment{4990, 0}));
}

TEST(takeover, a_finish_goes_on_and_one_that_has_ended_is_done) {
    leftover of{.said          = {.since = {4987, 1}, .pid = 78, .now = phase::finish},
                .process       = process_record{'f', 78, born - 1, born},
                .process_lives = true};
    EXPECT_EQ(resume(of, false, now).life.now, phase::finish);
    EXPECT_TRUE(resume(of, false, now).life.alive);
    EXPECT_EQ(resume(of, false, now).life.since, (moment{4987, 1}));
    of.process_lives = false;
    EXPECT_EQ(resume(of, false, now).life.now, phase::down);
    EXPECT_EQ(resume(of, false, now).life.since, now.wall);
    EXPECT_FALSE(resume(of, false, now).first);
}

TEST(takeover, never_two_starts_within_one_second) {
    leftover of      = running();
    of.process->born = now.boot - one_second / 4;
    of.process_lives = false;
    of.said          = {.now = phase::down};
    EXPECT_EQ(resume(of, false, now).life.not_before, now.monotonic + 3 * one_second / 4);
}

TEST(takeover, a_script_that_runs_is_waited_for) {
    leftover of     = running();
    of.wanted       = want::down;
    of.script       = process_record{'t', 79, born, born + 1};
    of.script_lives = true;
    const auto left = resume(of, false, now);
    EXPECT_EQ(left.life.script, 't');
    EXPECT_FALSE(left.first);
}

TEST(takeover, a_way_down_whose_script_was_not_heard_is_gone_again) {
    leftover of = running();
    of.wanted   = want::down;
    of.script   = process_record{'t', 79, born, born + 1};
    auto left   = resume(of, false, now);
    ASSERT_TRUE(left.first);
    EXPECT_EQ(left.first->order.what, command::down);
    of.wanted = want::exit;
    left      = resume(of, false, now);
    ASSERT_TRUE(left.first);
    EXPECT_EQ(left.first->order.what, command::exit);
}

TEST(takeover, a_service_that_was_started_once_is_not_on_its_way_down) {
    leftover of = running();
    of.wanted   = want::down;
    EXPECT_FALSE(resume(of, false, now).first);
    of.script = process_record{'t', 70, born - 2, born - 1};  // of the process before
    EXPECT_FALSE(resume(of, false, now).first);
    of.script = process_record{'h', 79, born, born + 1};
    EXPECT_FALSE(resume(of, false, now).first);
}

TEST(takeover, a_drain_is_not_gone_on_with) {
    leftover of = running();
    of.wanted   = want::exit;
    EXPECT_EQ(resume(of, true, now).life.wanted, want::up) << "it begins again, if its service still exits";
}

// -- evidence ---------------------------------------------------------------------------------------------------------

// The truth, which runsv cannot query.
enum class life : unsigned char { same, other_boot, other_container };
enum class holder : unsigned char { nobody, old_process, old_zombie, stranger, twin };  // of the recorded pid, now
enum class paper : unsigned char { genuine, forged };  // forged: names a living stranger, exactly

// The evidence that runsv can find.
struct view {
    bool trusted, child, pidfd;
    bool boot_then, boot_now;  // the boot id could be read
    bool namespaces_then, namespaces_now;
    bool ids_then, ids_now;  // pidfs
    bool proc_now;           // start times can be read
    bool init_seen;          // … that of PID 1, too
    bool same_clock;         // no other time namespace
    bool clock_was_set;
};

evidence seen_by(const view& v, life of, holder who, paper is) {
    constexpr ticks tick = one_second / 100;
    boot_scope      then{.booted = 5000, .pid_namespace = 40, .time_namespace = 30, .init = 2, .init_began = 10 * tick};
    then.boot.fill('a');
    boot_scope scope = then;
    if (of == life::other_boot) {
        scope.boot.fill('b');  // and PID 1 is as it was: boots are alike
        scope.booted = 9000;
    }
    if (of == life::other_container)
        scope.init = 77, scope.init_began = 500 * tick;  // with the number of the one before
    if (v.clock_was_set) scope.booted += 3600;
    if (!v.same_clock) ++scope.time_namespace;
    const auto blind = [](boot_scope& s, bool boot, bool namespaces, bool ids, bool init) {
        if (!boot) s.boot = {};
        if (!namespaces) s.pid_namespace = s.time_namespace = 0;
        if (!ids) s.init = 0;
        if (ids || !init) s.init_began = 0;
    };
    blind(then, v.boot_then, v.namespaces_then, v.ids_then, v.namespaces_then);
    blind(scope, v.boot_now, v.namespaces_now, v.ids_now, v.proc_now && v.init_seen);

    constexpr ticks began = 1000 * tick, later = 1200 * tick;
    process_record  recorded{'r', 77, began + 2, began + 9, v.ids_then ? 900u : 0u};
    const bool      is_stranger = who == holder::stranger;
    if (is == paper::forged) recorded = {'r', 77, later, later + 1, v.ids_then ? 950u : 0u};
    sighting seen{.exists    = who != holder::nobody,
                  .ended     = who == holder::old_zombie,
                  .child     = v.child && who != holder::nobody,
                  .watchable = v.pidfd && who != holder::nobody};
    if (seen.watchable && v.ids_now) seen.id = is_stranger ? 950 : 900;
    if (seen.exists && v.proc_now) seen.began = (is_stranger ? later : began) + (v.same_clock ? 0 : 7777 * tick);
    return {.recorded  = true,
            .trusted   = v.trusted,
            .scope     = same_scope(then, scope),
            .same      = is_the_recorded(recorded, then, seen, scope, tick),
            .exists    = seen.exists,
            .ended     = seen.ended,
            .child     = seen.child,
            .watchable = seen.watchable};
}

TEST(takeover, whatever_the_evidence_never_two_copies_then_never_a_stranger_then_never_down) {
    using enum verdict_on_process;
    std::size_t tried = 0, waits = 0;
    for (unsigned bits = 0; bits < 1u << 13; ++bits) {
        const auto bit = [&](unsigned n) { return (bits >> n & 1) != 0; };
        const view v{bit(0), bit(1), bit(2), bit(3),  bit(4),  bit(5), bit(6),
                     bit(7), bit(8), bit(9), bit(10), bit(11), bit(12)};
        for (const life of : {life::same, life::other_boot, life::other_container})
            for (const holder who :
                 {holder::nobody, holder::old_process, holder::old_zombie, holder::stranger, holder::twin})
                for (const paper is : {paper::genuine, paper::forged}) {
                    if (is == paper::forged && v.trusted) continue;  // that is what trust means
                    const bool is_old = who == holder::old_process || who == holder::old_zombie;
                    if (of != life::same && is_old) continue;  // a boot has ended it, or the end of its container
                    // Within one boot the kernel gives no number of a pidfd twice, and no start to two with one pid.
                    if (of != life::other_boot && who == holder::twin) continue;
                    const evidence           all     = seen_by(v, of, who, is);
                    const verdict_on_process verdict = judge(all);
                    ++tried;
                    if (verdict == wait) ++waits;
                    const auto say = [&] {
                        return testing::Message() << "view " << bits << " life " << int(of) << " holder " << int(who)
                                                  << " paper " << int(is);
                    };
                    if (who == holder::old_process && is == paper::genuine) {
                        ASSERT_NE(verdict, nobody) << "two copies: " << say();
                    }
                    if (who == holder::stranger || who == holder::twin) {
                        ASSERT_NE(verdict, adopt) << "a stranger adopted: " << say();
                        ASSERT_NE(verdict, end_first) << "a stranger signalled: " << say();
                    }
                    if (who == holder::nobody) {
                        ASSERT_EQ(verdict, nobody) << "down for nobody: " << say();
                    }
                    // The known facts of boot and process decide.
                    const bool boot_known  = (v.boot_then && v.boot_now) || !v.clock_was_set;
                    const bool place_known = (v.namespaces_then && v.namespaces_now) || (v.ids_then && v.ids_now);
                    const bool ids_known   = v.ids_then && v.ids_now && v.pidfd;
                    const bool start_known = v.proc_now && v.same_clock && v.namespaces_then && v.namespaces_now;
                    if (v.trusted && boot_known && place_known && (ids_known || start_known) && of == life::same) {
                        ASSERT_NE(verdict, wait) << "down for nothing: " << say();
                    }
                    if (!v.trusted) {
                        ASSERT_NE(verdict, adopt) << "the word of another: " << say();
                        ASSERT_NE(verdict, end_first) << "the word of another: " << say();
                    }
                }
    }
    RecordProperty("combinations", static_cast<int>(tried));
    std::printf("%zu combinations of evidence, %zu of them wait\n", tried, waits);
    EXPECT_GT(tried, 100'000u);
}

// Everything that a supervisor can leave behind, as far as it matters.
std::vector<leftover> all_leftovers(bool is_log) {
    std::vector<leftover> all;
    for (const want wanted : {want::up, want::down, want::exit})
        for (const phase said : {phase::down, phase::run, phase::finish})
            for (const bool was_told : {false, true})
                for (const char what : {'\0', 'r', 'f'})
                    for (const bool lives : {false, true})
                        for (const char script : {'\0', 'u', 't', 'd', 'x', 'h'})
                            for (const bool script_lives : {false, true}) {
                                if (is_log && (what == 'f' || script != '\0' || said == phase::finish)) continue;
                                leftover one{.said = {.pid = was_told ? 77u : 0u, .now = said}, .wanted = wanted};
                                if (what != '\0') one.process = process_record{what, 77, born - 1, born};
                                if (script != '\0') one.script = process_record{script, 78, born, born + 1};
                                one.process_lives = lives && what != '\0';
                                one.script_lives  = script_lives && script != '\0';
                                // control/u is asked when nothing lives, the others when something does.
                                if (one.script_lives && (script == 'u') == one.process_lives) continue;
                                all.push_back(one);
                            }
    return all;
}

// The world of the successor, after its first events.
world goes_on(const leftover& of_main, const leftover& of_log, bool has_log) {
    const resumed main = resume(of_main, false, now), log = resume(of_log, true, now);

    world w;
    w.p.has_log = has_log;
    w.p.main    = main.life;
    if (has_log) w.p.log = log.life;
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

TEST(takeover, whatever_was_left_behind_comes_to_what_is_wanted) {
    std::size_t tried = 0;
    for (const bool has_log : {false, true})
        for (const leftover& of_log : has_log ? all_leftovers(true) : std::vector<leftover>{{}})
            for (const leftover& of_main : all_leftovers(false))
                for (const bool blocked : {false, true}) {
                    if (testing::Test::HasFailure()) return;
                    if (blocked && (of_main.process_lives || !of_main.process)) continue;
                    leftover main = of_main;
                    main.blocked  = blocked;
                    world w       = goes_on(main, of_log, has_log);
                    if (blocked) {
                        must(w.runs[0] == 0, "nothing is started beside what may be an old process");
                        if (busy(w.p.main)) w = script_ends(w, false);
                        must(w.runs[0] == 0, "nor after a script");
                        if (w.left) continue;
                        w.p.main.blocked = false;
                        w                = happens(w, member::main, {});
                    }
                    must_have_a_way_out(w);
                    ++tried;
                }
    std::printf("%zu leftovers\n", tried);
    EXPECT_GT(tried, 1000u);
}

}  // namespace
}  // namespace runwell
