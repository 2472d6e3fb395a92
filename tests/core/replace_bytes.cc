#include "core/replace_bytes.hh"

#include <gtest/gtest.h>

#include <string>

namespace runwell {
namespace {

std::string cleaned(char by, std::string_view also, std::string line) {
    replace_bytes{by, also}.apply(line);
    return line;
}

TEST(replace_bytes, replaces_what_is_not_printable_ascii) {
    EXPECT_EQ(cleaned('_', "", "a\tb\x7f\xff\x80 ~"), "a_b___ ~");
    std::string all;
    for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
    const std::string after = cleaned('?', "", all);
    for (int c = 0; c < 256; ++c)
        EXPECT_EQ(after[static_cast<std::size_t>(c)], c < 32 || c > 126 ? '?' : static_cast<char>(c)) << c;
}

TEST(replace_bytes, replaces_a_set_too) { EXPECT_EQ(cleaned('.', "[]", "a[b]\tc"), "a.b..c"); }

TEST(replace_bytes, twice_is_once) {
    for (const char by : {'_', 'a', '\xff', '\t'}) {
        const std::string once = cleaned(by, "abc", "abcdef\t\xfe");
        EXPECT_EQ(cleaned(by, "abc", once), once);
    }
}

TEST(replace_bytes, what_replaces_may_itself_be_in_the_set) { EXPECT_EQ(cleaned('a', "ab", "abc"), "aac"); }

}  // namespace
}  // namespace runwell
