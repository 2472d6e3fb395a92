#include "svctl/log_reader.hh"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "svctl/errors.hh"

namespace runwell::svctl {
namespace {

namespace fs = std::filesystem;

class log_reading : public ::testing::Test {
protected:
    log_reading() {
        std::string name = (fs::temp_directory_path() / "runwell-log-XXXXXX").string();
        directory        = ::mkdtemp(name.data());
    }
    ~log_reading() override { fs::remove_all(directory); }

    static constexpr std::int64_t start = 1'795'345'900;

    static moment      at(std::int64_t second) { return {start + second, 0}; }
    static std::string stamp(std::int64_t second) { return std::string{tai::label(at(second)).view()} + " "; }
    static std::string label(std::int64_t second) { return std::string{tai::label(at(second)).view()}; }

    void append(const std::string& name, const std::string& text) const {
        std::ofstream{directory / name, std::ios::app | std::ios::binary} << text;
    }
    // As svlogd does, at that second.
    void rotate(std::int64_t second, const char* kind = ".s") const {
        fs::rename(directory / "current", directory / (label(second) + kind));
    }
    log_reader reader() {
        return log_reader{directory.string(), [this](const std::string& what) { complaints.push_back(what); }};
    }
    static std::string rest_of(log_reader& from, bool rest = false) {
        std::string text;
        while (const auto line = from.next(rest)) text += line->text + "\n";
        return text;
    }
    std::string last(std::uint64_t n, const line_predicate& wanted = {}) {
        log_reader from = reader();
        from.begin_at_last(n, wanted);
        return rest_of(from);
    }

