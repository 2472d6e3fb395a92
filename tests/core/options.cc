#include "core/options.hh"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace runwell {
namespace {

constexpr std::array rows{option_row{'a', false}, option_row{'b', false}, option_row{'w', true},
                          option_row{'\0', true, "name"}, option_row{'\0', false, "flag"}};

// "a b w=7 | rest", or the error.
std::string read(std::vector<const char*> arguments, double_dash dashes = double_dash::is_a_letter) {
    option_reader<option_row> options{rows, arguments, dashes};
    std::string               said;
    for (auto found = options.next(); found.row != nullptr || found.error; found = options.next()) {
        if (found.error) return std::string{found.error->words} + std::string{found.error->option};
        said += found.row->letter != '\0' ? std::string{found.row->letter} : std::string{found.row->name};
        if (found.row->takes) said += std::string{"="} + found.value;
        said += ' ';
    }
    said += '|';
    for (const char* const each : options.rest()) said += std::string{" "} + each;
    return said;
}

TEST(options, letters_share_an_argument_and_a_value_follows_in_it_or_behind_it) {
    EXPECT_EQ(read({"-ab", "-w7", "x"}), "a b w=7 | x");
    EXPECT_EQ(read({"-aw", "7", "-b"}), "a w=7 b |");
    EXPECT_EQ(read({"-w", "-b", "x"}), "w=-b | x");
    EXPECT_EQ(read({"-w", "", "x"}), "w= | x");
}

TEST(options, end_at_the_first_argument_that_is_none) {
    EXPECT_EQ(read({}), "|");
    EXPECT_EQ(read({"x", "-a"}), "| x -a");
    EXPECT_EQ(read({"-a", "-", "-b"}), "a | - -b");
    EXPECT_EQ(read({"", "-a"}), "|  -a");
}

TEST(options, that_are_unknown_or_lack_their_value_are_errors_in_the_words_of_runit) {
    EXPECT_EQ(read({"-ax"}), "illegal option -- x");
    EXPECT_EQ(read({"-aw"}), "option requires an argument -- w");
    EXPECT_EQ(read({"--name"}, double_dash::is_a_name), "option requires an argument -- name");
    EXPECT_EQ(read({"--flag=1"}, double_dash::is_a_name), "option takes no argument -- flag");
    EXPECT_EQ(read({"--nam=1"}, double_dash::is_a_name), "illegal option -- nam");
}

TEST(options, two_dashes_end_them_and_with_more_mean_what_the_program_says) {
    for (const auto each : {double_dash::is_a_letter, double_dash::ends_options, double_dash::is_a_name})
        EXPECT_EQ(read({"-a", "--", "-b"}, each), "a | -b");
    EXPECT_EQ(read({"--a", "x"}, double_dash::is_a_letter), "illegal option -- -");
    for (const char* const each : {"--", "--a", "---"})
        EXPECT_EQ(read({"-a", each, "x"}, double_dash::is_unknown), "illegal option -- -");
    EXPECT_EQ(read({"--a", "x"}, double_dash::ends_options), "| x");
    EXPECT_EQ(read({"--name=1", "--name", "2", "--flag", "x"}, double_dash::is_a_name), "name=1 name=2 flag | x");
}

}  // namespace
}  // namespace runwell
