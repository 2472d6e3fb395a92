#include "core/logconfig.hh"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "core/line_filter.hh"

namespace runwell {
namespace {

struct read_config {
    log_policy               policy;
    std::vector<std::string> rules, complaints;

    explicit read_config(std::string_view text) {
        while (const auto line = next_config_line(text)) {
            if (is_rule(*line)) rules.push_back(line->letter + std::string{line->rest});
            if (const auto bad = apply(*line, policy))
                complaints.push_back(std::string{bad->what} + std::string{bad->about});
        }
    }
};

TEST(logconfig, counts_rules_up_to_a_limit) {
    std::string text;
    for (int i = 0; i < 1200; ++i) text += "-*a*b+c\n+x\n#\ns1\n";
    const config_size size = size_of_config(text);
    EXPECT_EQ(size.rules, most_rules);
    EXPECT_EQ(size.ignored, 1400u);
    EXPECT_EQ(size.steps, 500 * steps_of("*a*b+c"));
    EXPECT_EQ(size_of_config("").rules, 0u);
}

TEST(logconfig, a_line_that_is_cut_by_the_limit_is_no_line) {
    EXPECT_EQ(whole_lines("a\nb\nc"), "a\nb\n");
    EXPECT_EQ(whole_lines("abc"), "abc");
    EXPECT_EQ(whole_lines(""), "");
}

TEST(logconfig, says_nothing_by_default) {
    const log_policy policy;
    EXPECT_EQ(policy.size, 1'000'000u);
    EXPECT_EQ(policy.keep, 10u);
    EXPECT_EQ(policy.age, 0u);
    EXPECT_FALSE(policy.least());
    EXPECT_EQ(policy.udp.port, 0);
}

TEST(logconfig, reads_every_letter) {
    const read_config c{"s2000\nn5\nN2\nt60\n!gzip -9\nu127.0.0.1:9999\npweb: \n"};
    EXPECT_EQ(c.policy.size, 2000u);
    EXPECT_EQ(c.policy.keep, 5u);
    EXPECT_EQ(c.policy.least(), 2u);
    EXPECT_EQ(c.policy.age, 60u);
    EXPECT_EQ(c.policy.processor, "gzip -9");
    EXPECT_EQ(c.policy.udp, (udp_target{0x7f000001, 9999, false}));
    EXPECT_EQ(c.policy.prefix, "web: ");
}

TEST(logconfig, knows_units_and_passes_over_others) {
    EXPECT_EQ(read_config{"s2k"}.policy.size, 2048u);
    EXPECT_EQ(read_config{"s2m"}.policy.size, 2u * 1024 * 1024);
    EXPECT_EQ(read_config{"s1x"}.policy.size, 1u);
    EXPECT_EQ(read_config{"s10 k"}.policy.size, 10u);
    EXPECT_EQ(read_config{"sk"}.policy.size, 0u);
    EXPECT_EQ(read_config{"t5m"}.policy.age, 300u);
    EXPECT_EQ(read_config{"t2h"}.policy.age, 7200u);
    EXPECT_EQ(read_config{"t2d"}.policy.age, 2u);
    EXPECT_EQ(read_config{"n07"}.policy.keep, 7u);
    EXPECT_EQ(read_config{"n-3"}.policy.keep, 0u);
}

TEST(logconfig, does_not_overflow) {
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    EXPECT_EQ(read_config{"s99999999999999999999999"}.policy.size, most);
    EXPECT_EQ(read_config{"s99999999999999999999999m"}.policy.size, most);
    EXPECT_EQ(read_config{"t9999999999999999999h"}.policy.age, most);
}

TEST(logconfig, honours_a_last_line_without_a_newline_if_it_is_longer_than_a_letter) {
    EXPECT_EQ(read_config{"n3\ns5"}.policy.size, 5u);
    EXPECT_EQ(read_config{"s"}.policy.size, 1'000'000u);
    EXPECT_EQ(read_config{"n3\ns"}.policy.size, 1'000'000u);
    EXPECT_EQ(read_config{"s\n"}.policy.size, 0u);
    EXPECT_EQ(read_config{"n3\n+"}.rules.size(), 0u);
    EXPECT_EQ(read_config{"n3\n+\n"}.rules, std::vector<std::string>{"+"});
    EXPECT_EQ(read_config{""}.policy.keep, 10u);
    EXPECT_EQ(read_config{"\n"}.policy.keep, 10u);
}

TEST(logconfig, ignores_comments_empty_lines_and_unknown_letters) {
    const read_config c{"# s5\n\n\nz9\n0first\nn4\n\n"};
    EXPECT_EQ(c.policy.size, 1'000'000u);
    EXPECT_EQ(c.policy.keep, 4u);
    EXPECT_TRUE(c.complaints.empty());
}

TEST(logconfig, keeps_rules_in_order) {
    EXPECT_EQ((read_config{"-*\n+a\neb\nE\n+c d"}.rules), (std::vector<std::string>{"-*", "+a", "eb", "E", "+c d"}));
}

TEST(logconfig, the_last_word_counts_and_an_empty_one_does_not) {
    const read_config c{"s1\ns2\n!a\n!\npx\np\n"};
    EXPECT_EQ(c.policy.size, 2u);
    EXPECT_EQ(c.policy.processor, "a");
    EXPECT_EQ(c.policy.prefix, "x");
}

TEST(logconfig, a_zero_byte_ends_a_line) {
    using namespace std::string_view_literals;
    EXPECT_EQ(read_config{"!cat\0rm\nn4\n"sv}.policy.processor, "cat");
    EXPECT_EQ(read_config{"!cat\0rm\nn4\n"sv}.policy.keep, 4u);
}

TEST(logconfig, addresses) {
    EXPECT_EQ(read_config{"u10.0.0.1"}.policy.udp, (udp_target{0x0a000001, 514, false}));
    EXPECT_EQ(read_config{"U10.0.0.1:7"}.policy.udp, (udp_target{0x0a000001, 7, true}));
    EXPECT_EQ(read_config{"u10.0.0.1:7x"}.policy.udp, (udp_target{0x0a000001, 7, false}));
    EXPECT_EQ(read_config{"u255.255.255.255 and more"}.policy.udp, (udp_target{0xffffffff, 514, false}));
}

TEST(logconfig, complains_of_addresses_that_are_none) {
    using list = std::vector<std::string>;
    EXPECT_EQ(read_config{"u1.2.3"}.complaints, list{"unable to scan ip address: 1.2.3"});
    EXPECT_EQ(read_config{"u"}.complaints, list{});
    EXPECT_EQ(read_config{"u\n"}.complaints, list{"unable to scan ip address: "});
    EXPECT_EQ(read_config{"U1.2.3.256"}.complaints, list{"unable to scan ip address: 1.2.3.256"});
    EXPECT_EQ(read_config{"u1..2.3"}.complaints, list{"unable to scan ip address: 1..2.3"});
    EXPECT_EQ(read_config{"u1.2.3.4:0"}.complaints, list{"unable to scan port number: 0"});
    EXPECT_EQ(read_config{"u1.2.3.4:"}.complaints, list{"unable to scan port number: "});
    EXPECT_EQ(read_config{"u1.2.3.4:65536"}.complaints, list{"unable to scan port number: 65536"});
    EXPECT_FALSE(read_config{"U1.2.3"}.policy.udp.only);  // or its lines would go nowhere
}

TEST(logconfig, a_full_disk_makes_room_only_below_n) {
    EXPECT_EQ(read_config{"n10\nN2\n"}.policy.least(), 2u);
    EXPECT_EQ(read_config{"n10\nN0\n"}.policy.least(), 0u);
    EXPECT_EQ(read_config{"n20\n"}.policy.least(), 10u);
    EXPECT_FALSE(read_config{"n10\nN10\n"}.policy.least());
    EXPECT_FALSE(read_config{"n2\nN5\n"}.policy.least());
    EXPECT_FALSE(read_config{"n0\n"}.policy.least());
    EXPECT_EQ(read_config{"n0\nN5\n"}.policy.least(), 5u);
}

}  // namespace
}  // namespace runwell