    fs::path                 directory;
    std::vector<std::string> complaints;
};

TEST_F(log_reading, old_files_and_current_are_one_stream) {
    append("current", "a\nb\n"), rotate(1);
    append("current", "c\n"), rotate(2, ".u");
    append("current", "d\n");
    append(label(3) + ".t", "half of b"), append("config", "n5\n"), append("lock", "");
    log_reader all = reader();
    EXPECT_EQ(rest_of(all), "a\nb\nc\nd\n");
}

TEST_F(log_reading, an_empty_directory_tells_nothing_until_there_is_something) {
    log_reader all = reader();
    EXPECT_EQ(all.next(), std::nullopt);
    append("current", "a\n");
    EXPECT_EQ(rest_of(all), "a\n");
    log_reader end = reader();
    fs::remove(directory / "current");
    end.begin_at_last(0, {});
    EXPECT_EQ(end.next(), std::nullopt);
    EXPECT_EQ(last(5), "");
}

TEST_F(log_reading, stamps_are_read_and_taken_off) {
    append("current",
           stamp(1) + "one\n2026-11-22_11:11:41.17530 two\n2026-11-22T11:11:41.17531 three\nfour\n" + stamp(2));
    log_reader all  = reader();
    auto       line = all.next();
    EXPECT_EQ(line->at, at(1));
    EXPECT_EQ(line->text, "one");
    line = all.next();
    EXPECT_EQ(line->at, (moment{1'795'345'901, 175'300'000}));
    EXPECT_EQ(line->text, "two");
    line = all.next();
    EXPECT_EQ(line->at, (moment{1'795'345'901, 175'310'000}));
    line = all.next();
    EXPECT_EQ(line->at, std::nullopt);
    EXPECT_EQ(line->order, (moment{1'795'345'901, 175'310'000})) << "it belongs to the one before";
    EXPECT_EQ(all.next(), std::nullopt);
    EXPECT_EQ(all.next(true)->text, "");
}

TEST_F(log_reading, an_incomplete_line_waits_unless_it_is_the_end) {
    append("current", "a\nb");
    log_reader all = reader();
    EXPECT_EQ(rest_of(all), "a\n");
    append("current", "c\n");
    EXPECT_EQ(rest_of(all), "bc\n");
    append("current", "d");
    EXPECT_EQ(rest_of(all, true), "d\n");
}

TEST_F(log_reading, a_line_that_a_rotation_has_cut_is_put_together_again) {
    append("current", stamp(1) + "one, and a half of "), rotate(1);
    append("current", "two\n" + stamp(2) + "thr"), rotate(2);
    append("current", "e"), rotate(3);
    append("current", "e\n");
    log_reader all = reader();
    EXPECT_EQ(rest_of(all), "one, and a half of two\nthree\n");
    EXPECT_TRUE(last(1).ends_with("three\n")) << "too early is good enough";
    EXPECT_EQ(last(2), "one, and a half of two\nthree\n");
}

TEST_F(log_reading, a_line_that_a_crash_has_ended_is_one) {
    append("current", stamp(1) + "torn"), rotate(1, ".u");
    append("current", stamp(2) + "whole\n");
    log_reader all = reader();
    EXPECT_EQ(rest_of(all), "torn\nwhole\n");
}

TEST_F(log_reading, the_last_lines_are_found_from_the_end) {
    for (int file = 0; file < 4; ++file) {
        for (int i = 0; i < 3; ++i) append("current", std::to_string(file) + std::to_string(i) + "\n");
        if (file < 3) rotate(file);
    }
    EXPECT_EQ(last(0), "");
    EXPECT_EQ(last(1), "32\n");
    EXPECT_EQ(last(3).substr(last(3).size() - 9), "30\n31\n32\n");
    const std::string four = last(4);
    EXPECT_EQ(four.substr(four.size() - 12), "22\n30\n31\n32\n");
    EXPECT_EQ(last(100), "00\n01\n02\n10\n11\n12\n20\n21\n22\n30\n31\n32\n");
    const std::string wanted = last(2, [](std::string_view text) { return text.ends_with('1'); });
    EXPECT_EQ(wanted.substr(0, 3), "21\n") << "two of them: 21 and 31";
}

TEST_F(log_reading, the_last_lines_are_found_across_blocks_of_any_size) {
    for (const std::size_t length : {1U, 100U, 32'767U, 65'534U, 65'535U, 65'536U, 65'537U, 200'000U}) {
        fs::remove(directory / "current");
        std::string text;
        for (int i = 0; i < 5; ++i) text += std::string(length, static_cast<char>('a' + i)) + "\n";
        append("current", text);
        for (std::size_t n = 1; n <= 5; ++n)
            EXPECT_EQ(last(n), text.substr((5 - n) * (length + 1))) << length << " " << n;
    }
}

TEST_F(log_reading, empty_lines_count) {
    append("current", "\n\na\n\n");
    EXPECT_EQ(last(1), "\n");
    EXPECT_EQ(last(3), "\na\n\n");
    EXPECT_EQ(last(4), "\n\na\n\n");
    EXPECT_EQ(last(9), "\n\na\n\n");
}

TEST_F(log_reading, what_is_older_is_left_out_with_what_belongs_to_it) {
    append("current", stamp(1) + "a\n"), rotate(2);
    append("current", stamp(3) + "b\n b, continued\n" + stamp(4) + "c\n c, continued\n"), rotate(5);
    append("current", stamp(6) + "d\n");
    log_reader all = reader();
    all.begin_since(at(4));
    EXPECT_EQ(rest_of(all), "c\n c, continued\nd\n");
    all.begin_since(at(0));
    EXPECT_EQ(rest_of(all), "a\nb\n b, continued\nc\n c, continued\nd\n");
    all.begin_since(at(7));
    EXPECT_EQ(rest_of(all), "");
}

TEST_F(log_reading, without_stamps_the_names_of_files_say_when) {
    append("current", "a\n"), rotate(2);
    append("current", "b\n"), rotate(5);
    append("current", "c\n");
    log_reader all = reader();
    all.begin_since(at(3));
    const auto b = all.next(), c = all.next();
    EXPECT_EQ(b->text, "b");
    EXPECT_EQ(c->text, "c");
    EXPECT_EQ(c->order, at(5)) << "it was written after that rotation";
}

TEST_F(log_reading, following_goes_on_in_the_next_file) {
    append("current", "a\n");
    log_reader all = reader();
    EXPECT_EQ(rest_of(all), "a\n");
    append("current", "b\n"), rotate(1);
    EXPECT_EQ(rest_of(all), "b\n") << "no current yet";
    append("current", "c\n");
    EXPECT_EQ(rest_of(all), "c\n");
    rotate(2), append("current", "d\n"), rotate(3), append("current", "e\n"), rotate(4), append("current", "f\n");
    EXPECT_EQ(rest_of(all), "d\ne\nf\n");
    EXPECT_EQ(complaints, std::vector<std::string>{});
}

TEST_F(log_reading, following_takes_no_notice_of_processors) {
    append("current", "a\n");
    log_reader all = reader();
    EXPECT_EQ(rest_of(all), "a\n");
    append("current", "b\n"), rotate(1, ".u");
    append("current", "c\n");
    append(label(1) + ".t", "processed"), fs::rename(directory / (label(1) + ".t"), directory / (label(1) + ".s"));
    all.heard_of(label(1) + ".s");
    fs::remove(directory / (label(1) + ".u"));
    EXPECT_EQ(rest_of(all), "b\nc\n") << "the file that was open, and not what was made of it";
    EXPECT_EQ(complaints, std::vector<std::string>{});
}

TEST_F(log_reading, an_old_file_that_is_deleted_while_it_is_read_is_read) {
    append("current", "a\n"), rotate(1);
    append("current", "b\n"), rotate(2);
    append("current", "c\n");
    log_reader all = reader();
    EXPECT_EQ(all.next()->text, "a");
    fs::remove(directory / (label(1) + ".s")), fs::remove(directory / (label(2) + ".s"));
    EXPECT_EQ(rest_of(all), "b\nc\n");
}

TEST_F(log_reading, what_was_deleted_too_early_is_told) {
    append("current", "a\n");
    log_reader all = reader();
    EXPECT_EQ(rest_of(all), "a\n");
    rotate(1), append("current", "b\n"), rotate(2), append("current", "c\n");
    all.heard_of(label(1) + ".s"), all.heard_of(label(2) + ".s");
    fs::remove(directory / (label(1) + ".s")), fs::remove(directory / (label(2) + ".s"));
    EXPECT_EQ(rest_of(all), "c\n");
    EXPECT_EQ(complaints, std::vector{label(2) + ": deleted before it could be read: its lines are missing"});
}

TEST_F(log_reading, what_was_deleted_while_nobody_looked_is_told_when_it_is_heard_of) {
    append("current", "a\n");
    log_reader all = reader();
    EXPECT_EQ(rest_of(all), "a\n");
    rotate(1), append("current", "b\n"), rotate(2), append("current", "c\n"), rotate(3), append("current", "d\n");
    fs::remove(directory / (label(2) + ".s"));
    EXPECT_EQ(rest_of(all), "c\nd\n");
    for (const int second : {1, 2, 3}) all.heard_of(label(second) + ".s");
    for (const int second : {1, 2, 3}) all.heard_of(label(second) + ".s");
    EXPECT_EQ(complaints, std::vector{label(2) + ": deleted before it could be read: its lines are missing"});
}

TEST_F(log_reading, what_was_there_at_the_beginning_and_deleted_before_it_was_read_is_told) {
    for (int i = 0; i < 40; ++i) append("current", std::to_string(i) + "\n"), rotate(i);
    append("current", "40\n");
    log_reader all = reader();
    EXPECT_EQ(all.next()->text, "0");
    fs::remove(directory / (label(39) + ".s"));
    EXPECT_TRUE(rest_of(all).ends_with("38\n40\n"));
    EXPECT_EQ(complaints, std::vector{label(39) + ": deleted before it could be read: its lines are missing"});
    complaints.clear();
    all.begin_at_last(3, {});
    EXPECT_TRUE(rest_of(all).ends_with("37\n38\n40\n"));
    all.heard_of(label(20) + ".s");
    EXPECT_EQ(complaints, std::vector<std::string>{}) << "a processor's work on old files is no news";
}

TEST_F(log_reading, more_files_than_can_be_held_open_are_read) {
    std::string expected;
    for (int i = 0; i < 100; ++i) {
        append("current", std::to_string(i) + "\n"), rotate(i);
        expected += std::to_string(i) + "\n";
    }
    log_reader all = reader();
    EXPECT_EQ(rest_of(all), expected);
    EXPECT_EQ(complaints, std::vector<std::string>{});
}

TEST_F(log_reading, a_current_that_is_cut_short_is_read_anew) {
    append("current", "a\nb\n");
    log_reader all = reader();
    EXPECT_EQ(rest_of(all), "a\nb\n");
    fs::resize_file(directory / "current", 0);
    append("current", "c\n");
    EXPECT_EQ(rest_of(all), "c\n");
    EXPECT_EQ(complaints.size(), 1U);
}

class packed : public log_reading, public ::testing::WithParamInterface<const char*> {};

TEST_P(packed, files_are_unpacked) {
    if (std::system(("command -v " + std::string{GetParam()} + " >/dev/null").c_str()) != 0) GTEST_SKIP();
    append("current", stamp(1) + "a\n" + stamp(2) + "b\n"), rotate(2, ".u");
    const std::string name = (directory / label(2)).string();
    ASSERT_EQ(
        std::system((std::string{GetParam()} + " -c <" + name + ".u >" + name + ".s && rm " + name + ".u").c_str()), 0);
    append("current", stamp(3) + "c\n");
    log_reader all = reader();
    EXPECT_EQ(rest_of(all), "a\nb\nc\n");
    EXPECT_EQ(last(2), "b\nc\n");
    EXPECT_EQ(complaints, std::vector<std::string>{});
}
INSTANTIATE_TEST_SUITE_P(log_reading, packed, ::testing::Values("gzip", "xz", "zstd", "bzip2"));

TEST_F(log_reading, a_file_that_cannot_be_unpacked_is_left_out_and_named) {
    append(label(1) + ".s", "\x1f\x8b but no more");
    append("current", "a\n");
    log_reader all = reader();
    EXPECT_EQ(rest_of(all), "a\n");
    ASSERT_EQ(complaints.size(), 1U);
    EXPECT_EQ(complaints[0], label(1) + ".s: skipped: gzip says that it is damaged");
}

TEST_F(log_reading, a_directory_that_is_not_there_is_refused) {
    EXPECT_THROW((log_reader{(directory / "none").string(), {}}), failure);
}

TEST_F(log_reading, several_logs_are_told_by_time) {
    const fs::path second = directory / "second";
    fs::create_directory(second);
    append("current", stamp(1) + "a1\n" + stamp(4) + "a4\n a4, continued\n");
    append("second/current", stamp(2) + "b2\n" + stamp(4) + "b4\n" + stamp(5) + "b5\n");
    log_reader  a = reader(), b{second.string(), {}};
    log_merger  both{{&a, &b}};
    std::string text;
    while (const auto told = both.next()) text += told->line.text + "\n";
    EXPECT_EQ(text, "a1\nb2\na4\n a4, continued\nb4\nb5\n");
    append("second/current", stamp(6) + "b6\n");
    EXPECT_FALSE(both.next().has_value()) << "nobody has said that there is more";
    both.ask_again(1);
    EXPECT_EQ(both.next()->reader, 1U);
    both.leave_out(1);
    append("second/current", stamp(7) + "b7\n");
    both.ask_again(1);
    EXPECT_FALSE(both.next().has_value());
}

// ---- what another user may have put there --------------------------------------------------------------------------

constexpr std::size_t shown = 262'144;  // of one line

TEST_F(log_reading, of_a_line_that_is_too_long_the_beginning_is_told_and_how_much_is_missing) {
    const std::string begin(shown, 'x');
    append("current", "a\n" + begin + "yyy\nb\n");
    log_reader all = reader();
    EXPECT_EQ(rest_of(all), "a\n" + begin + " (and 3 bytes more)\nb\n");
    EXPECT_EQ(last(2), begin + " (and 3 bytes more)\nb\n");
    EXPECT_EQ(last(1), "b\n");
}

TEST_F(log_reading, a_long_line_takes_no_more_memory_than_is_told) {
    append("current", std::string(std::size_t{20} << 20, 'x'));
    log_reader all  = reader();
    const auto line = all.next(true);
    ASSERT_TRUE(line);
    EXPECT_EQ(line->text, std::string(shown, 'x') + " (and " + std::to_string((20 << 20) - shown) + " bytes more)");
    EXPECT_LT(last(1).size(), 2 * shown);
}

TEST_F(log_reading, a_long_line_is_cut_by_a_rotation_as_any_other) {
    append("current", std::string(2 * shown, 'x')), rotate(1);
    append("current", "end\nb\n");
    log_reader all = reader();
    EXPECT_EQ(rest_of(all), std::string(shown, 'x') + " (and " + std::to_string(shown + 3) + " bytes more)\nb\n");
}

TEST_F(log_reading, only_regular_files_are_read) {
    ASSERT_EQ(::mkfifo((directory / "current").c_str(), 0600), 0);
    EXPECT_THROW(reader(), failure);
    fs::remove(directory / "current");
    ASSERT_EQ(::mkfifo((directory / (label(1) + ".s")).c_str(), 0600), 0);
    append("current", "a\n");
    log_reader all = reader();
    EXPECT_EQ(rest_of(all), "a\n");
    ASSERT_EQ(complaints.size(), 1U);
    EXPECT_EQ(complaints[0], label(1) + ": skipped, it cannot be read: invalid argument");
}

TEST_F(log_reading, a_link_is_followed_only_where_no_other_user_can_put_one) {
    append("elsewhere", "secret\n");
    fs::create_symlink("elsewhere", directory / "current");
    log_reader all = reader();
    EXPECT_EQ(rest_of(all), "secret\n");
    fs::permissions(directory, fs::perms::group_write, fs::perm_options::add);
    EXPECT_THROW(reader(), failure);
}

}  // namespace
}  // namespace runwell::svctl
