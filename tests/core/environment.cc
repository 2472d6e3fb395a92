#include "core/environment.hh"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

using namespace runwell;

namespace {

const char* const inherited[] = {"HOME=/", "A=1", "PATH=/bin", nullptr};

std::vector<std::string> all(const environment& of) {
    std::vector<std::string> entries;
    for (const char* const* e = of.entries(); *e != nullptr; ++e) entries.emplace_back(*e);
    return entries;
}

using lines = std::vector<std::string>;

std::string value(std::string content) {
    content.resize(make_value(content));
    return content;
}

}  // namespace

TEST(environment, starts_with_what_is_inherited) {
    std::array<const char*, 4> room;
    EXPECT_EQ(all(environment{inherited, room}), (lines{"HOME=/", "A=1", "PATH=/bin"}));
    EXPECT_EQ(count_entries(inherited), 3U);
}

TEST(environment, a_variable_is_set_in_the_place_of_all_of_its_name) {
    std::array<const char*, 8> room;
    environment                made{inherited, room};
    EXPECT_TRUE(made.change("A=2"));
    EXPECT_EQ(all(made), (lines{"HOME=/", "PATH=/bin", "A=2"}));
    EXPECT_TRUE(made.change("NEW="));
    EXPECT_EQ(all(made), (lines{"HOME=/", "PATH=/bin", "A=2", "NEW="}));
}

TEST(environment, a_mere_name_removes) {
    std::array<const char*, 4> room;
    environment                made{inherited, room};
    EXPECT_TRUE(made.change("A"));
    EXPECT_TRUE(made.change("NOSUCH"));
    EXPECT_EQ(all(made), (lines{"HOME=/", "PATH=/bin"}));
}

TEST(environment, a_name_is_not_the_beginning_of_another) {
    std::array<const char*, 5> room;
    environment                made{inherited, room};
    EXPECT_TRUE(made.change("HOM=x"));
    EXPECT_EQ(all(made), (lines{"HOME=/", "A=1", "PATH=/bin", "HOM=x"}));
}

TEST(environment, the_name_ends_at_the_first_equals_sign) {
    std::array<const char*, 5> room;
    environment                made{inherited, room};
    EXPECT_TRUE(made.change("A=B=c"));
    EXPECT_EQ(all(made), (lines{"HOME=/", "PATH=/bin", "A=B=c"}));
}

TEST(environment, what_does_not_fit_is_said) {
    std::array<const char*, 4> room;
    environment                made{inherited, room};
    EXPECT_FALSE(made.change("B=1"));
    EXPECT_EQ(all(made), (lines{"HOME=/", "A=1", "PATH=/bin"}));
    EXPECT_TRUE(made.change("A=2"));
}

TEST(environment, the_value_is_the_first_line) {
    EXPECT_EQ(value("one\ntwo\n"), "one");
    EXPECT_EQ(value("one"), "one");
    EXPECT_EQ(value("\none"), "");
    EXPECT_EQ(value(""), "");
}

TEST(environment, blanks_are_cut_at_the_end_and_not_at_the_beginning) {
    EXPECT_EQ(value(" \t one\t \t \nx"), " \t one");
    EXPECT_EQ(value(" \t "), "");
    EXPECT_EQ(value("one\r\n"), "one\r");
}

TEST(environment, zero_bytes_become_newlines) {
    EXPECT_EQ(value(std::string{"a\0b\0", 4}), "a\nb\n");
    EXPECT_EQ(value(std::string{"a\0 \n\0", 5}), "a\n");
}
