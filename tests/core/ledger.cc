#include "core/ledger.hh"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace runwell {
namespace {

ledger_header a_header() {
    ledger_header here{.scope  = {.booted         = 1795764230,
                                  .pid_namespace  = 4026531836,
                                  .time_namespace = 4026531834,
                                  .init           = 2,
                                  .init_began     = 10'000'000},
                       .since  = 13335058988148,
                       .pipe   = {7087867, 14},
                       .status = {10953044, 1795766555469899074},
                       .wanted = want::exit,
                       .owed   = true};
    std::memcpy(here.scope.boot.data(), "8a0814ee-d3f0-42d3-8daf-04dd7b4dbfd5", here.scope.boot.size());
    return here;
}

constexpr process_record finish{'f', 29225, 13335065046000, 13335065046525, 89070};
constexpr process_record script{'t', 7, 1, 999'999'999'999'999'999, 18446744073709551615u};

std::string text(const auto& bytes) { return {bytes.data(), bytes.size()}; }

constexpr process_record run{'r', 29225, 13335065046000, 13335065046525, 89070};
constexpr process_record stop = kill_record(run, 13335065047000);

const std::string whole = text(write(ledger{a_header(), finish, script, stop}));

TEST(ledger, is_text_of_a_fixed_form) {
    EXPECT_EQ(whole,
              "8a0814ee-d3f0-42d3-8daf-04dd7b4dbfd5 001795764230 4026531836 4026531834 00000000000000000002 "
              "000000000010000000 000013335058988148 00000000000007087867 00000000000000000014 00000000000010953044 "
              "01795766555469899074 x1\n"
              "f 0000029225 000013335065046000 000013335065046525 00000000000000089070\n"
              "t 0000000007 000000000000000001 999999999999999999 18446744073709551615\n"
              "k 0000029225 000013335065046525 000013335065047000 00000000000000089070\n");
    EXPECT_EQ(whole.size(), ledger::bytes);
    EXPECT_EQ(text(write(a_header())) + text(write(finish)) + text(write(script)) + text(write(stop)), whole)
        << "in parts, too";
}

TEST(ledger, reads_what_was_written) {
    EXPECT_EQ(read_ledger(whole), (ledger{a_header(), finish, script, stop}));
    const ledger nobody{ledger_header{}, std::nullopt, std::nullopt, std::nullopt};
    EXPECT_EQ(read_ledger(text(write(nobody))), nobody) << "also where nothing could be found out";
}

TEST(ledger, a_file_that_ends_early_has_what_is_whole) {
    for (std::size_t size = 0; size <= whole.size(); ++size) {
        const ledger is = read_ledger(std::string_view{whole}.substr(0, size));
        EXPECT_EQ(is.from.has_value(), size >= header_size) << size;
        EXPECT_EQ(is.process.has_value(), size >= header_size + record_size) << size;
        EXPECT_EQ(is.script.has_value(), size >= header_size + 2 * record_size) << size;
        EXPECT_EQ(is.stop.has_value(), size >= ledger::bytes) << size;
    }
}

TEST(ledger, what_has_another_form_is_not_there) {
    for (std::size_t i = 36; i < whole.size(); ++i) {
        if (i >= header_size && (i - header_size) % record_size == 0) continue;  // any letter may stand there
        std::string bad = whole;
        bad[i]          = 'z';
        const ledger is = read_ledger(bad);
        EXPECT_EQ(is.from.has_value(), i >= header_size) << i;
        EXPECT_EQ(is.process.has_value(), i < header_size || i >= header_size + record_size) << i;
        EXPECT_EQ(is.script.has_value(), i < header_size + record_size || i >= header_size + 2 * record_size) << i;
        EXPECT_EQ(is.stop.has_value(), i < header_size + 2 * record_size) << i;
    }
}

TEST(ledger, the_time_of_a_kill_is_of_one_process) {
    EXPECT_EQ(kill_time(stop, run), stop.born);
    EXPECT_EQ(kill_time(stop, finish), std::nullopt) << "./finish has its own limit";
    EXPECT_EQ(kill_time(stop, std::nullopt), std::nullopt);
    EXPECT_EQ(kill_time(std::nullopt, run), std::nullopt);
    EXPECT_EQ(kill_time(stop, process_record{'r', 29225, 13335065046000, 13335065046600, 89071}), std::nullopt)
        << "a later process with the same pid";
    EXPECT_EQ(kill_time(kill_record(run, 1), run), run.born) << "no earlier than its start";
}

TEST(ledger, lines_of_a_log_are_no_record) {
    const std::string log = "2026-01-31_12:00:00.12345 hello\n";
    std::string       all;
    while (all.size() < 2 * ledger::bytes) all += log;
    EXPECT_EQ(read_ledger(all), ledger{});
}

TEST(ledger, no_pid_is_zero_or_more_than_a_pid_can_be) {
    const auto with = [](std::uint32_t pid) {
        return read_ledger(text(write(a_header())) + text(write(process_record{'r', pid, 0, 1, 0})))
            .process.has_value();
    };
    EXPECT_FALSE(with(0));
    EXPECT_FALSE(with(2147483648));
    EXPECT_TRUE(with(2147483647));
}

// -- where pids mean something ----------------------------------------------------------------------------------------

const boot_scope here = a_header().scope;

boot_scope changed(auto change) {
    boot_scope other = here;
    change(other);
    return other;
}

TEST(scope, is_one_life_of_one_namespace) {
    EXPECT_EQ(same_scope(here, here), truth::yes);
    EXPECT_EQ(same_scope(here, changed([](boot_scope& s) { s.boot[0] = '0'; })), truth::no) << "a boot";
    EXPECT_EQ(same_scope(here, changed([](boot_scope& s) { ++s.pid_namespace; })), truth::no);
    EXPECT_EQ(same_scope(here, changed([](boot_scope& s) { ++s.init; })), truth::no) << "a container started again";
}

TEST(scope, without_pidfs_the_start_of_process_1_tells_one_life_from_the_next) {
    const auto old   = [](ticks began) { return changed([=](boot_scope& s) { s.init = 0, s.init_began = began; }); };
    const auto moved = changed([](boot_scope& s) { s.init = 0, s.init_began = 5, ++s.time_namespace; });
    EXPECT_EQ(same_scope(old(10), old(10)), truth::yes);
    EXPECT_EQ(same_scope(old(10), old(20)), truth::no);
    EXPECT_EQ(same_scope(old(10), old(0)), truth::yes) << "hidepid: who cannot see it does not forget";
    EXPECT_EQ(same_scope(old(10), moved), truth::yes) << "clocks of two time namespaces cannot be compared";
}

TEST(scope, without_a_boot_id_the_clock_tells_and_never_denies) {
    const auto at = [](std::int64_t when) { return changed([=](boot_scope& s) { s.boot = {}, s.booted = when; }); };
    EXPECT_EQ(same_boot(here, at(here.booted + 1)), truth::yes);
    EXPECT_EQ(same_boot(here, at(here.booted + 3600)), truth::unknown);
    EXPECT_EQ(same_boot(at(0), at(0)), truth::unknown);
    EXPECT_EQ(same_scope(here, at(here.booted + 3600)), truth::unknown);
}

TEST(scope, without_proc_process_1_says_where) {
    const auto blind = changed([](boot_scope& s) { s.pid_namespace = s.time_namespace = 0; });
    EXPECT_EQ(same_scope(here, blind), truth::yes);
    EXPECT_EQ(same_scope(here, changed([](boot_scope& s) { s.pid_namespace = s.init = 0; })), truth::unknown);
}

}  // namespace
}  // namespace runwell
