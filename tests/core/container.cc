#include "core/container.hh"

#include <gtest/gtest.h>

#include <csignal>
#include <deque>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "container_world.hh"
#include "core/essential.hh"
#include "core/stages.hh"

namespace runwell {
namespace {

using namespace of_container;

std::string told(const container_action& what) {
    const std::string number = std::to_string(what.number);
    switch (what.what) {
        case action::inform: return what.text;
        case action::warn: return std::string{"warning: "} + what.text;
        case action::run_step: return "step";
        case action::start_services: return "services";
        case action::start_command: return "command";
        case action::signal_step: return "signal step " + number;
        case action::signal_services: return "signal services " + number;
        case action::signal_command: return "signal command " + number;
        case action::kill_services: return "kill services";
        case action::signal_everybody: return "signal everybody " + number;
        case action::disarm: return "disarm";
        case action::leave: return "leave " + number;
    }
    return "?";
}

using lines = std::vector<std::string>;

// A container and the events that happen to it, in order. There are no scripts unless a story adds them.
struct story {
    container_state s;
    ticks           now           = 100 * one_second;
    bool            services      = true;
    bool            services_left = false, anybody_left = false;
    bool            scripts = false, stopit = false;
    lines           did;

    void happens(kind what, int status = 0) {
        container_actions list;
        step(s,
             {.what          = what,
              .at            = now,
              .status        = status,
              .services      = services,
              .stopit        = stopit,
              .services_left = services_left,
              .anybody_left  = anybody_left},
             list);
        for (const container_action& one : list) {
            if (one.what == action::run_step && !scripts)
                happens(kind::no_step);
            else
                did.push_back(told(one));
        }
    }
    void begins() { happens(kind::tick); }
    void waits(ticks seconds) {
        now += seconds * one_second;
        happens(kind::tick);
    }
    // Until so many seconds after the stop was asked for, and not a tick before.
    void waits_until(double seconds) {
        now = s.end - s.patience + static_cast<ticks>(seconds * one_second);
        EXPECT_EQ(next_tick(s), now);
        happens(kind::tick);
    }
    lines deeds() { return std::exchange(did, {}); }
};

story serving(bool with_command = false) {
    story told;
    told.s.has_command = with_command;
    told.begins();
    told.deeds();
    return told;
}

const lines stop_everybody{"signal everybody 15", "signal everybody 18"};

TEST(container, starts_what_is_there_in_order) {
    story told;
    told.s.has_command = true;
    told.scripts       = true;
    told.begins();
    EXPECT_EQ(told.deeds(), lines{"step"}) << "stage 1";
    told.happens(kind::step_ended);
    EXPECT_EQ(told.deeds(), lines{"step"}) << "the first of my_init.d";
    told.happens(kind::step_ended);
    EXPECT_EQ(told.deeds(), lines{"step"}) << "the next";
    told.happens(kind::no_step);
    EXPECT_EQ(told.deeds(), (lines{"services", "command"}));
}

TEST(container, without_a_services_directory_a_command_runs_alone) {
    story told;
    told.s.has_command = true;
    told.services      = false;
    told.begins();
    EXPECT_EQ(told.deeds(), lines{"command"});
    told          = {};
    told.services = false;
    told.begins();
    EXPECT_EQ(told.deeds(), lines{"services"}) << "so that it says what is missing";
}

TEST(container, a_stop_that_was_asked_for_is_a_success) {
    story told = serving();
    told.happens(kind::stop);
    EXPECT_EQ(told.deeds(), lines{"signal services 1"});
    told.happens(kind::services_ended, exited(111));
    EXPECT_EQ(told.deeds(), (lines{"signal everybody 15", "signal everybody 18", "leave 0"}));
}

TEST(container, a_cont_stops_it_only_if_stopit_says_so) {
    story told = serving();
    told.happens(kind::cont);
    EXPECT_EQ(told.deeds(), lines{});
    told.stopit = true;
    told.happens(kind::cont);
    EXPECT_EQ(told.deeds(), (lines{"disarm", "signal services 1"}));
}

TEST(container, every_signal_has_its_meaning) {
    struct row {
        int  signal, value;
        kind what;
        int  status;
    };
    constexpr row rows[] = {
        {SIGTERM, 0, kind::stop, 0},
        {SIGINT, 0, kind::stop, 0},
        {SIGPWR, 0, kind::stop, 0},
        {SIGHUP, 0, kind::stop, 0},
        {SIGCONT, 0, kind::cont, 0},
        {essential_signal, 42, kind::essential_ended, 42},
        {essential_signal, 0x1ff, kind::essential_ended, 0xff},
        {SIGALRM, 0, kind::signal, SIGALRM},
        {SIGUSR1, 7, kind::signal, SIGUSR1},
        {SIGWINCH, 0, kind::signal, SIGWINCH},
    };
    for (const row& one : rows) {
        SCOPED_TRACE(one.signal);
        const auto event = event_of_signal(one.signal, one.value);
        ASSERT_TRUE(event);
        EXPECT_EQ(event->what, one.what);
        EXPECT_EQ(event->status, one.status);
    }
    EXPECT_FALSE(event_of_signal(SIGCHLD, 0));
}

TEST(container, each_stage_has_its_scripts) {
    struct row {
        stage            in;
        std::string_view directory, file;
        bool             are_hooks;
    };
    constexpr row rows[] = {
        {stage::stage_1, "", path::stage_1, false},
        {stage::start_hooks, "/etc/my_init.d", "/etc/rc.local", true},
        {stage::serving, "", "", false},
        {stage::stop_hooks, "/etc/my_init.pre_shutdown.d", "", true},
        {stage::stopping, "", "", false},
        {stage::after_hooks, "/etc/my_init.post_shutdown.d", "", true},
        {stage::stage_3, "", path::stage_3, false},
        {stage::terminating, "", "", false},
        {stage::killing, "", "", false},
        {stage::gone, "", "", false},
    };
    const auto text = [](const char* words) { return std::string_view{words == nullptr ? "" : words}; };
    for (const row& one : rows) {
        SCOPED_TRACE(static_cast<int>(one.in));
        const stage_scripts its = scripts_of(one.in);
        EXPECT_EQ(text(its.directory), one.directory);
        EXPECT_EQ(text(its.file), one.file);
        EXPECT_EQ(its.are_hooks, one.are_hooks);
    }
}

TEST(container, hooks_run_in_the_order_of_their_bytes_each_once) {
    const std::vector<std::string> names{"b", "10_a", "Z", "9", "a", "aa"};
    std::vector<std::string>       ran;
    for (std::string last;; ran.push_back(last)) {
        std::string best;
        for (const std::string& name : names)
            if (is_next_hook(name, last, best)) best = name;
        if (best.empty()) break;
        last = best;
    }
    EXPECT_EQ(ran, (std::vector<std::string>{"10_a", "9", "Z", "a", "aa", "b"}));
}

TEST(container, a_stop_has_eight_seconds_or_those_of_the_environment) {
    struct row {
        const char* seconds;
        ticks       patience;
    };
    constexpr row rows[] = {{nullptr, 8}, {"", 8},  {"x", 8},         {"5s", 8},
                            {"-1", 8},    {"0", 0}, {"86400", 86400}, {"86401", 86400}};
    for (const row& one : rows)
        EXPECT_EQ(patience_of(one.seconds), one.patience * one_second) << (one.seconds ? one.seconds : "not set");
}

TEST(container, its_own_stage_2_has_precedence_over_runsvdir) {
    EXPECT_EQ(service_program_of(true), service_program::stage_2);
    EXPECT_EQ(service_program_of(false), service_program::runsvdir);
}

TEST(container, what_is_left_is_looked_for_only_where_a_stage_waits_for_it) {
    using all = std::vector<stage>;
    all services, anybody;
    for (const stage one : {stage::stage_1, stage::start_hooks, stage::serving, stage::stop_hooks, stage::stopping,
                            stage::after_hooks, stage::stage_3, stage::terminating, stage::killing, stage::gone}) {
        const container_state s{.now = one};
        if (looks_at_services_left(s)) services.push_back(one);
        if (looks_at_anybody_left(s)) anybody.push_back(one);
    }
    EXPECT_EQ(services, (all{stage::stop_hooks, stage::stopping}));
    EXPECT_EQ(anybody, (all{stage::stage_3, stage::terminating, stage::killing, stage::gone}));
}

TEST(container, it_stays_until_the_last_supervisor_has_gone) {
    story told         = serving();
    told.services_left = told.anybody_left = true;
    told.happens(kind::stop);
    told.happens(kind::services_ended, exited(111));
    EXPECT_EQ(told.deeds(), lines{"signal services 1"});
    told.happens(kind::child_gone);
    EXPECT_EQ(told.deeds(), lines{});
    told.services_left = false;
    told.happens(kind::child_gone);
    EXPECT_EQ(told.deeds(), stop_everybody);
    told.happens(kind::child_gone);
    EXPECT_EQ(told.deeds(), lines{});
    told.anybody_left = false;
    told.happens(kind::child_gone);
    EXPECT_EQ(told.deeds(), lines{"leave 0"});
}

TEST(container, patience_ends_with_kill_and_what_comes_then_is_over_in_a_second_and_a_half) {
    story told         = serving(true);
    told.services_left = told.anybody_left = true;
    told.happens(kind::stop);
    EXPECT_EQ(told.deeds(), (lines{"signal services 1", "signal command 15", "signal command 18"}));
    told.waits(7);
    EXPECT_EQ(told.deeds(), lines{});
    told.waits(1);
    EXPECT_EQ(told.deeds(),
              (lines{"warning: services not terminated, sending sigkill...", "kill services", "signal command 9"}));
    told.waits_until(8.5);
    EXPECT_EQ(told.deeds(), stop_everybody) << "loggers had half a second";
    told.waits_until(9.25);
    EXPECT_EQ(told.deeds(), lines{"signal everybody 9"});
    told.waits_until(9.5);
    EXPECT_EQ(told.deeds(), lines{"leave 0"}) << "whoever is left: the kernel ends them";
}

TEST(container, patience_is_what_it_was_told_to_be) {
    story told         = serving();
    told.s.patience    = 30 * one_second;
    told.services_left = true;
    told.happens(kind::stop);
    told.deeds();
    told.waits(29);
    EXPECT_EQ(told.deeds(), lines{});
    EXPECT_EQ(next_tick(told.s), told.now + one_second);
}

TEST(container, ends_with_its_command_and_its_code) {
    for (const auto& [status, code] :
         {std::pair{exited(0), "leave 0"}, {exited(3), "leave 3"}, {SIGKILL, "leave 137"}}) {
        story told = serving(true);
        told.happens(kind::command_ended, status);
        EXPECT_EQ(told.deeds(), lines{"signal services 1"});
        told.happens(kind::services_ended, exited(111));
        EXPECT_EQ(told.deeds().back(), code);
    }
}

TEST(container, a_command_that_is_stopped_still_says_the_code) {
    story told = serving(true);
    told.happens(kind::stop);
    told.happens(kind::command_ended, SIGTERM);
    told.happens(kind::services_ended, exited(111));
    EXPECT_EQ(told.deeds().back(), "leave 143");
}

TEST(container, a_command_that_cannot_be_run_ends_it) {
    story told = serving(true);
    told.happens(kind::command_not_started, 127);
    EXPECT_EQ(told.deeds(), lines{"signal services 1"});
    told.happens(kind::services_ended, exited(111));
    EXPECT_EQ(told.deeds().back(), "leave 127");
}

TEST(container, an_essential_service_ends_it_with_its_code_whatever_the_command_says) {
    story told = serving(true);
    told.happens(kind::essential_ended, 42);
    EXPECT_EQ(told.deeds(), (lines{"signal services 1", "signal command 15", "signal command 18"}));
    told.happens(kind::command_ended, SIGTERM);
    told.happens(kind::services_ended, exited(111));
    EXPECT_EQ(told.deeds().back(), "leave 42");
}

TEST(container, an_essential_service_that_ends_because_of_the_stop_does_not_count) {
    story told = serving();
    told.happens(kind::stop);
    told.happens(kind::essential_ended, 143);
    told.happens(kind::services_ended, exited(111));
    EXPECT_EQ(told.deeds().back(), "leave 0");
}

TEST(container, signals_are_passed_to_the_command) {
    story told = serving(true);
    told.happens(kind::signal, SIGUSR1);
    told.happens(kind::signal, SIGWINCH);
    EXPECT_EQ(told.deeds(), (lines{"signal command 10", "signal command 28"}));
    told.happens(kind::command_ended);
    told.deeds();
    told.happens(kind::signal, SIGUSR1);
    EXPECT_EQ(told.deeds(), lines{});
}

TEST(container, alarm_is_for_the_services) {
    story told = serving(true);
    told.happens(kind::signal, SIGALRM);
    EXPECT_EQ(told.deeds(), lines{"signal services 14"});
}

TEST(container, a_supervisor_that_crashes_is_started_again_after_a_second) {
    for (const int status : {exited(111), SIGSEGV}) {
        story told = serving();
        told.happens(kind::services_ended, status);
        EXPECT_EQ(told.deeds(), lines{"warning: restarting."});
        told.waits(1);
        EXPECT_EQ(told.deeds(), lines{"services"});
    }
}

TEST(container, a_supervisor_that_leaves_ends_it_with_its_code) {
    story told = serving();
    told.happens(kind::services_ended, exited(100));
    EXPECT_EQ(told.deeds(), (lines{"signal everybody 15", "signal everybody 18", "leave 100"}));
}

TEST(container, a_start_script_that_fails_ends_it_with_its_code_and_no_service_starts) {
    story told;
    told.scripts = true;
    told.begins();
    told.happens(kind::step_ended);
    told.deeds();
    told.happens(kind::step_ended, exited(5));
    EXPECT_EQ(told.deeds(), (lines{"warning: the services are not started.", "step"})) << "stage 3";
    told.happens(kind::step_ended);
    EXPECT_EQ(told.deeds().back(), "leave 5");
}

TEST(container, stage_1_that_crashes_or_exits_100_starts_no_service_and_another_failure_is_nothing) {
    for (const auto& [status, code] : {std::pair{exited(100), "leave 100"}, {SIGKILL, "leave 137"}}) {
        story told;
        told.scripts = true;
        told.begins();
        told.scripts = false;
        told.happens(kind::step_ended, status);
        EXPECT_EQ(told.deeds().back(), code);
    }
    story told;
    told.scripts = true;
    told.begins();
    told.scripts = false;
    told.happens(kind::step_ended, exited(1));
    EXPECT_EQ(told.deeds().back(), "services");
}

TEST(container, a_stop_during_the_start_terminates_the_script_that_runs) {
    story told;
    told.scripts = true;
    told.begins();
    told.deeds();
    told.happens(kind::stop);
    EXPECT_EQ(told.deeds(), (lines{"signal step 15", "signal step 18"}));
    told.waits(8);
    EXPECT_EQ(told.deeds(), lines{"signal step 9"});
    told.happens(kind::step_ended, SIGKILL);
    EXPECT_EQ(told.deeds(), lines{"step"}) << "stage 3";
    told.happens(kind::step_ended);
    EXPECT_EQ(told.deeds().back(), "leave 0") << "it was asked for";
}

TEST(container, the_scripts_of_the_stop_and_the_services_share_one_time) {
    story told   = serving();
    told.scripts = told.services_left = told.anybody_left = true;
    told.happens(kind::stop);
    EXPECT_EQ(told.deeds(), lines{"step"}) << "before the services stop";
    told.waits_until(4);
    EXPECT_EQ(told.deeds(), lines{"signal step 9"}) << "half of it";
    told.happens(kind::step_ended, SIGKILL);
    EXPECT_EQ(told.deeds(), lines{"signal services 1"});
    told.waits_until(8);
    EXPECT_EQ(told.deeds(), (lines{"warning: services not terminated, sending sigkill...", "kill services"}));
    told.services_left = false;
    told.happens(kind::services_ended, exited(111));
    EXPECT_EQ(told.deeds(), lines{"step"}) << "after they have stopped";
    told.waits_until(8.5);
    EXPECT_EQ(told.deeds(), lines{"signal step 9"});
    told.happens(kind::step_ended, SIGKILL);
    EXPECT_EQ(told.deeds(), lines{"step"}) << "stage 3";
    told.waits_until(9);
    told.happens(kind::step_ended, SIGKILL);
    EXPECT_EQ(told.deeds(), (lines{"signal step 9", "signal everybody 15", "signal everybody 18"}));
    told.waits_until(9.25);
    told.waits_until(9.5);
    EXPECT_EQ(told.deeds().back(), "leave 0");
}

TEST(container, the_time_that_the_services_do_not_need_is_for_the_scripts_that_follow) {
    story told   = serving();
    told.scripts = true;
    told.happens(kind::stop);
    told.happens(kind::no_step);
    told.happens(kind::services_ended, exited(111));
    told.happens(kind::step_ended);
    told.happens(kind::no_step);
    EXPECT_EQ(told.deeds().back(), "step") << "stage 3";
    EXPECT_EQ(next_tick(told.s), told.now + 9 * one_second);
}

TEST(container, what_is_left_behind_has_a_second_for_term_and_one_for_kill) {
    story told        = serving();
    told.anybody_left = true;
    told.happens(kind::stop);
    told.happens(kind::services_ended, exited(111));
    told.deeds();
    told.waits_until(1);
    EXPECT_EQ(told.deeds(), lines{"signal everybody 9"});
    told.waits_until(2);
    EXPECT_EQ(told.deeds(), lines{"leave 0"});
}

TEST(container, a_start_script_that_fails_gives_stage_3_its_time) {
    story told;
    told.scripts = true;
    told.begins();
    told.happens(kind::step_ended, exited(100));
    EXPECT_EQ(told.deeds().back(), "step") << "stage 3";
    EXPECT_EQ(next_tick(told.s), told.now + 9 * one_second);
}

TEST(container, what_cannot_be_started_for_want_of_processes_is_tried_again) {
    story told = serving(true);
    told.happens(kind::services_not_started);
    told.happens(kind::command_not_started);
    told.waits(1);
    EXPECT_EQ(told.deeds(), (lines{"services", "command"}));
    told         = {};
    told.scripts = true;
    told.begins();
    told.happens(kind::step_not_started);
    told.deeds();
    told.waits(1);
    EXPECT_EQ(told.deeds(), lines{"step"});
}

TEST(essential, a_crash_is_an_end_that_nobody_asked_for) {
    EXPECT_FALSE(has_crashed(exited(0), false));
    EXPECT_TRUE(has_crashed(exited(1), false));
    EXPECT_TRUE(has_crashed(SIGSEGV, false));
    EXPECT_TRUE(has_crashed(SIGTERM, false)) << "not of its supervisor";
    EXPECT_FALSE(has_crashed(SIGTERM, true));
    EXPECT_FALSE(has_crashed(exited(1), true)) << "it was told to end";
    EXPECT_TRUE(has_crashed(SIGKILL, true));
}

// -- every story ---------------------------------------------------------------------------------------------------

TEST(container, every_story_is_told_and_each_can_be_ended) {
    std::set<decltype(key(world{}))> seen;
    std::deque<world>                queue;
    for (const bool has_command : {true, false}) {
        world w;
        w.s.has_command = has_command;
        queue.push_back(after(w, {.what = kind::tick}));
    }
    while (!queue.empty()) {
        const world w = queue.front();
        queue.pop_front();
        if (!seen.insert(key(w)).second) continue;
        SCOPED_TRACE("stage " + std::to_string(static_cast<int>(w.s.now)));
        check(w);
        check_that_it_ends(w);
        for (const container_event& e : events_of(w)) queue.push_back(after(w, e));
        ASSERT_FALSE(::testing::Test::HasFailure()) << "stage " << static_cast<int>(w.s.now);
    }
    EXPECT_GT(seen.size(), 100U);
    RecordProperty("states", static_cast<int>(seen.size()));
}

}  // namespace
}  // namespace runwell
