#include "core/service.hh"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace runwell {

static void PrintTo(const service_action& what, std::ostream* to) {
    static const char* const names[] = {"start_run",  "start_finish", "send",          "kill_script", "send_rest",
                                        "run_script", "end_input",    "end_container", "leave"};
    *to << names[static_cast<int>(what.what)] << " " << what.signal << " " << (what.script != 0 ? what.script : '-');
}

namespace {

using action = service_action::kind;
using kind   = event::kind;

const service_action start_run{.what = action::start_run}, start_finish{.what = action::start_finish};
service_action       send(int signal) { return {.what = action::send, .signal = signal}; }
service_action       script(char letter) { return {.what = action::run_script, .script = letter}; }

constexpr int exited_0 = 0, killed_by_term = SIGTERM;

// A service and the events that happen to it, in order. There are no scripts unless a story adds them.
struct story {
    service                     s;
    ticks                       now        = 100 * one_second;
    bool                        has_finish = false;
    bool                        scripts    = false;  // leave the answers to the story
    bool                        essential  = false;
    stop_rules                  rules      = {};
    std::vector<service_action> did;

    void happens(event e) {
        e.at        = now;
        e.wall      = {now / one_second, 0};
        e.essential = essential;
        e.rules     = rules;
        service_actions list;
        step(s, e, list);
        for (const service_action& what : list) {
            const bool unanswered = what.what == action::run_script && !scripts;
            if (unanswered)
                happens({.what = kind::script_ended});
            else
                did.push_back(what);
        }
    }
    void begins() { happens({}); }
    void command(char letter) { happens({.what = kind::command, .order = *command_of(letter)}); }
    void ends(int status = exited_0) { happens({.what = kind::ended, .status = status, .has_finish = has_finish}); }
    void script_says(bool handled) { happens({.what = kind::script_ended, .handled = handled}); }
    void second_passes() {
        now += one_second;
        happens({});
    }
    // The actions since the last call.
    std::vector<service_action> deeds() { return std::exchange(did, {}); }
};
using deeds = std::vector<service_action>;

story running() {
    story told;
    told.begins();
    told.deeds();
    told.now += 5 * one_second;
    return told;
}

TEST(service, a_service_that_is_wanted_up_is_started) {
    story told;
    told.begins();
    EXPECT_EQ(told.deeds(), deeds{start_run});
    EXPECT_EQ(told.s.now, phase::run);
    EXPECT_TRUE(told.s.alive);
}

TEST(service, a_service_with_a_down_file_waits_for_up) {
    story told;
    told.s.wanted = want::down;
    told.begins();
    EXPECT_EQ(told.deeds(), deeds{});
    told.command('u');
    EXPECT_EQ(told.deeds(), deeds{start_run});
}

TEST(service, a_service_that_ran_longer_than_a_second_is_restarted_at_once) {
    story told = running();
    told.ends();
    EXPECT_EQ(told.deeds(), deeds{start_run});
}

TEST(service, a_crash_inside_the_first_second_waits_out_the_second) {
    story told;
    told.begins();
    told.deeds();
    told.now += one_second / 4;
    told.ends();
    EXPECT_EQ(told.deeds(), deeds{});
    EXPECT_EQ(told.s.now, phase::down);
    told.now += one_second / 2;
    told.begins();
    EXPECT_EQ(told.deeds(), deeds{}) << "three quarters of a second after the start";
    told.now += one_second / 4;
    told.begins();
    EXPECT_EQ(told.deeds(), deeds{start_run});
}

TEST(service, finish_runs_between_two_runs_and_keeps_the_time_of_the_start) {
    story told         = running();
    told.has_finish    = true;
    const moment start = told.s.since;
    told.ends(3 << 8);
    EXPECT_EQ(told.deeds(), deeds{start_finish});
    EXPECT_EQ(told.s.now, phase::finish);
    EXPECT_EQ(told.s.since, start);
    EXPECT_EQ(told.s.wait_status, 3 << 8);
    told.ends();
    EXPECT_EQ(told.deeds(), deeds{start_run});
}

TEST(service, nothing_but_kill_is_sent_to_finish) {
    story told      = running();
    told.has_finish = true;
    told.ends();
    told.deeds();
    for (const command_row& row : command_rows)
        if (row.signal != 0 && row.letter != 'd' && row.letter != 'x') told.command(row.letter);
    EXPECT_EQ(told.deeds(), deeds{send(SIGKILL)});
    EXPECT_EQ(told.s.now, phase::finish);
    EXPECT_FALSE(told.s.paused);
}

TEST(service, kill_during_finish_starts_no_second_copy_with_up) {
    story told      = running();
    told.has_finish = true;
    told.command('d');
    told.ends();
    told.deeds();
    told.command('k');
    told.command('u');
    EXPECT_EQ(told.deeds(), deeds{send(SIGKILL)});
    told.ends();
    EXPECT_EQ(told.deeds(), deeds{start_run});
}

TEST(service, kill_then_up_waits_for_the_death) {
    story told = running();
    told.command('k');
    EXPECT_EQ(told.deeds(), deeds{send(SIGKILL)});
    EXPECT_TRUE(told.s.alive);
    told.command('u');
    EXPECT_EQ(told.deeds(), deeds{});
    told.ends(SIGKILL);
    EXPECT_EQ(told.deeds(), deeds{start_run});
}

TEST(service, down_sends_term_then_cont) {
    story told = running();
    told.command('d');
    EXPECT_EQ(told.deeds(), (deeds{send(SIGTERM), send(SIGCONT)}));
    EXPECT_TRUE(told.s.got_term);
    told.ends(killed_by_term);
    EXPECT_EQ(told.deeds(), deeds{});
    EXPECT_EQ(told.s.now, phase::down);
    EXPECT_FALSE(told.s.got_term);
    told.second_passes();
    EXPECT_EQ(told.deeds(), deeds{});
}

TEST(service, term_of_a_service_that_is_wanted_up_sends_no_cont) {
    story told = running();
    told.command('t');
    EXPECT_EQ(told.deeds(), deeds{send(SIGTERM)});
    told.ends(killed_by_term);
    EXPECT_EQ(told.deeds(), deeds{start_run});
}

TEST(service, once_starts_once) {
    story told;
    told.s.wanted = want::down;
    told.command('o');
    EXPECT_EQ(told.deeds(), deeds{start_run});
    told.now += 5 * one_second;
    told.ends();
    told.second_passes();
    EXPECT_EQ(told.deeds(), deeds{});
}

TEST(service, once_while_running_lets_it_be_the_last) {
    story told = running();
    told.command('o');
    EXPECT_EQ(told.deeds(), deeds{});
    EXPECT_EQ(told.s.wanted, want::down);
    told.ends();
    EXPECT_EQ(told.deeds(), deeds{});
}

TEST(service, once_after_kill_starts_it_once_more) {
    for (const bool finishes : {false, true}) {
        story told      = running();
        told.has_finish = finishes;
        told.command('k');
        told.command('o');
        EXPECT_EQ(told.deeds(), deeds{send(SIGKILL)}) << "it has not been reaped";
        told.ends(SIGKILL);
        if (finishes) told.ends();
        EXPECT_EQ(told.deeds(), finishes ? (deeds{start_finish, start_run}) : deeds{start_run});
        told.ends();
        told.second_passes();
        if (finishes) told.ends();
        EXPECT_EQ(told.deeds(), finishes ? deeds{start_finish} : deeds{}) << "and only once";
    }
}

TEST(service, down_after_once_after_kill_stays_down) {
    story told = running();
    for (const char letter : {'k', 'o', 'd'}) told.command(letter);
    told.deeds();
    told.ends(SIGKILL);
    told.second_passes();
    EXPECT_EQ(told.deeds(), deeds{});
}

TEST(service, once_after_a_script_has_handled_kill_lets_it_be_the_last) {
    story told   = running();
    told.scripts = true;
    told.command('k');
    told.script_says(true);
    told.command('o');
    told.ends();
    told.second_passes();
    EXPECT_EQ(told.deeds(), deeds{script('k')});
}

TEST(service, once_inside_the_second_is_kept_until_it_is_over) {
    story told;
    told.begins();
    told.command('d');
    told.ends(killed_by_term);
    told.deeds();
    told.command('o');
    EXPECT_EQ(told.deeds(), deeds{});
    told.second_passes();
    EXPECT_EQ(told.deeds(), deeds{start_run});
}

TEST(service, down_then_up_inside_the_second_comes_up) {
    story told;
    told.begins();
    told.command('d');
    told.command('u');
    told.deeds();
    told.ends(killed_by_term);
    told.second_passes();
    EXPECT_EQ(told.deeds(), deeds{start_run});
}

TEST(service, every_signal_command_sends_its_signal) {
    for (const command_row& row : command_rows) {
        if (row.what <= command::exit) continue;
        story told = running();
        told.command(row.letter);
        EXPECT_EQ(told.deeds(), deeds{send(row.signal)}) << row.letter;
    }
}

TEST(service, no_signal_is_sent_where_nothing_runs) {
    story told;
    told.s.wanted = want::down;
    for (const command_row& row : command_rows)
        if (row.what > command::once) told.command(row.letter);
    EXPECT_EQ(told.deeds(), deeds{});
    EXPECT_FALSE(told.s.paused);
}

TEST(service, paused_is_said_until_cont_or_a_stop) {
    story told = running();
    told.command('p');
    EXPECT_TRUE(told.s.paused);
    told.command('c');
    EXPECT_FALSE(told.s.paused);
    told.command('p');
    told.command('d');
    EXPECT_FALSE(told.s.paused) << "down sends CONT";
}

TEST(service, a_script_is_asked_before_every_start_whatever_it_answers) {
    for (const bool answer : {true, false}) {
        story told;
        told.scripts = true;
        told.begins();
        EXPECT_EQ(told.deeds(), deeds{script('u')});
        EXPECT_EQ(told.s.now, phase::down);
        EXPECT_TRUE(busy(told.s));
        told.script_says(answer);
        EXPECT_EQ(told.deeds(), deeds{start_run});
    }
}

TEST(service, a_script_that_succeeds_takes_the_place_of_the_signal) {
    for (const char letter : {'t', 'k', 'p', 'c', 'h', 'a', 'i', 'q', '1', '2'}) {
        story told   = running();
        told.scripts = true;
        told.command(letter);
        EXPECT_EQ(told.deeds(), deeds{script(letter)});
        told.script_says(true);
        EXPECT_EQ(told.deeds(), deeds{}) << letter;
        EXPECT_EQ(told.s.paused, letter == 'p');
        EXPECT_FALSE(told.s.got_term);
        told.command(letter);
        told.script_says(false);
        EXPECT_EQ(told.deeds(), (deeds{script(letter), send(command_of(letter)->signal)})) << letter;
    }
}

TEST(service, down_asks_t_then_sends_then_tells_d) {
    story told   = running();
    told.scripts = true;
    told.command('d');
    EXPECT_EQ(told.deeds(), deeds{script('t')});
    told.script_says(false);
    EXPECT_EQ(told.deeds(), (deeds{send(SIGTERM), send(SIGCONT), script('d')}));
    told.script_says(false);
    EXPECT_EQ(told.deeds(), deeds{});
}

TEST(service, exit_sends_cont_even_when_t_has_handled_the_term) {
    story told   = running();
    told.scripts = true;
    told.command('x');
    told.script_says(true);
    EXPECT_EQ(told.deeds(), (deeds{script('t'), send(SIGCONT), script('x')}));
    EXPECT_FALSE(told.s.got_term);
    told.script_says(true);
    told.ends();
    EXPECT_TRUE(at_rest(told.s));
}

TEST(service, a_death_while_a_script_runs_is_seen_but_nothing_starts_before_its_end) {
    story told      = running();
    told.scripts    = true;
    told.has_finish = true;
    told.command('t');
    told.deeds();
    told.ends(killed_by_term);
    EXPECT_EQ(told.deeds(), deeds{});
    EXPECT_FALSE(told.s.alive);
    told.script_says(false);
    EXPECT_EQ(told.deeds(), deeds{start_finish}) << "and no TERM to a process that is gone";
}

TEST(service, a_start_that_fails_is_tried_again_after_a_second) {
    story told;
    told.begins();
    told.happens({.what = kind::could_not_start});
    told.deeds();
    EXPECT_EQ(told.s.now, phase::down);
    EXPECT_FALSE(told.s.alive);
    told.begins();
    EXPECT_EQ(told.deeds(), deeds{});
    told.second_passes();
    EXPECT_EQ(told.deeds(), deeds{start_run});
}

TEST(service, a_once_whose_start_fails_is_still_owed) {
    story told;
    told.s.wanted = want::down;
    told.command('o');
    told.happens({.what = kind::could_not_start});
    told.deeds();
    told.second_passes();
    EXPECT_EQ(told.deeds(), deeds{start_run});
}

TEST(service, a_finish_that_cannot_start_is_tried_again) {
    story told      = running();
    told.has_finish = true;
    told.ends();
    told.happens({.what = kind::could_not_start});
    told.deeds();
    EXPECT_EQ(told.s.now, phase::finish);
    told.second_passes();
    EXPECT_EQ(told.deeds(), deeds{start_finish});
}

TEST(service, a_logger_has_no_finish_no_scripts_and_does_not_know_exit) {
    story told;
    told.s.is_log   = true;
    told.scripts    = true;
    told.has_finish = true;
    told.begins();
    EXPECT_EQ(told.deeds(), deeds{start_run});
    told.command('x');
    EXPECT_EQ(told.s.wanted, want::up);
    told.command('d');
    EXPECT_EQ(told.deeds(), (deeds{send(SIGTERM), send(SIGCONT)}));
    told.ends(killed_by_term);
    EXPECT_EQ(told.s.now, phase::down);
}

// -- a stop that always ends ---------------------------------------------------------------------------------------

service_action send_rest(int signal) { return {.what = action::send_rest, .signal = signal}; }

constexpr stop_rules ten_seconds{.timeout_kill = 10 * one_second, .timeout_finish = 5 * one_second};

// What happens `after` so long.
void passes(story& told, ticks time) {
    told.now += time;
    told.happens({});
}

TEST(service, the_down_signal_takes_the_place_of_term_in_every_stop) {
    for (const char letter : {'d', 'x', 't'}) {
        story told             = running();
        told.rules.down_signal = SIGQUIT;
        told.command(letter);
        const deeds did = told.deeds();
        EXPECT_EQ(did.front(), send(SIGQUIT)) << letter;
        EXPECT_TRUE(told.s.got_term);
    }
}

TEST(service, the_reload_signal_takes_the_place_of_hup_alone) {
    story told               = running();
    told.rules.reload_signal = SIGUSR2;
    told.command('h');
    told.command('1');
    EXPECT_EQ(told.deeds(), (deeds{send(SIGUSR2), send(SIGUSR1)}));
}

TEST(service, a_control_script_that_exits_0_wins_over_the_down_signal) {
    story told   = running();
    told.scripts = true;
    told.rules   = {.down_signal = SIGQUIT, .timeout_kill = one_second};
    told.command('d');
    told.script_says(true);
    EXPECT_EQ(told.deeds(), (deeds{script('t'), send(SIGCONT), script('d')}));
    told.script_says(true);
    passes(told, one_second);
    EXPECT_EQ(told.deeds(), deeds{send(SIGKILL)}) << "the limit holds all the same";
}

TEST(service, a_stop_ends_by_kill_when_its_time_is_over) {
    for (const char letter : {'d', 'x', 't'}) {
        story told = running();
        told.rules = ten_seconds;
        told.command(letter);
        told.deeds();
        EXPECT_EQ(next_deadline(told.s.stop), told.now + 10 * one_second);
        passes(told, 10 * one_second - 1);
        EXPECT_EQ(told.deeds(), deeds{});
        passes(told, 1);
        EXPECT_EQ(told.deeds(), deeds{send(SIGKILL)}) << letter;
        EXPECT_EQ(next_deadline(told.s.stop), std::nullopt);
        passes(told, 60 * one_second);
        EXPECT_EQ(told.deeds(), deeds{}) << "once";
    }
}

TEST(service, a_second_stop_or_an_up_does_not_move_the_limit) {
    story told = running();
    told.rules = ten_seconds;
    told.command('d');
    const auto at = next_deadline(told.s.stop);
    passes(told, 5 * one_second);
    told.command('d');
    told.command('u');
    told.command('t');
    EXPECT_EQ(next_deadline(told.s.stop), at);
    passes(told, 5 * one_second);
    told.ends(SIGKILL);
    EXPECT_EQ(told.deeds().back(), start_run);
    EXPECT_EQ(told.s.stop, escalation{}) << "the next life begins without one";
}

TEST(service, without_a_limit_nothing_is_ever_killed) {
    story told      = running();
    told.has_finish = true;
    told.command('d');
    EXPECT_EQ(next_deadline(told.s.stop), std::nullopt);
    told.ends();
    EXPECT_EQ(next_deadline(told.s.stop), std::nullopt);
}

TEST(service, a_finish_that_hangs_is_killed_whether_the_service_was_stopped_or_not) {
    for (const bool stopped : {true, false}) {
        story told      = running();
        told.rules      = ten_seconds;
        told.has_finish = true;
        if (stopped) told.command('d');
        told.ends();
        told.deeds();
        passes(told, 5 * one_second);
        EXPECT_EQ(told.deeds(), deeds{send(SIGKILL)});
        told.ends(SIGKILL);
        EXPECT_EQ(told.s.now, stopped ? phase::down : phase::run);
    }
}

TEST(service, a_control_script_that_hangs_is_killed_and_its_signal_is_sent) {
    story told   = running();
    told.scripts = true;
    told.rules   = ten_seconds;
    told.command('t');
    told.deeds();
    passes(told, 5 * one_second);
    EXPECT_EQ(told.deeds(), deeds{service_action{.what = action::kill_script}});
    EXPECT_EQ(next_deadline(told.s.stop), std::nullopt);
    told.script_says(false);
    EXPECT_EQ(told.deeds(), deeds{send(SIGTERM)});
    EXPECT_EQ(next_deadline(told.s.stop), told.now + 10 * one_second);
}

story contained() {
    story told      = running();
    told.has_finish = true;
    told.rules      = {.timeout_kill = 10 * one_second, .contain = true};
    return told;
}
void leaves_a_rest(story& told, int status = exited_0) {
    told.happens({.what = kind::ended, .status = status, .has_finish = true, .has_rest = true});
}

TEST(service, what_a_contained_run_leaves_gets_term_then_kill_and_finish_begins_when_all_are_gone) {
    story told = contained();
    told.command('d');
    passes(told, 4 * one_second);
    told.deeds();
    leaves_a_rest(told, 3 << 8);
    EXPECT_EQ(told.deeds(), deeds{send_rest(SIGTERM)});
    EXPECT_EQ(told.s.now, phase::finish) << "not down";
    passes(told, 6 * one_second);
    EXPECT_EQ(told.deeds(), deeds{send_rest(SIGKILL)}) << "one limit for ./run and the rest";
    told.happens({.what = kind::rest_ended, .has_finish = true});
    EXPECT_EQ(told.deeds(), deeds{start_finish});
    EXPECT_EQ(told.s.wait_status, 3 << 8);
}

TEST(service, the_rest_of_a_service_that_was_killed_at_its_limit_is_killed_at_once) {
    story told = contained();
    told.command('d');
    passes(told, 10 * one_second);
    told.deeds();
    leaves_a_rest(told, SIGKILL);
    EXPECT_EQ(told.deeds(), deeds{send_rest(SIGKILL)});
    told.happens({.what = kind::rest_ended});
    EXPECT_EQ(told.s.now, phase::down);
}

TEST(service, the_rest_of_a_crash_has_five_seconds_where_no_limit_is_set_and_nothing_starts_beside_it) {
    story told = contained();
    told.rules = {.contain = true};
    leaves_a_rest(told, SIGSEGV);
    EXPECT_EQ(told.deeds(), deeds{send_rest(SIGTERM)});
    told.command('u');
    EXPECT_EQ(told.deeds(), deeds{});
    passes(told, 5 * one_second);
    EXPECT_EQ(told.deeds(), deeds{send_rest(SIGKILL)});
    told.happens({.what = kind::rest_ended});
    EXPECT_EQ(told.deeds(), deeds{start_run});
}

TEST(service, kill_of_a_contained_service_is_for_all_of_it) {
    story told = contained();
    told.command('k');
    told.deeds();
    leaves_a_rest(told, SIGKILL);
    EXPECT_EQ(told.deeds(), deeds{send_rest(SIGKILL)});
    told = contained();
    leaves_a_rest(told);
    told.deeds();
    told.command('k');
    EXPECT_EQ(told.deeds(), deeds{send_rest(SIGKILL)});
}

// -- a container lives for it --------------------------------------------------------------------------------------

const service_action end_container{.what = action::end_container};

story essential() {
    story told     = running();
    told.essential = true;
    return told;
}

TEST(service, an_essential_service_that_crashes_is_not_started_again_and_ends_the_container) {
    for (const int status : {killed_by_term, SIGSEGV, SIGKILL, 1 << 8, 111 << 8}) {
        story told = essential();
        told.ends(status);
        EXPECT_EQ(told.deeds(), deeds{end_container}) << status;
        EXPECT_EQ(told.s.wanted, want::down);
    }
}

TEST(service, an_essential_service_ends_the_container_after_its_finish) {
    story told      = essential();
    told.has_finish = true;
    told.ends(1 << 8);
    EXPECT_EQ(told.deeds(), deeds{start_finish});
    told.happens({.what = kind::could_not_start});
    told.second_passes();
    EXPECT_EQ(told.deeds(), deeds{start_finish}) << "no process could be made for it";
    told.ends();
    EXPECT_EQ(told.deeds(), deeds{end_container});
}

TEST(service, an_essential_service_that_ends_well_or_is_told_to_is_restarted) {
    story told = essential();
    told.ends();
    EXPECT_EQ(told.deeds(), deeds{start_run});
    told.now += one_second;
    told.command('t');
    told.ends(1 << 8);
    EXPECT_EQ(told.deeds(), (deeds{send(SIGTERM), start_run}));
}

TEST(service, an_essential_service_that_is_taken_down_ends_the_container_when_it_is_down) {
    story told = essential();
    told.command('d');
    EXPECT_EQ(told.deeds(), (deeds{send(SIGTERM), send(SIGCONT)}));
    told.ends(killed_by_term);
    EXPECT_EQ(told.deeds(), deeds{end_container});
    told.command('o');
    told.second_passes();
    EXPECT_EQ(told.deeds(), deeds{start_run});
    told.now += one_second;
    told.ends();
    EXPECT_EQ(told.deeds(), deeds{end_container}) << "once more";
}

TEST(service, an_essential_service_that_is_taken_down_between_two_starts_ends_the_container) {
    story told     = running();
    told.now       = told.s.started;
    told.essential = true;
    told.ends();
    EXPECT_EQ(told.deeds(), deeds{}) << "its second is not over";
    told.command('d');
    EXPECT_EQ(told.deeds(), deeds{end_container});
}

TEST(service, an_essential_service_with_a_down_file_ends_nothing_before_it_was_up) {
    story told;
    told.essential = true;
    told.s.wanted  = want::down;
    told.begins();
    told.command('d');
    EXPECT_EQ(told.deeds(), deeds{});
}

TEST(service, an_essential_service_that_is_killed_while_exit_is_wanted_still_leaves) {
    story told = essential();
    told.command('x');
    told.deeds();
    told.ends(SIGKILL);
    EXPECT_EQ(told.deeds(), deeds{end_container});
    EXPECT_EQ(told.s.wanted, want::exit);
}

}  // namespace
}  // namespace runwell
