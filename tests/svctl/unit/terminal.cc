#include "svctl/terminal.hh"

#include <gtest/gtest.h>

#include <cstdlib>

namespace runwell::svctl {
namespace {

class terminal_ : public testing::Test {
protected:
    terminal_() { use_locale(); }
};

TEST_F(terminal_, what_is_harmless_stays_as_it_is) {
    for (const char* text : {"", "web", "naïve café", "日本語", "a\\b", "😀"}) EXPECT_EQ(printable(text), text);
}

TEST_F(terminal_, nothing_that_moves_the_cursor_gets_through) {
    EXPECT_EQ(printable("a\nb\tc"), "a\\nb\\tc");
    EXPECT_EQ(printable("\x1b[2J"), "\\x1b[2J");
    EXPECT_EQ(printable("\x7f"), "\\x7f");
    EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b");  // CSI in one character
}

TEST_F(terminal_, what_is_spelt_out_can_be_told_from_what_looks_like_it) { EXPECT_EQ(printable("\\n\n"), "\\\\n\\n"); }

TEST_F(terminal_, bytes_that_are_no_character_are_spelt_out) {
    EXPECT_EQ(printable("a\xff"), "a\\xff");
    EXPECT_EQ(printable("\xc3"), "\\xc3");           // cut off
    EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf");  // overlong
    EXPECT_EQ(printable("\xe0\x80\x80"), "\\xe0\\x80\\x80");
    EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // a surrogate
    EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
    EXPECT_EQ(printable("\xf5\x80\x80\x80"), "\\xf5\\x80\\x80\\x80");
}

TEST_F(terminal_, columns_are_not_bytes) {
    EXPECT_EQ(columns_of("web"), 3u);
    EXPECT_EQ(columns_of("café"), 4u);
    EXPECT_EQ(columns_of("日本"), 4u);
    EXPECT_EQ(columns_of("e\xcc\x81"), 1u);  // e and a combining accent
    EXPECT_EQ(columns_of("\xff\xfe"), 2u);
}

TEST_F(terminal_, what_is_cut_says_so_and_ends_at_a_character) {
    EXPECT_EQ(fit("naïve café", 8), "naïve c…");
    EXPECT_EQ(fit("naïve", 5), "naïve");
    EXPECT_EQ(fit("日本語", 4), "日…");
    EXPECT_EQ(fit("web", 1), "…");
    EXPECT_EQ(fit("web", 0), "web");  // no limit
}

TEST_F(terminal_, prose_is_broken_at_spaces_and_a_word_is_not) {
    using lines = std::vector<std::string>;
    EXPECT_EQ(wrapped("one two three", 8), (lines{"one two", "three"}));
    EXPECT_EQ(wrapped("one two three", 7), (lines{"one two", "three"}));
    EXPECT_EQ(wrapped("a rather-long-word b", 5), (lines{"a", "rather-long-word", "b"}));
    EXPECT_EQ(wrapped("naïve café", 5), (lines{"naïve", "café"}));
    EXPECT_EQ(wrapped("one two", 0), lines{"one two"});
    EXPECT_EQ(wrapped("", 5), lines{""});
}

TEST_F(terminal_, lines_keep_their_ends_and_tabulators) { EXPECT_EQ(harmless("a\tb\n\x1b[2J\n"), "a\tb\n\\x1b[2J\n"); }

TEST_F(terminal_, padding_fills_columns_on_either_side) {
    EXPECT_EQ(pad("é", 3), "é  ");
    EXPECT_EQ(pad("é", 3, true), "  é");
    EXPECT_EQ(pad("four", 3), "four");
}

TEST_F(terminal_, colour_is_for_terminals_unless_it_is_asked_for) {
    const int null = 0;  // whatever it is, `always` and `never` say it
    EXPECT_EQ((terminal{null, color_mode::always}.paint(tint::good, "up")), "\x1b[32mup\x1b[0m");
    EXPECT_EQ((terminal{null, color_mode::never}.paint(tint::good, "up")), "up");
    EXPECT_EQ((terminal{-1, color_mode::automatic}.paint(tint::good, "up")), "up");
    EXPECT_EQ((terminal{null, color_mode::always}.paint(tint::plain, "up")), "up");
    EXPECT_EQ((terminal{null, color_mode::always}.paint(tint::good, "")), "");
}

TEST_F(terminal_, what_is_no_terminal_has_no_width) { EXPECT_EQ((terminal{-1, color_mode::always}.width()), 0u); }

TEST_F(terminal_, the_colours_of_names_begin_anew_after_six) {
    EXPECT_EQ(name_tint(0), tint::name_1);
    EXPECT_EQ(name_tint(5), tint::name_6);
    EXPECT_EQ(name_tint(6), tint::name_1);
}

}  // namespace
}  // namespace runwell::svctl
