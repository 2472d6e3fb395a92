#include "core/line_filter.hh"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "naive_match.hh"

namespace runwell {
namespace {

struct compiled {
    std::string               text;
    std::vector<pattern_step> room;
    pattern                   made;

    explicit compiled(std::string pattern)
        : text{std::move(pattern)}, room(steps_of(text)), made{compile(text, room)} {}
};

bool ours(const std::string& text, const std::string& line) {
    const compiled pattern{text};
    return matches(pattern.made, line);
}

struct row {
    const char* pattern;
    const char* line;
    bool        matches;
};

// Each was asked of runit 2.1.2 and 2.3.1, but for those that compare what an earlier line has left in their buffer.
constexpr row rows[] = {
    {"", "", true},
    {"", "a", false},
    {"a", "a", true},
    {"a", "", false},
    {"a", "aa", false},
    {"abc", "abc", true},
    {"abc", "abd", false},
    {"abc", "ab", false},
    {"abc", "abcd", false},
    {"*", "", true},
    {"*", "anything", true},
    {"a*", "a", true},
    {"a*", "abc", true},
    {"a*", "ba", false},
    {"*a", "a", true},
    {"*a", "bba", true},
    {"*a", "bab", false},
    {"*a", "", false},
    {"*ab", "aab", false},
    {"*ab", "cab", true},
    {"*pid*", "tcpsvd: info: pid 1977 from 10.4.1.14", false},
    {"*: *: pid *", "tcpsvd: info: pid 1977 from 10.4.1.14", true},
    {"*: *: pid *", "tcpsvd: pid 1977", false},
    {"*: *", "a: ", true},
    {"*: *", "a:", false},
    {"*: ", "a: ", true},
    {"*: ", "a: b", false},
    {"*a*b", "xxayyb", true},
    {"*a*b", "xxayybz", false},
    {"*a*b*", "xxayybz", true},
    {"*a*b*", "b a", false},
    {"a*b", "a", false},
    {"a*b", "ab", true},
    {"a*b", "axxb", true},
    {"a*b", "axxbb", false},
    {"a**b", "axb", false},
    {"a**b", "a*b", true},
    {"a**b", "a*xxb", true},
    {"a**b", "ab", false},
    {"**", "no star", false},
    {"**", "a * star", true},
    {"**", "*", true},
    {"***", "**", true},
    {"+a", "a", true},
    {"+a", "aaa", true},
    {"+a", "aab", false},
    {"+a", "b", false},
    {"+a", "", false},
    {"+ab", "aab", true},
    {"+ab", "b", false},
    {"+ab", "aaa", true},
    {"+abc", "aabc", true},
    {"+abc", "aab", false},
    {"a+bc", "abbc", true},
    {"a+bc", "abb", true},
    {"a+bc", "abbcd", false},
    {"a+bc", "ac", false},
    {"a+bc", "a", false},
    {"a+b+c", "abbcc", true},
    {"a+b+c", "abb", true},
    {"a+", "a", false},
    {"a+", "a+", false},
    {"+", "+", false},
    {"+", "", false},
    {"++", "+", true},
    {"++", "+++", true},
    {"++", "a", false},
    {"+++", "++", true},
    {"+*", "***", true},
    {"+*", "a", false},
    {"+**", "**abc", true},
    {"+**", "abc", false},
    {"*+a", "+a", false},
    {"*+a", "xa", false},
    {"*a+bc", "xxabbc", true},
    {"*a+bc", "xxabb", true},
    {"*a+bc", "xxac", false},
    {"+x*", "xxx", true},
    {"+x*", "xxy", true},
    {"+x*", "y", false},
    {" *", " leading", true},
    {" *", "leading", false},
    {"*\xff*", "a\xff", true},
    {"*\xff*", "a\x7f", false},
    {"*\t*", "a\tb", true},
    {"0123456789abcdef*", "0123456789abcdefg", true},
    {"0123456789abcdef*", "0123456789abcde", false},
    {"*x", "0123456789abcdef0123456789abcdefx", true},
    {"*x*", "0123456789abcdefx0123456789abcdef", true},
    {"*x*", "0123456789abcdef0123456789abcdef", false},
};
static_assert(std::size(rows) >= 60);

TEST(line_filter, matches_what_runit_matches) {
    for (const row& r : rows) EXPECT_EQ(ours(r.pattern, r.line), r.matches) << r.pattern << " | " << r.line;
}

TEST(line_filter, the_oracle_of_these_tests_agrees_with_the_table) {
    for (const row& r : rows) EXPECT_EQ(naive_match(r.pattern, r.line), r.matches) << r.pattern << " | " << r.line;
}

TEST(line_filter, agrees_with_a_naive_matcher_on_random_patterns) {
    std::mt19937 random{7};
    const auto   word = [&random](const char* letters, std::size_t of, std::size_t longest) {
        std::string made(random() % (longest + 1), ' ');
        for (char& c : made) c = letters[random() % of];
        return made;
    };
    for (int i = 0; i < 300'000; ++i) {
        const std::string pattern = word("ab*+:", 5, 9), line = word("ab*+:", 5, i % 8 == 0 ? 40 : 10);
        ASSERT_EQ(ours(pattern, line), naive_match(pattern, line)) << pattern << " | " << line;
    }
}

TEST(line_filter, takes_as_many_steps_as_it_says) {
    EXPECT_EQ(steps_of(""), 0u);
    EXPECT_EQ(steps_of("plain"), 0u);
    EXPECT_EQ(steps_of("*"), 1u);
    EXPECT_EQ(steps_of("*: *: pid *"), 3u);
    EXPECT_EQ(steps_of("+++"), 2u);
    EXPECT_EQ(compiled{"*: *: pid *"}.made.steps.size(), 3u);
    EXPECT_EQ(compiled{"ab+cd"}.made.literal, "ab");
}

struct rule_set {
    std::vector<compiled>    patterns;
    std::vector<filter_rule> rules;

    explicit rule_set(const std::vector<std::string>& lines) {
        patterns.reserve(lines.size());
        for (const std::string& line : lines) {
            patterns.emplace_back(line.substr(1));
            const bool log = line[0] == '+' || line[0] == '-';
            rules.push_back({log ? filter_rule::target::log : filter_rule::target::alert,
                             line[0] == '+' || line[0] == 'e', patterns.back().made});
        }
    }
    filter_result operator()(std::string_view line) const { return filter(rules, line); }
};

TEST(line_filter, without_a_rule_a_line_is_logged_and_not_shown) {
    const auto verdict = filter({}, "line");
    EXPECT_TRUE(verdict.log);
    EXPECT_FALSE(verdict.alert);
}

TEST(line_filter, the_last_rule_that_matches_decides) {
    const rule_set rules{{"-*", "+a*", "-ab*", "+abc"}};
    EXPECT_FALSE(rules("x").log);
    EXPECT_TRUE(rules("a").log);
    EXPECT_FALSE(rules("abx").log);
    EXPECT_TRUE(rules("abc").log);
}

TEST(line_filter, alerts_are_decided_apart_from_the_log) {
    const rule_set rules{{"e*", "Eno*", "-no*", "enot"}};
    EXPECT_TRUE(rules("yes").alert);
    EXPECT_TRUE(rules("yes").log);
    EXPECT_FALSE(rules("no").alert);
    EXPECT_FALSE(rules("no").log);
    EXPECT_TRUE(rules("not").alert);
    EXPECT_FALSE(rules("not").log);
}

}  // namespace
}  // namespace runwell
