#include "core/log_feed.hh"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "log_world.hh"

namespace runwell {
namespace {

using namespace of_log;

std::vector<std::string> some_lines(std::mt19937& random, int count) {
    std::vector<std::string> lines;
    for (int i = 0; i < count; ++i) {
        std::string line = std::to_string(100 + i);
        for (std::size_t n = random() % 5 == 0 ? random() % 120 : random() % 9; n > 0; --n)
            line += static_cast<char>('a' + random() % 26);
        lines.push_back(line);
    }
    return lines;
}

std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    return text;
}

rules some_rules(std::mt19937& random) {
    rules how;
    how.stamps = random() % 2 == 0;
    how.prefix = random() % 3 == 0 ? "web: " : "";
    how.choosy = random() % 3 == 0;
    how.size   = std::vector<std::size_t>{0, 0, 30, 60, 7}[random() % 5];
    how.room   = 20 + random() % 100;
    return how;
}

// What a life that was killed, or has left, leaves to the next, until all is logged.
void expect_whole(const world& w, const std::vector<std::string>& lines, const rules& how) {
    for (const disk& d : w.disks) {
        const reckoning found = reckon(d.all(), lines, how);
        ASSERT_TRUE(found.torn.empty()) << found.torn.front() << "\n in \n" << d.all();
        ASSERT_EQ(found.missing, 0u) << d.all();
        ASSERT_TRUE(found.in_order) << d.all();
    }
}

TEST(log_feed, a_log_is_the_lines_that_are_selected_with_stamps_and_prefix) {
    std::mt19937 random{1};
    for (int i = 0; i < 300; ++i) {
        const rules how   = some_rules(random);
        const auto  lines = some_lines(random, 20);
        world       w;
        w.stream  = joined(lines);
        w.written = w.stream.size();
        life one{w, how};
        one.end();
        expect_whole(w, lines, how);
        ASSERT_EQ(reckon(w.disks[0].all(), lines, how).doubled, 0u);
    }
}

TEST(log_feed, a_kill_at_any_moment_tears_and_loses_nothing) {
    std::mt19937 random{2};
    for (int i = 0; i < 40; ++i) {
        const rules how   = some_rules(random);
        const auto  lines = some_lines(random, 12);
        for (int moment = 0;; ++moment) {
            world w;
            w.stream  = joined(lines);
            w.written = w.stream.size();
            w.random.seed(static_cast<unsigned>(moment));
            w.moments = moment;
            try {
                life{w, how}.end();
                break;
            } catch (killed) {}
            w.moments = -1;
            life{w, how}.end();
            expect_whole(w, lines, how);
            if (HasFatalFailure()) FAIL() << "story " << i << ", moment " << moment;
        }
    }
}

TEST(log_feed, kills_terms_and_full_disks_in_any_order_tear_and_lose_nothing) {
    std::mt19937 random{3};
    for (int i = 0; i < 20'000; ++i) {
        const rules how   = some_rules(random);
        const auto  lines = some_lines(random, 25);
        world       w;
        w.stream = joined(lines);
        w.random.seed(random());
        w.disks.resize(1 + random() % 2);
        while (w.taken < w.stream.size()) {
            w.moments = random() % 2 == 0 ? static_cast<int>(random() % 25) : -1;
            try {
                life one{w, how};
                for (int steps = static_cast<int>(random() % 6); steps >= 0; --steps) {
                    w.written = std::min(w.stream.size(), w.written + random() % 90);
                    // What one of two could not write is in memory, and lost by a kill.
                    const bool full  = w.disks.size() == 1 && random() % 2 == 0;
                    w.disks[0].space = full ? random() % 100 : std::string::npos;
                    one.run();
                }
                one.leave();
            } catch (killed) {}
            for (disk& d : w.disks) d.space = std::string::npos;
            if (random() % 8 == 0) w.written = w.stream.size();
        }
        w.moments = -1;
        life{w, how}.end();
        expect_whole(w, lines, how);
        if (HasFatalFailure()) FAIL() << "story " << i;
    }
}

TEST(log_feed, a_config_that_is_read_again_on_a_full_disk_tears_and_loses_nothing) {
    std::mt19937 random{5};
    for (int i = 0; i < 3000; ++i) {
        rules      how   = some_rules(random);
        const auto lines = some_lines(random, 25);
        world      w;
        w.stream = joined(lines);
        life one{w, how};
        while (w.written < w.stream.size()) {
            w.written        = std::min(w.stream.size(), w.written + random() % 90);
            w.disks[0].space = random() % 2 == 0 ? random() % 100 : std::string::npos;
            if (random() % 2 == 0) how.prefix = how.prefix.empty() ? "web: " : "";
            one.run();
        }
        w.disks[0].space = std::string::npos;
        one.end();
        std::string log = w.disks[0].all();
        for (std::size_t at; (at = log.find("web: ")) != std::string::npos;) log.erase(at, 5);
        how.prefix            = "";
        const reckoning found = reckon(log, lines, how);
        ASSERT_TRUE(found.torn.empty()) << found.torn.front() << "\n in \n" << log;
        ASSERT_TRUE(found.missing == 0 && found.doubled == 0 && found.in_order);
    }
}

TEST(log_feed, what_one_directory_cannot_take_is_counted_and_no_line_of_it_is_torn) {
    std::mt19937 random{4};
    for (int i = 0; i < 3000; ++i) {
        rules how        = some_rules(random);
        how.room         = 60 + random() % 40;
        const auto lines = some_lines(random, 40);
        world      w;
        w.stream = joined(lines);
        w.disks.resize(2);
        life one{w, how};
        while (w.written < w.stream.size()) {
            w.written = std::min(w.stream.size(), w.written + random() % 200);
            if (random() % 3 == 0) w.disks[1].space = random() % 50;
            if (random() % 6 == 0) w.disks[1].space = std::string::npos;
            ASSERT_TRUE(one.run());
        }
        w.disks[1].space = std::string::npos;
        one.tend();
        one.end();
        const reckoning first = reckon(w.disks[0].all(), lines, how), second = reckon(w.disks[1].all(), lines, how);
        ASSERT_TRUE(first.torn.empty() && first.missing == 0 && first.doubled == 0);
        ASSERT_TRUE(second.torn.empty()) << second.torn.front() << "\n in \n" << w.disks[1].all();
        ASSERT_EQ(second.missing, second.dropped) << w.disks[1].all();
        ASSERT_EQ(second.doubled, 0u);
    }
}

}  // namespace
}  // namespace runwell
