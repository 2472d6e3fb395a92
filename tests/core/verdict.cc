#include "core/verdict.hh"

#include <gtest/gtest.h>

#include <string>

namespace runwell {
namespace {

constexpr bool as_sv = false, as_init_script = true;

// A service that was started in second 1000, as process 100.
constexpr status running{.since = {1000, 500}, .pid = 100, .now = phase::run};

status with(status of, auto change) {
    change(of);
    return of;
}

const status meant_down  = with(running, [](status& s) { s.wanted = want::down; });
const status down        = with(status{}, [](status& s) { s.since = {1002, 500}, s.wanted = want::down; });
const status down_for_up = with(down, [](status& s) { s.wanted = want::up; });
const status finishing   = with(running, [](status& s) { s.pid = 101, s.now = phase::finish; });
const status renewed     = with(running, [](status& s) { s.pid = 102, s.since = {1000, 900'000'500}; });

// Where a test does not say otherwise, runsv has read the command.
verdict judge(goal until, const status& before, const status& now) { return runwell::judge(until, before, now, true); }

constexpr goal every_goal[] = {goal::told,      goal::up,     goal::once,    goal::down, goal::renewed,
                               goal::restarted, goal::paused, goal::resumed, goal::gone, goal::wanted};

// -- words -----------------------------------------------------------------------------------------------------------

TEST(order, every_word_of_the_manual_page_sends_what_it_says) {
    struct row {
        std::string_view word, bytes;
        goal             until;
        bool             reports, kills;
    };
    constexpr row rows[] = {
        {"up", "u", goal::up, false, false},
        {"down", "d", goal::down, false, false},
        {"once", "o", goal::once, false, false},
        {"pause", "p", goal::paused, false, false},
        {"cont", "c", goal::resumed, false, false},
        {"hup", "h", goal::told, false, false},
        {"alarm", "a", goal::told, false, false},
        {"interrupt", "i", goal::told, false, false},
        {"quit", "q", goal::told, false, false},
        {"1", "1", goal::told, false, false},
        {"2", "2", goal::told, false, false},
        {"term", "t", goal::renewed, false, false},
        {"kill", "k", goal::renewed, false, false},
        {"exit", "x", goal::gone, false, false},
        {"start", "u", goal::up, true, false},
        {"stop", "d", goal::down, true, false},
        {"reload", "h", goal::told, true, false},
        {"restart", "tcu", goal::restarted, true, false},
        {"shutdown", "x", goal::gone, true, false},
        {"try-restart", "tc", goal::renewed, true, false},
        {"check", "", goal::wanted, true, false},
        {"force-stop", "d", goal::down, true, true},
        {"force-reload", "tc", goal::renewed, true, true},
        {"force-restart", "tcu", goal::restarted, true, true},
        {"force-shutdown", "x", goal::gone, true, true},
    };
    for (const row& is : rows) {
        for (const bool lsb : {as_sv, as_init_script}) {
            const auto given = order_of(is.word, lsb);
            ASSERT_TRUE(given) << is.word;
            EXPECT_EQ(*given, (order{is.bytes, is.until, is.reports, is.kills, false})) << is.word;
        }
    }
}

TEST(order, most_words_are_known_by_their_first_letter) {
    for (const std::string_view letters = "udotkpchaiq12xeDTXEs"; const char letter : letters) {
        const auto whole = order_of({&letter, 1}, as_sv);
        ASSERT_TRUE(whole) << letter;
        EXPECT_EQ(order_of(std::string{letter} + "anything", as_sv), whole) << letter;
    }
    EXPECT_EQ(order_of("hello", as_sv), order_of("hup", as_sv));
    EXPECT_EQ(order_of("checks", as_sv), order_of("cont", as_sv));
    EXPECT_EQ(order_of("try", as_sv), order_of("term", as_sv));
    EXPECT_EQ(order_of("Term", as_sv), order_of("force-reload", as_sv));
    EXPECT_EQ(order_of("Down", as_sv), order_of("force-stop", as_sv));
    EXPECT_EQ(order_of("15", as_sv), order_of("1", as_sv));
}

TEST(order, every_other_word_with_s_is_status) {
    for (const std::string_view word : {"s", "status", "stat", "starx", "sto", "shut", "sxyz"}) {
        const auto given = order_of(word, as_sv);
        ASSERT_TRUE(given) << word;
        EXPECT_TRUE(given->status) << word;
        EXPECT_EQ(given->bytes, "") << word;
    }
}

TEST(order, an_init_script_wants_its_words_with_s_spelt_out) {
    for (const std::string_view word : {"s", "sttus", "starx", "sto"})
        EXPECT_FALSE(order_of(word, as_init_script)) << word;
    for (const std::string_view word : {"status", "start", "stop", "shutdown"})
        EXPECT_TRUE(order_of(word, as_init_script)) << word;
    EXPECT_TRUE(order_of("status", as_init_script)->status);
}

TEST(order, words_with_r_and_f_must_be_whole) {
    for (const std::string_view word :
         {"r", "re", "restar", "restarts", "f", "force", "force-", "force-x", "force-stopp"})
        EXPECT_FALSE(order_of(word, as_sv)) << word;
}

TEST(order, what_begins_with_anything_else_is_no_order) {
    std::string known = "udotkpchaiq12xeDTXEs";
    for (int byte = 0; byte < 256; ++byte) {
        const char letter = static_cast<char>(byte);
        EXPECT_EQ(order_of({&letter, 1}, as_sv).has_value(), known.find(letter) != std::string::npos) << byte;
    }
    EXPECT_FALSE(order_of("", as_sv));
    EXPECT_FALSE(order_of("", as_init_script));
}

TEST(order, only_what_starts_a_service_awaits_its_runsv) {
    EXPECT_TRUE(welcomes_a_newcomer(*order_of("start", as_sv)));
    EXPECT_TRUE(welcomes_a_newcomer(*order_of("up", as_sv)));
    EXPECT_TRUE(welcomes_a_newcomer(*order_of("once", as_sv)));
    for (const std::string_view word : {"restart", "stop", "check", "status", "exit", "hup"})
        EXPECT_FALSE(welcomes_a_newcomer(*order_of(word, as_sv))) << word;
}

// -- verdicts --------------------------------------------------------------------------------------------------------

TEST(verdict, a_start_is_done_when_run_lives_and_check_agrees) {
    EXPECT_EQ(judge(goal::up, down, running), verdict::done_if_checked);
    EXPECT_EQ(judge(goal::up, running, running), verdict::done_if_checked);
    EXPECT_EQ(judge(goal::up, down, down_for_up), verdict::not_yet);
    EXPECT_EQ(judge(goal::up, down, finishing), verdict::not_yet);
}

TEST(verdict, a_start_is_not_done_by_a_run_that_is_about_to_go) {
    EXPECT_EQ(judge(goal::up, meant_down, meant_down), verdict::not_yet);
}

TEST(verdict, a_start_is_not_done_without_a_process) {
    EXPECT_EQ(judge(goal::up, down, with(running, [](status& s) { s.pid = 0; })), verdict::not_yet);
}

TEST(verdict, a_stop_is_done_when_nothing_lives_and_nothing_will) {
    EXPECT_EQ(judge(goal::down, running, down), verdict::done);
    EXPECT_EQ(judge(goal::down, running, meant_down), verdict::not_yet);
    EXPECT_EQ(judge(goal::down, running, finishing), verdict::not_yet);
    EXPECT_EQ(judge(goal::down, running, down_for_up), verdict::not_yet) << "it only waits for its second to be over";
}

TEST(verdict, a_restart_needs_a_new_process) {
    EXPECT_EQ(judge(goal::restarted, running, running), verdict::not_yet);
    EXPECT_EQ(judge(goal::restarted, running, renewed), verdict::done_if_checked);
    EXPECT_EQ(judge(goal::restarted, running, finishing), verdict::not_yet);
    EXPECT_EQ(judge(goal::restarted, running, down), verdict::not_yet);
    EXPECT_EQ(judge(goal::restarted, running, down_for_up), verdict::not_yet);
}

TEST(verdict, a_restart_within_the_same_second_is_told_by_the_process) {
    const status same_second = with(running, [](status& s) { s.since.nanos = 999'999'500; });
    EXPECT_EQ(judge(goal::restarted, running, same_second), verdict::done_if_checked);
    const status same_moment = with(running, [](status& s) { s.pid = 7; });
    EXPECT_EQ(judge(goal::restarted, running, same_moment), verdict::done_if_checked);
}

TEST(verdict, a_restart_does_not_believe_a_clock_that_jumps_back) {
    const status earlier = with(running, [](status& s) { s.since = {10, 0}, s.pid = 102; });
    EXPECT_EQ(judge(goal::restarted, running, earlier), verdict::done_if_checked);
}

TEST(verdict, a_start_that_was_only_told_of_late_is_no_restart) {
    for (const goal until : every_goal) {
        EXPECT_EQ(asks_for_another(until), until == goal::renewed || until == goal::restarted);
        if (asks_for_another(until)) {
            EXPECT_EQ(runwell::judge(until, down_for_up, running, false), verdict::not_yet);
        }
    }
    EXPECT_EQ(runwell::judge(goal::renewed, down, down, false), verdict::done);
    EXPECT_EQ(runwell::judge(goal::up, running, running, false), verdict::done_if_checked);
}

TEST(verdict, a_restart_starts_what_was_down) {
    EXPECT_EQ(judge(goal::restarted, down, down), verdict::not_yet);
    EXPECT_EQ(judge(goal::restarted, down, running), verdict::done_if_checked);
}

TEST(verdict, a_new_process_that_has_got_term_does_not_count) {
    const status termed = with(renewed, [](status& s) { s.got_term = true; });
    EXPECT_EQ(judge(goal::restarted, running, termed), verdict::not_yet);
    EXPECT_EQ(judge(goal::renewed, running, termed), verdict::not_yet);
}

TEST(verdict, a_service_that_is_meant_down_need_not_come_back_from_a_signal) {
    EXPECT_EQ(judge(goal::renewed, running, down), verdict::done);
    EXPECT_EQ(judge(goal::renewed, down, down), verdict::done);
    EXPECT_EQ(judge(goal::renewed, running, down_for_up), verdict::not_yet);
    EXPECT_EQ(judge(goal::renewed, running, running), verdict::not_yet);
    EXPECT_EQ(judge(goal::renewed, running, renewed), verdict::done_if_checked);
}

TEST(verdict, once_is_done_by_a_run_that_is_not_to_come_back) {
    EXPECT_EQ(judge(goal::once, running, running), verdict::not_yet);
    EXPECT_EQ(judge(goal::once, running, meant_down), verdict::done);
    EXPECT_EQ(judge(goal::once, down, down), verdict::not_yet);
}

TEST(verdict, once_is_done_by_a_run_that_has_come_and_gone) {
    const status later = with(down, [](status& s) { s.since.nanos += 1000; });
    EXPECT_EQ(judge(goal::once, down, later), verdict::done);
}

TEST(verdict, what_is_not_there_is_neither_paused_nor_to_be_resumed) {
    const status paused = with(running, [](status& s) { s.paused = true; });
    EXPECT_EQ(judge(goal::paused, running, running), verdict::not_yet);
    EXPECT_EQ(judge(goal::paused, running, paused), verdict::done);
    EXPECT_EQ(judge(goal::paused, down, down), verdict::done);
    EXPECT_EQ(judge(goal::resumed, paused, paused), verdict::not_yet);
    EXPECT_EQ(judge(goal::resumed, paused, running), verdict::done);
    EXPECT_EQ(judge(goal::resumed, down, down), verdict::done);
}

TEST(verdict, a_runsv_that_tells_its_status_has_not_left) {
    for (const status& now : {running, meant_down, down, finishing})
        EXPECT_EQ(judge(goal::gone, running, now), verdict::not_yet);
}

TEST(successor, makes_a_new_status_file_that_no_runsv_writes_before_it_exits) {
    const status other_run = with(running, [](status& s) { s.pid = 103, s.since = {1009, 500}; });
    for (const bool normally_down : {false, true}) {
        for (const status& now : {running, meant_down, down, down_for_up, finishing, other_run})
            EXPECT_FALSE(is_of_successor(running, now, true, normally_down));
        // Debian's runsv: a new file for the same ./run, with the wish of before and after the command was read.
        EXPECT_FALSE(is_of_successor(running, running, false, normally_down));
        EXPECT_FALSE(is_of_successor(running, meant_down, false, normally_down));
        EXPECT_TRUE(is_of_successor(running, other_run, false, normally_down));
        EXPECT_TRUE(is_of_successor(down, down_for_up, false, normally_down));
        // One that exits may be in ./finish.
        EXPECT_FALSE(
            is_of_successor(running, with(finishing, [](status& s) { s.wanted = want::down; }), false, normally_down));
    }
    // Down, with no wish to be up: before the exit while the logger reads, or a new runsv beside ./down.
    EXPECT_FALSE(is_of_successor(running, down, false, false));
    EXPECT_TRUE(is_of_successor(running, down, false, true));
}

TEST(verdict, check_looks_for_what_is_wanted) {
    EXPECT_EQ(judge(goal::wanted, running, running), verdict::done_if_checked);
    EXPECT_EQ(judge(goal::wanted, down, down), verdict::done);
    EXPECT_EQ(judge(goal::wanted, running, meant_down), verdict::not_yet);
    EXPECT_EQ(judge(goal::wanted, down, down_for_up), verdict::not_yet);
    EXPECT_EQ(judge(goal::wanted, running, finishing), verdict::not_yet);
}

TEST(verdict, a_signal_is_done_when_it_is_sent) {
    for (const status& now : {running, meant_down, down, finishing})
        EXPECT_EQ(judge(goal::told, running, now), verdict::done);
}

// Whatever was and is: only what lives can be done if checked, and only these goals ask.
TEST(verdict, only_a_living_run_is_checked) {
    for (const goal until : every_goal)
        for (const std::uint32_t pid : {0U, 100U})
            for (const phase is : {phase::down, phase::run, phase::finish})
                for (const want wanted : {want::up, want::down})
                    for (const bool flag : {false, true}) {
                        const status now{{1000, 0}, pid, flag, wanted, flag, is};
                        if (judge(until, down, now) != verdict::done_if_checked) continue;
                        EXPECT_EQ(is, phase::run);
                        EXPECT_NE(pid, 0U);
                        EXPECT_TRUE(until == goal::up || until == goal::renewed || until == goal::restarted ||
                                    until == goal::wanted);
                    }
}

// -- time ------------------------------------------------------------------------------------------------------------

TEST(patience, is_what_runit_grants) {
    EXPECT_EQ(patience(0), 840'000'000);
    EXPECT_EQ(patience(1), 1'680'000'000);
    EXPECT_EQ(patience(2), 2'520'000'000);
    EXPECT_EQ(patience(7), 7'560'000'000);
}

TEST(patience, never_ends_before_it_was_told_to_and_never_overflows) {
    ticks before = 0;
    for (const std::uint64_t seconds : {0ULL, 1ULL, 60ULL, 100'000ULL, 1'000'000'000ULL, ~0ULL}) {
        EXPECT_GE(patience(seconds), before);
        before = patience(seconds);
    }
    EXPECT_GT(patience(~0ULL), 31 * 365 * 86'400 * one_second);
}

// -- the line --------------------------------------------------------------------------------------------------------

std::string line(const status& of, bool down_file = false, std::int64_t now = 1005) {
    return std::string{word(of.now)} + ": " + std::string{particulars(of, down_file, {now, 0}).view()};
}

TEST(particulars, say_what_is_not_normal) {
    constexpr bool down_file = true;
    EXPECT_EQ(line(running), "run: (pid 100) 5s");
    EXPECT_EQ(line(running, down_file), "run: (pid 100) 5s, normally down");
    EXPECT_EQ(line(down), "down: 3s, normally up");
    EXPECT_EQ(line(down, down_file), "down: 3s");
    EXPECT_EQ(line(down_for_up), "down: 3s, normally up, want up");
    EXPECT_EQ(line(down_for_up, down_file), "down: 3s, want up");
    EXPECT_EQ(line(meant_down), "run: (pid 100) 5s, want down");
    EXPECT_EQ(line(finishing), "finish: (pid 101) 5s");
}

TEST(particulars, stand_in_the_order_of_runit) {
    const status all{{1000, 0}, 100, true, want::down, true, phase::run};
    EXPECT_EQ(line(all, true), "run: (pid 100) 5s, normally down, paused, want down, got TERM");
    const status exiting{{1000, 0}, 100, true, want::exit, false, phase::finish};
    EXPECT_EQ(line(exiting), "finish: (pid 100) 5s, paused, want down");
}

TEST(particulars, of_a_service_without_a_process_are_those_of_down) {
    const status none{{1000, 0}, 0, true, want::up, true, phase::run};
    EXPECT_EQ(line(none), "run: (pid 0) 5s, normally up, want up");
}

TEST(particulars, age_is_never_negative) {
    EXPECT_EQ(line(running, false, 900), "run: (pid 100) 0s");
    EXPECT_EQ(line(running, false, 1000), "run: (pid 100) 0s");
}

TEST(particulars, have_room_for_the_largest_of_everything) {
    constexpr auto first = std::numeric_limits<std::int64_t>::min(), last = std::numeric_limits<std::int64_t>::max();
    const status   most{{first, 0}, ~0U, true, want::down, true, phase::finish};
    EXPECT_EQ(line(most, true, last),
              "finish: (pid 4294967295) 18446744073709551615s, normally down, paused, want down, got TERM");
}

TEST(exit_code, counts_the_failures_up_to_99) {
    EXPECT_EQ(code_of_failures(0), 0);
    EXPECT_EQ(code_of_failures(1), 1);
    EXPECT_EQ(code_of_failures(99), 99);
    EXPECT_EQ(code_of_failures(100), 99);
    EXPECT_EQ(code_of_failures(5000), 99);
}

}  // namespace
}  // namespace runwell
