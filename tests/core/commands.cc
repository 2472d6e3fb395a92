#include "core/commands.hh"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace runwell {
namespace {

TEST(commands, every_letter_of_the_manual_has_a_row) {
    for (const char letter : std::string{"udopchaiq12tkx"}) {
        const auto row = command_of(letter);
        ASSERT_TRUE(row.has_value()) << letter;
        EXPECT_EQ(row->letter, letter);
    }
}

TEST(commands, no_other_byte_means_anything) {
    std::size_t known = 0;
    for (int byte = 0; byte < 256; ++byte)
        if (command_of(static_cast<char>(byte))) ++known;
    EXPECT_EQ(known, command_rows.size());
    for (const char none : {'\0', '\n', ' ', 'U', 'e', '0', '3', '\xff'}) EXPECT_FALSE(command_of(none).has_value());
}

TEST(commands, no_letter_and_no_meaning_has_two_rows) {
    std::set<char>    letters;
    std::set<command> meanings;
    for (const command_row& row : command_rows) {
        EXPECT_TRUE(letters.insert(row.letter).second) << row.letter;
        EXPECT_TRUE(meanings.insert(row.what).second) << row.letter;
    }
}

TEST(commands, the_signals_are_those_of_the_manual) {
    const auto signal = [](char letter) { return command_of(letter)->signal; };
    EXPECT_EQ(signal('u'), 0);
    EXPECT_EQ(signal('o'), 0);
    EXPECT_EQ(signal('d'), SIGTERM);
    EXPECT_EQ(signal('x'), SIGTERM);
    EXPECT_EQ(signal('t'), SIGTERM);
    EXPECT_EQ(signal('k'), SIGKILL);
    EXPECT_EQ(signal('p'), SIGSTOP);
    EXPECT_EQ(signal('c'), SIGCONT);
    EXPECT_EQ(signal('h'), SIGHUP);
    EXPECT_EQ(signal('a'), SIGALRM);
    EXPECT_EQ(signal('i'), SIGINT);
    EXPECT_EQ(signal('q'), SIGQUIT);
    EXPECT_EQ(signal('1'), SIGUSR1);
    EXPECT_EQ(signal('2'), SIGUSR2);
}

}  // namespace
}  // namespace runwell
