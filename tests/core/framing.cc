#include "core/framing.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "core/bytes.hh"
#include "core/text.hh"

namespace runwell {
namespace {

struct seen_line {
    std::string head, text;
    bool        operator==(const seen_line&) const = default;
};

// Feeds `input` in pieces that end at the `cuts`, as svlogd does: it offers the unused rest of a piece again with the
// next one.
std::vector<seen_line> lines_of(const std::string& input, const std::vector<std::size_t>& cuts, std::size_t longest) {
    std::vector<seen_line> seen;
    bool                   inside = false;
    std::string            held;
    std::size_t            from = 0;
    for (std::size_t to : cuts) {
        held += input.substr(from, to - from);
        from                    = to;
        const std::size_t ready = ready_bytes(held, inside, longest);
        for (std::size_t at = 0; at < ready;) {
            const log_line line = first_line(std::string_view{held}.substr(at, ready - at), inside, longest);
            if (!inside) seen.push_back({std::string{line.head}, {}});
            seen.back().text.append(line.head).append(line.rest);
            if (line.ended) seen.back().text += '\n';
            inside = !line.ended;
            at += line.size();
        }
        held.erase(0, ready);
    }
    if (!held.empty()) seen.push_back({held, held});
    return seen;
}

TEST(framing, a_line_that_is_not_complete_waits) {
    EXPECT_EQ(ready_bytes("", false, 1000), 0u);
    EXPECT_EQ(ready_bytes("abc", false, 1000), 0u);
    EXPECT_EQ(ready_bytes("abc\nde", false, 1000), 4u);
    EXPECT_EQ(ready_bytes("\n", false, 1000), 1u);
}

TEST(framing, the_head_of_a_long_line_is_enough) {
    EXPECT_EQ(ready_bytes("abc", false, 4), 0u);
    EXPECT_EQ(ready_bytes("abcd", false, 4), 4u);
    EXPECT_EQ(ready_bytes("x\nabcd", false, 4), 6u);
}

TEST(framing, inside_a_long_line_everything_is_passed_on) {
    EXPECT_EQ(ready_bytes("a", true, 4), 1u);
    EXPECT_EQ(ready_bytes("a\nb", true, 4), 2u);
    EXPECT_EQ(ready_bytes("", true, 4), 0u);
}

TEST(framing, a_line_is_a_head_and_a_rest) {
    const log_line line = first_line("abcdef\ng", false, 4);
    EXPECT_EQ(line.head, "abcd");
    EXPECT_EQ(line.rest, "ef");
    EXPECT_TRUE(line.ended);
    EXPECT_EQ(line.size(), 7u);

    const log_line rest = first_line("ef\ng", true, 4);
    EXPECT_EQ(rest.head, "");
    EXPECT_EQ(rest.rest, "ef");

    const log_line empty = first_line("\n", false, 4);
    EXPECT_EQ(empty.size(), 1u);
}

TEST(framing, every_split_of_a_buffer_gives_the_same_lines) {
    const std::string input = "ab\n\nabcd\nabcdefgh\nx\n0123456789\nend";
    for (std::size_t longest : {1u, 3u, 4u, 5u, 100u}) {
        const auto whole = lines_of(input, {input.size()}, longest);
        for (std::size_t a = 0; a <= input.size(); ++a)
            for (std::size_t b = a; b <= input.size(); ++b)
                ASSERT_EQ(lines_of(input, {a, b, input.size()}, longest), whole);
    }
}

TEST(framing, random_binary_input_keeps_its_bytes_and_heads) {
    std::mt19937 random{3};
    for (int i = 0; i < 3000; ++i) {
        std::string input(random() % 200, ' ');
        for (char& c : input) c = random() % 6 == 0 ? '\n' : static_cast<char>(random());
        std::vector<std::size_t> cuts{input.size()};
        for (int n = 0; n < 5; ++n) cuts.push_back(random() % (input.size() + 1));
        std::sort(cuts.begin(), cuts.end());
        const std::size_t longest = 1 + random() % 20;
        std::string       all;
        for (const seen_line& line : lines_of(input, cuts, longest)) {
            ASSERT_EQ(line.head, line.text.substr(0, std::min(longest, line.text.find('\n'))));
            all += line.text;
        }
        ASSERT_EQ(all, input);
    }
}

TEST(bytes, finds_the_first_at_every_place_and_length) {
    for (std::size_t size = 0; size < 70; ++size) {
        std::string text(size, 'a');
        EXPECT_EQ(find_byte(text, 'x'), std::string_view::npos);
        for (std::size_t at = size; at-- > 0;) {
            text[at] = 'x';
            ASSERT_EQ(find_byte(text, 'x'), at);
        }
    }
}

TEST(bytes, copies_every_length_and_nothing_beyond) {
    for (std::size_t size = 0; size < 1100; ++size) {
        std::string from(size, ' '), to(size + 2, '!');
        for (std::size_t i = 0; i < size; ++i) from[i] = static_cast<char>('a' + i % 26);
        copy_bytes(to.data() + 1, from);
        ASSERT_EQ(to, "!" + from + "!");
    }
}

}  // namespace
}  // namespace runwell
