#include "core/line_mark.hh"

#include <gtest/gtest.h>

#include <string>

namespace runwell {
namespace {

line_mark some_mark() {
    line_mark mark;
    mark.pipe.boot.fill('b');
    mark.pipe.device = 12;
    mark.pipe.inode  = 99'999;
    mark.bytes       = 5;
    mark.hash        = hash_of("abcde");
    mark.before      = {true, false, 17};
    mark.after       = {true, true, -4};
    mark.current     = 4711;
    return mark;
}

TEST(line_mark, is_read_as_it_was_written) {
    for (const bool taken : {false, true}) {
        line_mark mark            = some_mark();
        mark.taken                = taken;
        const line_mark_text text = write(mark);
        EXPECT_EQ(text.back(), '\n');
        const auto again = read_line_mark({text.data(), text.size()});
        ASSERT_TRUE(again);
        EXPECT_EQ(*again, mark);
    }
    line_mark mark  = some_mark();
    mark.pipe.boot  = {};  // without /proc
    mark.bytes      = ~std::uint64_t{0} >> 1;
    mark.pipe.inode = mark.bytes;
    const auto text = write(mark);
    ASSERT_TRUE(read_line_mark({text.data(), text.size()}));
    EXPECT_EQ(read_line_mark({text.data(), text.size()})->pipe, mark.pipe);
}

TEST(line_mark, anything_else_is_none) {
    const line_mark_text none = no_line_mark(), text = write(some_mark());
    EXPECT_FALSE(read_line_mark({none.data(), none.size()}));
    EXPECT_FALSE(read_line_mark(""));
    EXPECT_FALSE(read_line_mark({text.data(), text.size() - 1}));
    for (std::size_t at = 0; at < 60; ++at) {
        std::string spoilt{text.data(), text.size()};
        spoilt[at] = '~';
        EXPECT_FALSE(read_line_mark(spoilt) && read_line_mark(spoilt)->pipe == some_mark().pipe) << at;
    }
}

TEST(line_mark, the_state_is_the_one_before_as_long_as_the_pipe_begins_with_the_block) {
    line_mark mark = some_mark();
    EXPECT_EQ(mark.at("abcdefgh"), mark.before);
    EXPECT_EQ(mark.at("abcde"), mark.before);
    EXPECT_EQ(mark.at("abcd"), mark.after);
    EXPECT_EQ(mark.at("fghijklm"), mark.after);
    EXPECT_EQ(mark.at(""), mark.after);
    mark.taken = true;
    EXPECT_EQ(mark.at("abcde"), mark.after) << "the line repeats itself";
}

TEST(line_mark, a_hash_is_of_every_byte) {
    std::string text(100, 'x');
    const auto  whole = hash_of(text);
    for (char& c : text) {
        c = 'y';
        EXPECT_NE(hash_of(text), whole);
        c = 'x';
    }
    EXPECT_NE(hash_of(std::string(99, 'x')), whole);
}

}  // namespace
}  // namespace runwell
