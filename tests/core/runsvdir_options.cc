#include "core/runsvdir_options.hh"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace runwell {
namespace {

// "P W dir log", or "usage".
std::string read(std::vector<std::string> words) {
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    const auto chosen = runsvdir_options_of(argv);
    if (!chosen) return "usage";
    std::string said = std::string{chosen->session ? "P " : ""} + (chosen->wait ? "W " : "") + chosen->directory;
    if (chosen->log != nullptr) said += std::string{" "} + chosen->log;
    return said;
}

// Measured on runit 2.1.2 and 2.3.1, but for W.
TEST(runsvdir_options, one_option_is_read_and_any_other_word_is_the_directory) {
    EXPECT_EQ(read({"dir"}), "dir");
    EXPECT_EQ(read({"dir", "log: ..."}), "dir log: ...");
    EXPECT_EQ(read({"dir", "log", "more"}), "dir log");
    EXPECT_EQ(read({"-P", "dir"}), "P dir");
    EXPECT_EQ(read({"-Pxyz", "dir"}), "P dir");
    EXPECT_EQ(read({"-P", "-P"}), "P -P");
    EXPECT_EQ(read({"-X"}), "-X");
    EXPECT_EQ(read({"-"}), "-");
    EXPECT_EQ(read({""}), "");
    EXPECT_EQ(read({"--", "-P"}), "-P");
    EXPECT_EQ(read({"--whatever", "-P"}), "-P");
    EXPECT_EQ(read({"-P", "--"}), "P --");
}

TEST(runsvdir_options, waiting_goes_with_P_in_either_order) {
    EXPECT_EQ(read({"-W", "dir"}), "W dir");
    EXPECT_EQ(read({"--wait", "dir"}), "W dir");
    for (const std::vector<std::string>& both :
         {std::vector<std::string>{"-P", "-W"}, {"-W", "-P"}, {"--wait", "-P"}, {"-P", "--wait"}, {"-PW"}, {"-WP"}}) {
        auto words = both;
        words.emplace_back("dir");
        EXPECT_EQ(read(words), "P W dir");
    }
    EXPECT_EQ(read({"-W", "-W"}), "W -W");
    EXPECT_EQ(read({"-Wx"}), "-Wx");
    EXPECT_EQ(read({"-PWx", "dir"}), "P dir");
    EXPECT_EQ(read({"-W", "-Px"}), "W -Px");
    EXPECT_EQ(read({"-W", "--", "-P"}), "W -P");
    EXPECT_EQ(read({"-P", "-W", "--", "-x"}), "P W -x");
}

TEST(runsvdir_options, a_directory_is_needed) {
    for (const std::vector<std::string>& one :
         {std::vector<std::string>{}, {"-P"}, {"-W"}, {"-PW"}, {"--"}, {"-W", "--"}, {"-P", "-W"}})
        EXPECT_EQ(read(one), "usage");
}

}  // namespace
}  // namespace runwell
