#include "core/proctitle.hh"

#include <gtest/gtest.h>

#include <string>

namespace runwell {
namespace {

using namespace std::string_literals;

std::string after(std::string text, std::initializer_list<std::string_view> messages) {
    proctitle title{text};
    for (const std::string_view message : messages) title.scroll(message);
    return text;
}

TEST(proctitle, the_first_five_bytes_stay) { EXPECT_EQ(after("log: ........", {"abc"}), "log: .....abc"); }

TEST(proctitle, the_oldest_bytes_leave_first) { EXPECT_EQ(after("log: ....", {"abc", "de"}), "log: bcde"); }

TEST(proctitle, of_a_long_message_the_end_is_kept) {
    EXPECT_EQ(after("log: ....", {"0123456789"}), "log: 6789");
    EXPECT_EQ(after("log: ....", {"0123"}), "log: 0123");
}

TEST(proctitle, nothing_changes_nothing) { EXPECT_EQ(after("log: abcd", {""}), "log: abcd"); }

TEST(proctitle, seven_bytes_show_two) { EXPECT_EQ(after("log: ..", {"a", "b", "c"}), "log: bc"); }

TEST(proctitle, bytes_go_in_as_they_are) {
    using namespace std::string_view_literals;
    EXPECT_EQ(after("log: ....", {"\n\0\xff"sv}), "log: .\n\0\xff"s);
}

TEST(proctitle, a_message_in_pieces_is_the_same_message) {
    const std::string whole = after("log: ...........", {"one two three"});
    EXPECT_EQ(after("log: ...........", {"one", " ", "two", " three"}), whole);
}

TEST(proctitle, none_takes_messages_and_shows_them_nowhere) {
    proctitle none;
    none.scroll("abc");
}

}  // namespace
}  // namespace runwell
