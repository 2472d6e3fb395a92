#include "svctl/processes.hh"

#include <gtest/gtest.h>
#include <unistd.h>

namespace runwell::svctl {
namespace {

// Fields 14 to 17 are 100, 200, 300, 400 ticks.
constexpr std::string_view line =
    "4711 (a) b (c) S 12 4711 4711 0 -1 4194560 1 2 3 4 100 200 300 400 20 0 1 0 99 1000000 5 18446744073709551615 1 "
    "1\n";

TEST(processes, a_name_may_hold_brackets_and_spaces) {
    const process one = parse_stat(line, 100);
    EXPECT_EQ(one.pid, 4711);
    EXPECT_EQ(one.name, "a) b (c");
    EXPECT_EQ(one.state, 'S');
    EXPECT_EQ(one.parent, 12);
}

TEST(processes, the_time_of_children_that_have_ended_counts) {
    EXPECT_DOUBLE_EQ(parse_stat(line, 100).cpu_seconds, 10.0);
}

TEST(processes, what_is_not_such_a_line_is_no_process) {
    for (const std::string_view text : {"", "x", "12", "12 (", "12 )(", "(a) S 1", "7 (a)"})
        EXPECT_EQ(parse_stat(text, 100).pid, 0) << text;
}

TEST(processes, this_process_is_among_them) {
    const auto  all  = process_table::read();
    const auto* self = all.find(::getpid());
    ASSERT_NE(self, nullptr);
    EXPECT_EQ(self->parent, ::getppid());
    EXPECT_GT(all.usage_of(::getpid()).held.bytes, 0u);
    EXPECT_TRUE(all.usage_of(::getpid()).held.is_pss);  // of its own process everyone may read it
    EXPECT_EQ(all.usage_of(::getpid()).processes, 1u);
    EXPECT_NE(command_of(*self).find("svctl_tests"), std::string::npos);
}

TEST(processes, a_tree_begins_with_its_root_and_goes_down_before_it_goes_on) {
    const auto all  = process_table::read();
    const auto tree = all.tree_of(::getppid());
    ASSERT_FALSE(tree.empty());
    EXPECT_EQ(tree.front().depth, 0u);
    for (std::size_t i = 1; i < tree.size(); ++i) {
        EXPECT_LE(tree[i].depth, tree[i - 1].depth + 1);
        EXPECT_EQ(tree[i].last.size(), tree[i].depth);
    }
}

TEST(processes, the_usage_of_a_tree_is_that_of_all_its_processes) {
    const auto all = process_table::read();
    for (const process& root : all.all()) {
        usage sum;
        for (const auto& branch : all.tree_of(root.pid)) {
            sum.cpu_seconds += branch.of->cpu_seconds;
            ++sum.processes;
        }
        EXPECT_EQ(all.usage_of(root.pid).cpu_seconds, sum.cpu_seconds) << root.pid;
        EXPECT_EQ(all.usage_of(root.pid).processes, sum.processes) << root.pid;
    }
}

TEST(processes, memory_is_the_share_where_it_may_be_read_and_else_what_is_resident) {
    EXPECT_EQ(pss_in("00400000-7ffd r [rollup]\nRss:      92 kB\nPss:      88 kB\nPss_Dirty:  24 kB\n"), 88u * 1024);
    EXPECT_EQ(pss_in("Rss:  92 kB\n"), std::nullopt);
    EXPECT_EQ(pss_in(""), std::nullopt);
    EXPECT_EQ(rss_in("317 23 17 13 0 293 0\n", 4096), 23u * 4096);
    EXPECT_EQ(rss_in("", 4096), 0u);
}

TEST(processes, a_sum_of_shares_and_of_something_else_is_no_share) {
    memory sum{10, true};
    sum += {5, true};
    EXPECT_TRUE(sum.is_pss);
    sum += {5, false};
    EXPECT_FALSE(sum.is_pss);
    EXPECT_EQ(sum.bytes, 20u);
}

TEST(processes, there_is_no_tree_of_nobody) {
    EXPECT_TRUE(process_table{}.tree_of(1).empty());
    EXPECT_EQ(process_table{}.usage_of(1).processes, 0u);
}

}  // namespace
}  // namespace runwell::svctl
