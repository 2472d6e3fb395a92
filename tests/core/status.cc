#include "core/status.hh"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace runwell {
namespace {

const std::vector<phase> phases{phase::down, phase::run, phase::finish};
const std::vector<want>  wants{want::up, want::down, want::exit};

std::uint8_t byte(const status& of, std::size_t at) { return std::to_integer<std::uint8_t>(encode(of)[at]); }

// All that a status can be, for a few moments and pids.
std::vector<status> every_status() {
    std::vector<status> all;
    for (const phase now : phases)
        for (const want wanted : wants)
            for (const bool paused : {false, true})
                for (const bool got_term : {false, true})
                    for (const std::uint32_t pid : {0u, 1u, 0x01020304u, 0xffffffffu})
                        for (const moment since : {moment{0, 0}, moment{1'795'000'000, 999'999'999}, moment{-1, 1}})
                            all.push_back({since, pid, paused, wanted, got_term, now});
    return all;
}

TEST(status, the_twenty_bytes_are_where_clients_look_for_them) {
    const status of{{0x1122334455, 0x01020304}, 0x0a0b0c0d, true, want::up, true, phase::finish};
    const int    expected[20] = {0x40, 0, 0,    0x11, 0x22, 0x33, 0x44, 0x5f, 1, 2,
                                 3,    4, 0x0d, 0x0c, 0x0b, 0x0a, 1,    'u',  1, 2};
    const auto   record       = encode(of);
    for (std::size_t i = 0; i < record.size(); ++i) EXPECT_EQ(std::to_integer<int>(record[i]), expected[i]) << i;
}

TEST(status, a_wish_to_exit_is_written_as_down) {
    EXPECT_EQ(byte({.wanted = want::up}, 17), 'u');
    EXPECT_EQ(byte({.wanted = want::down}, 17), 'd');
    EXPECT_EQ(byte({.wanted = want::exit}, 17), 'd');
}

TEST(status, what_is_written_is_read_back) {
    for (status of : every_status()) {
        const auto read = decode(encode(of));
        ASSERT_TRUE(read.has_value());
        if (of.wanted == want::exit) of.wanted = want::down;  // the only difference that the bytes do not show
        EXPECT_EQ(*read, of);
    }
}

TEST(status, fewer_than_twenty_bytes_say_nothing) {
    const auto record = encode({.pid = 7, .now = phase::run});
    for (std::size_t size = 0; size < record.size(); ++size)
        EXPECT_FALSE(decode(std::span{record}.first(size)).has_value()) << size;
}

TEST(status, what_follows_the_twenty_bytes_is_ignored) {
    const auto             record = encode({.pid = 7, .now = phase::run});
    std::vector<std::byte> longer(record.begin(), record.end());
    longer.resize(64, std::byte{0xff});
    EXPECT_EQ(decode(longer), decode(record));
}

TEST(status, a_phase_that_does_not_exist_says_nothing) {
    auto record = encode({.now = phase::finish});
    for (int last = 3; last < 256; ++last) {
        record[19] = static_cast<std::byte>(last);
        EXPECT_FALSE(decode(record).has_value()) << last;
    }
}

TEST(status, any_other_byte_means_something) {
    for (std::size_t at = 0; at < 19; ++at) {
        auto record = encode({.now = phase::run});
        for (int value = 0; value < 256; ++value) {
            record[at] = static_cast<std::byte>(value);
            EXPECT_TRUE(decode(record).has_value()) << at << " " << value;
        }
    }
}

TEST(status, a_flag_is_set_by_any_byte_but_zero_and_up_is_only_the_letter_u) {
    auto record = encode({.now = phase::run});
    record[16] = record[18] = std::byte{0x80};
    record[17]              = std::byte{'U'};
    const auto read         = decode(record);
    ASSERT_TRUE(read.has_value());
    EXPECT_TRUE(read->paused);
    EXPECT_TRUE(read->got_term);
    EXPECT_EQ(read->wanted, want::down);
}

TEST(status, the_words_say_first_what_it_does_and_last_what_it_is_meant_to_do) {
    const auto say = [](status of) { return std::string{words(of).view()}; };
    EXPECT_EQ(say({.now = phase::run}), "run\n");
    EXPECT_EQ(say({.wanted = want::down, .now = phase::run}), "run, want down\n");
    EXPECT_EQ(say({.wanted = want::exit, .now = phase::run}), "run, want exit\n");
    EXPECT_EQ(say({.paused = true, .wanted = want::down, .got_term = true, .now = phase::run}),
              "run, paused, got TERM, want down\n");
    EXPECT_EQ(say({.wanted = want::exit, .now = phase::finish}), "finish, want exit\n");
}

TEST(status, down_says_nothing_of_what_is_wanted) {
    for (const want wanted : wants) EXPECT_EQ(words({.wanted = wanted, .now = phase::down}).view(), "down\n");
}

TEST(status, the_longest_words_fit) {
    for (const status& of : every_status()) {
        const auto text = words(of);
        EXPECT_EQ(text.view().back(), '\n');
        EXPECT_LT(text.size(), 48u);
    }
}

}  // namespace
}  // namespace runwell
