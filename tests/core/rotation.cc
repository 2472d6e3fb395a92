#include "core/rotation.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace runwell {
namespace {

// The files that result when `pieces` are logged one after the other; the last one is current.
std::vector<std::string> files_of(const std::vector<std::string>& pieces, size_limits limits,
                                  std::string current = {}) {
    std::vector<std::string> files{std::move(current)};
    for (std::string_view left : pieces) {
        while (!left.empty()) {
            const portion next = next_portion(left, files.back().size(), limits);
            files.back() += left.substr(0, next.take);
            left.remove_prefix(next.take);
            if (next.rotate) files.emplace_back();
            EXPECT_TRUE(next.take > 0 || next.rotate);
        }
    }
    return files;
}

std::vector<std::size_t> sizes_of(const std::vector<std::string>& files) {
    std::vector<std::size_t> sizes;
    for (const std::string& f : files) sizes.push_back(f.size());
    return sizes;
}

// How runit 2.1.2 and 2.3.1 do it for l < s, a byte at a time.
std::vector<std::string> naive_files(std::string_view input, size_limits limits) {
    std::vector<std::string> files{""};
    for (const char c : input) {
        if (limits.size != 0 && files.back().size() >= limits.size) files.emplace_back();
        files.back() += c;
        if (limits.size != 0 && c == '\n' && files.back().size() >= limits.size - limits.longest) files.emplace_back();
    }
    return files;
}

using sizes = std::vector<std::size_t>;

TEST(rotation, happens_at_the_first_line_end_in_the_last_l_bytes) {
    const std::string line = std::string(99, 'x') + "\n";
    EXPECT_EQ(sizes_of(files_of(std::vector(25, line), {2000, 1000})), (sizes{1000, 1000, 500}));
}

TEST(rotation, cuts_a_line_that_is_longer_than_the_file) {
    EXPECT_EQ(sizes_of(files_of({std::string(5000, 'x') + "\n", "tail\n"}, {2000, 1000})),
              (sizes{2000, 2000, 1001, 5}));
}

TEST(rotation, never_happens_by_size_zero) { EXPECT_EQ(files_of({std::string(1'200'000, 'x')}, {0, 1000}).size(), 1u); }

TEST(rotation, comes_first_where_current_is_too_large_already) {
    EXPECT_EQ(sizes_of(files_of({"a\n"}, {10, 3}, std::string(20, 'x'))), (sizes{20, 2}));
}

TEST(rotation, nothing_to_write_is_no_reason) { EXPECT_EQ(next_portion("", 99, {10, 3}), (portion{0, false})); }

TEST(rotation, keeps_lines_whole_where_a_file_is_smaller_than_a_line_may_be) {
    EXPECT_EQ(sizes_of(files_of({"aaaa\n", "bbbb\n", "cc\n"}, {8, 10})), (sizes{5, 8, 0}));
    EXPECT_EQ(sizes_of(files_of({"aaaa\nbbbb\ncc\n"}, {8, 10})), (sizes{5, 8, 0}));
    EXPECT_EQ(sizes_of(files_of({"aaaaaaa\n", "b\n"}, {8, 8})), (sizes{8, 2}));
    EXPECT_EQ(sizes_of(files_of({"a\n", "0123456789abcdef012\n", "b\n"}, {8, 10})), (sizes{2, 8, 8, 6}));
}

TEST(rotation, is_that_of_runit_however_the_bytes_come) {
    std::mt19937 random{5};
    for (int i = 0; i < 5000; ++i) {
        std::string input(random() % 300, ' ');
        for (char& c : input) c = random() % 9 == 0 ? '\n' : 'x';
        const std::size_t        longest = 1 + random() % 20;
        const size_limits        limits{longest + 1 + random() % 60, longest};
        std::vector<std::string> pieces;
        for (std::size_t at = 0; at < input.size();) {
            const std::size_t n = 1 + random() % 50;
            pieces.push_back(input.substr(at, n));
            at += n;
        }
        auto expected = naive_files(input, limits), got = files_of(pieces, limits);
        if (expected.back().empty()) expected.pop_back();
        if (got.back().empty()) got.pop_back();
        ASSERT_EQ(got, expected);
    }
}

TEST(rotation, with_s_up_to_l_only_lines_longer_than_s_are_cut) {
    std::mt19937 random{6};
    for (int i = 0; i < 5000; ++i) {
        const std::size_t        size = 1 + random() % 30;
        const size_limits        limits{size, size + random() % 10};
        std::vector<std::string> lines;
        std::string              all;
        for (int n = 0; n < 20; ++n) {
            lines.push_back(std::string(random() % (size + size / 2), 'x') + "\n");
            all += lines.back();
        }
        const auto  files = files_of(lines, limits);
        std::string together;
        for (std::size_t f = 0; f < files.size(); ++f) {
            ASSERT_LE(files[f].size(), size);
            together += files[f];
        }
        ASSERT_EQ(together, all);
        if (std::all_of(lines.begin(), lines.end(), [&](const std::string& l) { return l.size() <= size; })) {
            for (const std::string& f : files) ASSERT_TRUE(f.empty() || f.back() == '\n');
        }
    }
}

TEST(rotation, names_are_a_label_and_a_kind) {
    const old_name name = name_of({1'795'346'000, 5}, old_file::done);
    EXPECT_EQ(name.view(), std::string{tai::label({1'795'346'000, 5}).view()} + ".s");
    EXPECT_EQ(with_kind(name, old_file::unfinished).view().back(), 'u');
    EXPECT_TRUE(is_old_name(name.view()));
    EXPECT_TRUE(is_old_name(name.view(), old_file::done));
    EXPECT_FALSE(is_old_name(name.view(), old_file::temporary));
    EXPECT_FALSE(is_old_name("@short.s"));
    EXPECT_FALSE(is_old_name("x400000006b02cdf70a5758b4.s"));
    EXPECT_FALSE(is_old_name("@400000006b02cdf70a5758b4.ss"));
}

std::string named(std::int64_t seconds) { return std::string{name_of({seconds, 0}, old_file::done).view()}; }

std::vector<std::string> pruned(const std::vector<std::string>& names, std::string_view newest,
                                std::optional<std::uint64_t> keep, std::string_view in_work = {},
                                std::size_t most = pruning::most_at_once) {
    pruning files{newest, in_work, keep, most};
    for (const std::string& n : names) files.add(n);
    files.finish();
    std::vector<std::string> list;
    for (std::size_t i = 0; i < files.size(); ++i) list.emplace_back(files[i].view());
    EXPECT_EQ(files.more(), list.size() == most && most < names.size());
    return list;
}

using name_list = std::vector<std::string>;

TEST(rotation, names_go_forward_when_the_clock_does_not) {
    EXPECT_EQ(next_name({10, 5}, {9, 999'999'999}), (moment{10, 5}));
    EXPECT_EQ(next_name({10, 5}, {10, 5}), (moment{10, 6}));
    EXPECT_EQ(next_name({1, 0}, {10, 999'999'999}), (moment{11, 0}));
}

TEST(rotation, keeps_n_files_and_the_oldest_go_first) {
    name_list names;
    for (int i = 0; i < 100; ++i) names.push_back(named(1000 + i));
    std::mt19937 random{1};
    auto         shuffled = names;
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    EXPECT_EQ(pruned(shuffled, named(2000), 97), (name_list{names[0], names[1], names[2]}));
    EXPECT_EQ(pruned(shuffled, "", 99), name_list{names[0]});
    EXPECT_EQ(pruned(shuffled, "", 0).size(), 100u);
    EXPECT_TRUE(pruned(shuffled, "", 100).empty());
    EXPECT_TRUE(pruned(shuffled, "", kept_by(0)).empty());
    EXPECT_TRUE(pruned({}, "", 0).empty());
}

TEST(rotation, deletes_a_limited_number_at_once) {
    name_list names;
    for (int i = 0; i < 2000; ++i) names.push_back(named(1000 + i));
    auto         shuffled = names;
    std::mt19937 random{1};
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    names.resize(pruning::most_at_once);
    EXPECT_EQ(pruned(shuffled, "", 10), names);
    names.resize(16);
    EXPECT_EQ(pruned(shuffled, "", 10, "", 16), names);
}

TEST(rotation, a_name_from_the_future_is_older_than_all) {
    const name_list names{named(10), named(500), named(20), named(600)};
    EXPECT_EQ(pruned(names, named(20), 0), (name_list{named(500), named(600), named(10), named(20)}));
}

TEST(rotation, what_a_processor_has_left_goes_and_what_it_works_on_stays) {
    const auto      of = [](std::int64_t at, old_file kind) { return std::string{name_of({at, 0}, kind).view()}; };
    const name_list names{of(1, old_file::unfinished), of(1, old_file::temporary), of(2, old_file::temporary),
                          of(3, old_file::unfinished), of(4, old_file::done)};
    EXPECT_EQ(pruned(names, "", 2, of(1, old_file::unfinished)),
              (name_list{of(2, old_file::temporary), of(3, old_file::unfinished)}));
    EXPECT_EQ(pruned({of(1, old_file::unfinished), of(1, old_file::done)}, "", 1, of(1, old_file::unfinished)),
              name_list{});
}

}  // namespace
}  // namespace runwell
