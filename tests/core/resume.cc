#include "core/resume.hh"

#include <gtest/gtest.h>

#include <string>

namespace runwell {
namespace {

struct input {
    std::string   log, block, stamp = {}, prefix = {};
    line_state    state = {};
    std::uint64_t grown = 0;
    bool          cut   = false;
};

// The log after it has gone on with the block, -l 10.
std::string after_resuming(const input& of) {
    const line_form  form{of.prefix, 10};
    const log_block  block{of.block, of.stamp};
    const auto       wanted = [](std::string_view head) { return !head.starts_with("no"); };
    const resumption next   = resume({of.log, of.cut, of.grown}, block, form, of.state, wanted);
    std::string      log    = of.log;
    log.append(next.stamp).append(next.prefix).append(next.line);
    bool inside = next.inside, taking = next.taking;
    for (std::size_t at = next.at; at < of.block.size();) {
        const log_line line = first_line(after(of.block, at), inside, form.longest);
        if (!inside) taking = wanted(line.head);
        if (!inside && taking) log.append(of.stamp).append(of.prefix);
        if (taking) log.append(of.block, at, line.size());
        inside = !line.ended;
        at += line.size();
    }
    return log;
}

TEST(resume, a_log_that_ends_with_a_line_end_is_appended_to) {
    EXPECT_EQ(after_resuming({"a\n", "b\nc\n"}), "a\nb\nc\n");
    EXPECT_EQ(after_resuming({"", "b\n"}), "b\n");
}

TEST(resume, the_first_line_is_continued_at_any_byte) {
    for (std::size_t n = 1; n <= 3; ++n)
        EXPECT_EQ(after_resuming({"a\n" + std::string{"one"}.substr(0, n), "one\ntwo\n"}), "a\none\ntwo\n");
    EXPECT_EQ(after_resuming({"one", "one\ntwo\n"}), "one\ntwo\n");
}

TEST(resume, a_later_line_is_completed_and_the_block_comes_again) {
    EXPECT_EQ(after_resuming({"a\none\ntw", "one\ntwo\nthree\n"}), "a\none\ntwo\none\ntwo\nthree\n");
    EXPECT_EQ(after_resuming({"tw", "one\nno\ntwo\n"}), "two\none\ntwo\n");
}

TEST(resume, another_line_is_closed) {
    EXPECT_EQ(after_resuming({"a\nxy", "one\ntwo\n"}), "a\nxy\none\ntwo\n");
    EXPECT_EQ(after_resuming({"one and more", "one\n"}), "one and more\none\n");
    EXPECT_EQ(after_resuming({"no", "nothing\none\n"}), "no\none\n") << "a line that is not logged is not completed";
}

TEST(resume, a_line_whose_beginning_was_not_read_is_closed) {
    EXPECT_EQ(after_resuming({.log = "on", .block = "one\n", .cut = true}), "on\none\n");
    EXPECT_EQ(after_resuming({.log = "a\non", .block = "one\n", .cut = true}), "a\none\n");
}

TEST(resume, stamps_and_prefixes_are_completed) {
    const std::string whole = "@1234 web: one\n", stamp = "@5678 ";
    for (std::size_t n = 1; n < whole.size(); ++n) {
        const std::string log  = whole.substr(0, n);
        const std::string time = log.size() < 6 ? log + stamp.substr(n) : whole.substr(0, 6);
        EXPECT_EQ(after_resuming({log, "one\ntwo\n", stamp, "web: "}), time + "web: one\n@5678 web: two\n") << n;
    }
    EXPECT_EQ(after_resuming({"no stamp", "one\n", stamp, ""}), "no stamp\n@5678 one\n");
    EXPECT_EQ(after_resuming({"@1234 wob", "one\n", stamp, "web: "}), "@1234 wob\n@5678 web: one\n");
}

TEST(resume, the_rest_of_a_long_line_follows_its_head) {
    const line_state inside{true, true, 0};
    EXPECT_EQ(after_resuming({.log = "0123456789", .block = "abc\none\n", .state = inside}), "0123456789abc\none\n");
    EXPECT_EQ(after_resuming({.log = "0123456789ab", .block = "abc\none\n", .state = inside, .grown = 2}),
              "0123456789abc\none\n");
    EXPECT_EQ(after_resuming({.log = "0123456789abc\n", .block = "abc\none\n", .state = inside, .grown = 4}),
              "0123456789abc\none\n");
    EXPECT_EQ(after_resuming({.log = "0123456789abc\non", .block = "abc\none\ntwo\n", .state = inside, .grown = 6}),
              "0123456789abc\none\ntwo\n");
    EXPECT_EQ(
        after_resuming({.log = "0123456789abc\none\ntw", .block = "abc\none\ntwo\n", .state = inside, .grown = 10}),
        "0123456789abc\none\ntwo\none\ntwo\n");
}

TEST(resume, a_mark_that_does_not_fit_the_log_skips_nothing) {
    const line_state inside{true, true, 0};
    EXPECT_EQ(after_resuming({.log = "0123456789xy", .block = "abc\n", .state = inside, .grown = 2}),
              "0123456789xyabc\n");
    EXPECT_EQ(after_resuming({.log = "0123456789", .block = "abc\n", .state = inside, .grown = 99}), "0123456789abc\n");
}

TEST(resume, the_rest_of_a_long_line_that_is_not_logged_is_passed_over) {
    const line_state inside{true, false, 0};
    EXPECT_EQ(after_resuming({.log = "a\n", .block = "abc\none\n", .state = inside}), "a\none\n");
    EXPECT_EQ(after_resuming({.log = "a\non", .block = "abc\none\n", .state = inside}), "a\none\n");
    EXPECT_EQ(after_resuming({.log = "a\non", .block = "abc", .state = inside}), "a\non\n");
}

TEST(resume, a_long_line_whose_end_has_not_come_goes_on_where_the_lines_before_it_are_logged) {
    EXPECT_EQ(after_resuming({"one\n0123456789a", "one\n0123456789abc"}), "one\n0123456789abc");
    EXPECT_EQ(after_resuming({"two\n0123456789a", "one\n0123456789abc"}), "two\n0123456789a\none\n0123456789abc");
    EXPECT_EQ(after_resuming({"@1234 one\n@1234 0123456789a", "one\nno\n0123456789abc", "@5678 "}),
              "@1234 one\n@1234 0123456789abc");
}

}  // namespace
}  // namespace runwell
