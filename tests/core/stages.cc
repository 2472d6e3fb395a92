#include "core/stages.hh"

#include <gtest/gtest.h>

#include <csignal>
#include <deque>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "stages_world.hh"

namespace runwell {
namespace {

using namespace of_machine;

std::string told(const system_action& what) {
    const std::string subject = what.subject;
    switch (what.what) {
        case action::inform: return what.text + subject;
        case action::warn: return "warning: " + (what.text + subject);
        case action::start_stage: return "start " + subject;
        case action::start_script: return "start " + subject;
        case action::arm_stopit: return "arm";
        case action::disarm: return "disarm";
        case action::signal_stage: return "signal " + std::to_string(what.number);
        case action::signal_group: return "signal group " + std::to_string(what.number);
        case action::kill_all: return "kill all";
        case action::end: return "end";
        case action::leave: return "leave";
    }
    return "?";
}

using lines = std::vector<std::string>;

// A machine and the events that happen to it, in order.
struct story {
    system_state s;
    ticks        now = 100 * one_second;
    permissions  files;
    lines        did;

    void happens(kind what, int status = 0) {
        system_actions list;
        step(s, {.what = what, .at = now, .status = status, .files = files}, list);
        for (const system_action& one : list) did.push_back(told(one));
    }
    void begins() { happens(kind::tick); }
    void stage_ends(int status = 0) { happens(kind::stage_ended, status); }
    void waits(ticks seconds) {
        now += seconds * one_second;
        happens(kind::tick);
    }
    lines deeds() { return std::exchange(did, {}); }
};

story in_stage(int stage) {
    story told;
    told.begins();
    for (int i = 1; i < stage; ++i) told.stage_ends();
    told.deeds();
    return told;
}

TEST(stages, follow_each_other_and_then_the_machine_is_switched_off) {
    story told;
    told.begins();
    for (int i = 0; i < 3; ++i) told.stage_ends();
    EXPECT_EQ(told.deeds(), (lines{"enter stage: /etc/runit/1", "start /etc/runit/1", "leave stage: /etc/runit/1",
                                   "enter stage: /etc/runit/2", "start /etc/runit/2", "leave stage: /etc/runit/2",
                                   "enter stage: /etc/runit/3", "start /etc/runit/3", "leave stage: /etc/runit/3",
                                   "sending KILL signal to all processes...", "kill all", "power off...", "end"}));
    EXPECT_EQ(told.s.how, ending::power_off);
    EXPECT_FALSE(told.s.keep_dirty);
}

TEST(stages, the_reboot_file_decides_at_the_very_end) {
    story told        = in_stage(3);
    told.files.reboot = true;
    told.files.halt   = true;
    told.stage_ends();
    EXPECT_EQ(told.deeds().at(3), "system reboot.");
    EXPECT_EQ(told.s.how, ending::reboot);
}

TEST(stages, the_halt_file_halts_and_nosync_keeps_the_disks_as_they_are) {
    story told        = in_stage(3);
    told.files.halt   = true;
    told.files.nosync = true;
    told.stage_ends();
    EXPECT_EQ(told.deeds().at(3), "system halt.");
    EXPECT_EQ(told.s.how, ending::halt);
    EXPECT_TRUE(told.s.keep_dirty);
}

TEST(stages, stage_1_that_crashes_or_exits_100_skips_stage_2) {
    for (const int status : {exited(100), killed}) {
        story told = in_stage(1);
        told.stage_ends(status);
        EXPECT_EQ(told.deeds(), (lines{status == killed ? "warning: child crashed: /etc/runit/1"
                                                        : "warning: child failed: /etc/runit/1",
                                       "leave stage: /etc/runit/1", "warning: skipping stage 2...",
                                       "enter stage: /etc/runit/3", "start /etc/runit/3"}));
    }
}

TEST(stages, stage_1_that_fails_otherwise_is_only_told_of) {
    story told = in_stage(1);
    told.stage_ends(exited(111));
    EXPECT_EQ(told.deeds(), (lines{"warning: child failed: /etc/runit/1", "leave stage: /etc/runit/1",
                                   "enter stage: /etc/runit/2", "start /etc/runit/2"}));
}

TEST(stages, stage_2_that_crashes_or_exits_111_is_started_again_after_5_seconds) {
    for (const int status : {exited(111), killed}) {
        story told = in_stage(2);
        told.stage_ends(status);
        EXPECT_EQ(told.deeds(), (lines{status == killed ? "warning: child crashed: /etc/runit/2"
                                                        : "warning: child failed: /etc/runit/2",
                                       "warning: killing all processes in stage 2...", "signal group 9"}));
        told.waits(4);
        EXPECT_EQ(told.deeds(), lines{});
        told.waits(1);
        EXPECT_EQ(told.deeds(), (lines{"warning: restarting.", "enter stage: /etc/runit/2", "start /etc/runit/2"}));
    }
}

TEST(stages, stage_2_that_fails_otherwise_ends_the_day) {
    story told = in_stage(2);
    told.stage_ends(exited(1));
    EXPECT_EQ(told.deeds(), (lines{"warning: child failed: /etc/runit/2", "leave stage: /etc/runit/2",
                                   "enter stage: /etc/runit/3", "start /etc/runit/3"}));
}

TEST(stages, cont_without_stopit_means_nothing) {
    story told = in_stage(2);
    told.happens(kind::cont);
    EXPECT_EQ(told.deeds(), lines{});
}

TEST(stages, cont_with_stopit_terminates_stage_2_and_its_end_is_no_failure) {
    story told        = in_stage(2);
    told.files.stopit = true;
    told.happens(kind::cont);
    EXPECT_EQ(told.deeds(), (lines{"disarm", "signal 15"}));
    told.stage_ends(SIGTERM);
    EXPECT_EQ(told.deeds(), (lines{"leave stage: /etc/runit/2", "enter stage: /etc/runit/3", "start /etc/runit/3"}));
}

TEST(stages, a_stage_2_that_ignores_term_is_killed_after_5_seconds) {
    story told        = in_stage(2);
    told.files.stopit = true;
    told.happens(kind::cont);
    told.deeds();
    told.waits(4);
    EXPECT_EQ(told.deeds(), lines{});
    told.waits(1);
    EXPECT_EQ(told.deeds(), (lines{"warning: stage 2 not terminated, sending sigkill...", "signal 9"}));
    EXPECT_FALSE(next_tick(told.s));
}

TEST(stages, a_shutdown_needs_no_stage_2_to_come_back) {
    story told = in_stage(2);
    told.stage_ends(killed);
    told.deeds();
    told.files.stopit = true;
    told.happens(kind::cont);
    EXPECT_EQ(told.deeds(),
              (lines{"disarm", "leave stage: /etc/runit/2", "enter stage: /etc/runit/3", "start /etc/runit/3"}));
}

TEST(stages, signals_are_taken_in_stage_2_alone) {
    for (const int stage : {1, 3}) {
        for (const kind signal : {kind::cont, kind::interrupt, kind::power, kind::alarm}) {
            story told = in_stage(stage);
            told.files = {.stopit = true, .ctrlaltdel = true, .pwrfail = true};
            told.happens(signal);
            EXPECT_EQ(told.deeds(), lines{"warning: signals only work in stage 2."});
        }
    }
}

TEST(stages, alarm_is_for_stage_2) {
    story told = in_stage(2);
    told.happens(kind::alarm);
    EXPECT_EQ(told.deeds(), lines{"signal 14"});
    told.stage_ends(killed);
    told.deeds();
    told.happens(kind::alarm);
    EXPECT_EQ(told.deeds(), lines{}) << "which is not there";
}

TEST(stages, ctrl_alt_del_runs_its_file_and_then_does_what_stopit_says) {
    story told            = in_stage(2);
    told.files.ctrlaltdel = true;
    told.happens(kind::interrupt);
    EXPECT_EQ(told.deeds(),
              (lines{"ctrl-alt-del request...", "enter stage: /etc/runit/ctrlaltdel", "start /etc/runit/ctrlaltdel"}));
    told.happens(kind::script_ended, exited(7));
    EXPECT_EQ(told.deeds(), lines{"leave stage: /etc/runit/ctrlaltdel"});
    told.happens(kind::interrupt);
    told.deeds();
    told.files.stopit = true;
    told.happens(kind::script_ended, killed);
    EXPECT_EQ(told.deeds(), (lines{"warning: child crashed: /etc/runit/ctrlaltdel",
                                   "leave stage: /etc/runit/ctrlaltdel", "disarm", "signal 15"}));
}

TEST(stages, without_their_files_ctrl_alt_del_and_power_failure_mean_nothing) {
    story told        = in_stage(2);
    told.files.stopit = true;
    told.happens(kind::interrupt);
    told.happens(kind::power);
    EXPECT_EQ(told.deeds(), lines{});
}

TEST(stages, a_power_failure_arms_stopit_before_its_file_runs) {
    story told         = in_stage(2);
    told.files.pwrfail = true;
    told.happens(kind::power);
    EXPECT_EQ(told.deeds(),
              (lines{"powerfail event...", "arm", "enter stage: /etc/runit/pwrfail", "start /etc/runit/pwrfail"}));
}

TEST(stages, a_power_failure_while_ctrlaltdel_runs_is_not_forgotten) {
    story told = in_stage(2);
    told.files = {.ctrlaltdel = true, .pwrfail = true};
    told.happens(kind::interrupt);
    told.deeds();
    told.happens(kind::power);
    EXPECT_EQ(told.deeds(), lines{});
    told.happens(kind::script_ended);
    EXPECT_EQ(told.deeds(), (lines{"leave stage: /etc/runit/ctrlaltdel", "powerfail event...", "arm",
                                   "enter stage: /etc/runit/pwrfail", "start /etc/runit/pwrfail"}));
}

TEST(stages, a_hanging_ctrlaltdel_does_not_keep_cont_from_being_obeyed) {
    story told            = in_stage(2);
    told.files.ctrlaltdel = true;
    told.happens(kind::interrupt);
    told.deeds();
    told.files.stopit = true;
    told.happens(kind::cont);
    told.stage_ends(SIGTERM);
    EXPECT_EQ(told.deeds(), (lines{"disarm", "signal 15", "leave stage: /etc/runit/2", "enter stage: /etc/runit/3",
                                   "start /etc/runit/3"}));
    told.happens(kind::script_ended);
    EXPECT_EQ(told.deeds(), lines{"leave stage: /etc/runit/ctrlaltdel"});
}

TEST(stages, when_stage_2_ends_while_ctrlaltdel_runs_that_script_has_the_word) {
    story told            = in_stage(2);
    told.files.ctrlaltdel = true;
    told.happens(kind::interrupt);
    told.deeds();
    told.stage_ends(exited(111));
    EXPECT_EQ(told.deeds(), lines{});
    EXPECT_FALSE(next_tick(told.s));
    story stopped        = told;
    stopped.files.stopit = true;
    stopped.happens(kind::script_ended);
    EXPECT_EQ(stopped.deeds(), (lines{"leave stage: /etc/runit/ctrlaltdel", "disarm", "leave stage: /etc/runit/2",
                                      "enter stage: /etc/runit/3", "start /etc/runit/3"}));
    told.happens(kind::script_ended);
    EXPECT_EQ(told.deeds(), (lines{"leave stage: /etc/runit/ctrlaltdel", "warning: child failed: /etc/runit/2",
                                   "warning: killing all processes in stage 2...", "signal group 9"}));
}

TEST(stages, a_process_that_cannot_be_made_is_tried_again_after_5_seconds) {
    story told = in_stage(1);
    told.happens(kind::stage_not_started);
    EXPECT_EQ(told.deeds(), lines{});
    told.waits(4);
    EXPECT_EQ(told.deeds(), lines{});
    told.waits(1);
    EXPECT_EQ(told.deeds(), lines{"start /etc/runit/1"}) << "it has been announced already";

    told                  = in_stage(2);
    told.files.ctrlaltdel = true;
    told.happens(kind::interrupt);
    told.happens(kind::script_not_started);
    told.deeds();
    told.waits(5);
    EXPECT_EQ(told.deeds(), lines{"start /etc/runit/ctrlaltdel"});

    told = in_stage(3);
    told.stage_ends();
    told.happens(kind::end_not_started);
    told.deeds();
    told.waits(5);
    EXPECT_EQ(told.deeds(), (lines{"power off...", "end"}));
}

TEST(stages, a_pwrfail_that_cannot_be_started_shuts_down_at_once) {
    story told         = in_stage(2);
    told.files.pwrfail = true;
    told.happens(kind::power);
    told.deeds();
    told.files.stopit = true;
    told.happens(kind::script_not_started);
    EXPECT_EQ(told.deeds(), (lines{"disarm", "signal 15"}));
}

TEST(stages, a_machine_that_cannot_be_switched_off_is_halted_and_process_1_stays) {
    story told = in_stage(3);
    told.stage_ends();
    told.deeds();
    told.happens(kind::end_ended);
    EXPECT_EQ(told.deeds(), (lines{"system halt.", "end"}));
    told.happens(kind::end_ended);
    EXPECT_EQ(told.deeds(), lines{});
    EXPECT_EQ(told.s.now, activity::at_rest);
    EXPECT_FALSE(next_tick(told.s));
}

TEST(stages, a_container_that_may_not_reboot_ends_with_process_1) {
    story told        = in_stage(3);
    told.s.is_machine = false;
    told.stage_ends();
    told.deeds();
    told.happens(kind::end_ended);
    EXPECT_EQ(told.deeds(), lines{"leave"});
}

TEST(stages, signals_are_those_of_runit) {
    EXPECT_EQ(kind_of_signal(SIGCONT), kind::cont);
    EXPECT_EQ(kind_of_signal(SIGINT), kind::interrupt);
    EXPECT_EQ(kind_of_signal(SIGPWR), kind::power);
    EXPECT_EQ(kind_of_signal(SIGALRM), kind::alarm);
    for (const int other : {SIGCHLD, SIGTERM, SIGHUP, SIGUSR1}) EXPECT_FALSE(kind_of_signal(other));
}

TEST(stages, the_files_say_how_the_machine_ends_and_reboot_comes_first) {
    EXPECT_EQ(ending_of({}), ending::power_off);
    EXPECT_EQ(ending_of({.reboot = true}), ending::reboot);
    EXPECT_EQ(ending_of({.halt = true}), ending::halt);
    EXPECT_EQ(ending_of({.reboot = true, .halt = true}), ending::reboot);
}

TEST(stages, a_request_sets_the_files_that_are_then_read) {
    for (const ending how : {ending::reboot, ending::power_off, ending::halt}) {
        const permissions files = permissions_for(how);
        EXPECT_TRUE(files.stopit);
        EXPECT_EQ(ending_of(files), how);
        EXPECT_FALSE(files.reboot && files.halt) << "runit knows reboot alone";
        EXPECT_EQ(files.reboot, how == ending::reboot);
    }
}

TEST(stages, nothing_is_waited_for_but_events) {
    for (const int stage : {1, 2, 3}) EXPECT_FALSE(next_tick(in_stage(stage).s));
}

// -- every story ---------------------------------------------------------------------------------------------------

TEST(stages, every_story_is_told_and_none_hangs) {
    std::set<decltype(key(world{}))> seen;
    std::deque<world>                queue;
    for (const bool is_machine : {true, false}) {
        world w;
        w.s.is_machine = is_machine;
        queue.push_back(after(w, {.what = kind::tick}));
    }
    while (!queue.empty()) {
        const world w = queue.front();
        queue.pop_front();
        if (!seen.insert(key(w)).second) continue;
        SCOPED_TRACE("stage " + std::to_string(w.s.stage) + ", activity " + std::to_string(static_cast<int>(w.s.now)));
        check(w);
        check_that_it_ends(w);
        for (const system_event& e : events_of(w)) queue.push_back(after(w, e));
        ASSERT_FALSE(::testing::Test::HasFailure());
    }
    EXPECT_GT(seen.size(), 100U);
    RecordProperty("states", static_cast<int>(seen.size()));
}

}  // namespace
}  // namespace runwell
