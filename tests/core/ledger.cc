#include "core/ledger.hh"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace runwell {
namespace {

origin somewhere() {
    origin here{.pid_namespace = 4026531836, .since = 13335058988148, .pipe = 7087867};
    std::memcpy(here.boot.data(), "8a0814ee-d3f0-42d3-8daf-04dd7b4dbfd5", here.boot.size());
    return here;
}

std::string text(const auto& line) { return {line.data(), line.size()}; }

// The file as a supervisor fills it.
std::string a_ledger() {
    return text(write(somewhere())) + text(write(birth{'f', 29225, 13335065046525})) +
           text(write(birth{'t', 7, 999'999'999'999'999'999}));
}

TEST(ledger, is_text_of_a_fixed_form) {
    EXPECT_EQ(a_ledger(),
              "8a0814ee-d3f0-42d3-8daf-04dd7b4dbfd5 4026531836 000013335058988148 000007087867\n"
              "f 0000029225 000013335065046525\n"
              "t 0000000007 999999999999999999\n");
    EXPECT_EQ(a_ledger().size(), ledger::bytes);
}

TEST(ledger, reads_what_was_written) {
    const ledger is = read_ledger(a_ledger());
    EXPECT_EQ(is.from, somewhere());
    EXPECT_EQ(is.process, (birth{'f', 29225, 13335065046525}));
    EXPECT_EQ(is.script, (birth{'t', 7, 999'999'999'999'999'999}));
}

TEST(ledger, a_file_that_ends_early_has_what_is_whole) {
    const std::string all = a_ledger();
    for (std::size_t size = 0; size <= all.size(); ++size) {
        const ledger is = read_ledger(std::string_view{all}.substr(0, size));
        EXPECT_EQ(is.from.has_value(), size >= 80) << size;
        EXPECT_EQ(is.process.has_value(), size >= 112) << size;
        EXPECT_EQ(is.script.has_value(), size >= 144) << size;
    }
}

TEST(ledger, a_hole_is_nobody) {
    const ledger is = read_ledger(text(write(somewhere())) + std::string(32, '\0') + text(write(birth{'u', 4, 5})));
    EXPECT_TRUE(is.from);
    EXPECT_FALSE(is.process);
    EXPECT_TRUE(is.script);
}

TEST(ledger, what_has_another_form_is_not_there) {
    const std::string good = a_ledger();
    for (std::size_t i = 36; i < good.size(); ++i) {
        if (i == 80 || i == 112) continue;  // any letter may stand there
        std::string bad = good;
        bad[i]          = 'z';
        const ledger is = read_ledger(bad);
        EXPECT_EQ(is.from.has_value(), i >= 80) << i;
        EXPECT_EQ(is.process.has_value(), i < 80 || i >= 112) << i;
        EXPECT_EQ(is.script.has_value(), i < 112) << i;
    }
}

TEST(ledger, no_pid_is_zero_or_more_than_a_pid_can_be) {
    EXPECT_FALSE(read_ledger(text(write(somewhere())) + text(write(birth{'r', 0, 1}))).process);
    EXPECT_FALSE(read_ledger(text(write(somewhere())) + text(write(birth{'r', 2147483648, 1}))).process);
    EXPECT_TRUE(read_ledger(text(write(somewhere())) + text(write(birth{'r', 2147483647, 1}))).process);
}

TEST(ledger, pids_mean_the_same_in_one_namespace_of_one_boot) {
    origin later = somewhere();
    later.since += 5;
    later.pipe = 0;
    EXPECT_TRUE(somewhere().is_where(later));
    origin elsewhere = somewhere();
    ++elsewhere.pid_namespace;
    EXPECT_FALSE(somewhere().is_where(elsewhere));
    origin after_a_boot  = somewhere();
    after_a_boot.boot[0] = '0';
    EXPECT_FALSE(somewhere().is_where(after_a_boot));
}

}  // namespace
}  // namespace runwell
