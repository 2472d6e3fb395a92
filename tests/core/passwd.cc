#include "core/passwd.hh"

#include <gtest/gtest.h>

#include <array>
#include <vector>

using namespace runwell;

namespace {

constexpr std::string_view passwd =
    "root:x:0:0:root:/root:/bin/sh\n"
    "broken:x:five:5::/:\n"
    "short:x:5\n"
    "www:x:33:34:www:/var/www:/bin/false\n"
    "www:x:99:99::/:\n"
    "last:x:1000:1001::/home:/bin/sh";  // no newline

constexpr std::string_view group =
    "root:x:0:\n"
    "adm:x:4:www,last\n"
    "wwwx:x:5:wwwx,xwww\n"
    "www:x:34:\n"
    "more:x:60:last,www\n";

std::vector<id_number> list(const group_list& of) { return {of.groups().begin(), of.groups().end()}; }

using numbers = std::vector<id_number>;

}  // namespace

TEST(passwd, the_first_user_of_a_name_is_found) {
    EXPECT_EQ(find_account(passwd, "www")->uid, 33U);
    EXPECT_EQ(find_account(passwd, "www")->gid, 34U);
    EXPECT_EQ(find_account(passwd, "root")->uid, 0U);
}

TEST(passwd, a_last_line_needs_no_newline) { EXPECT_EQ(find_account(passwd, "last")->gid, 1001U); }

TEST(passwd, a_broken_line_is_no_user) {
    EXPECT_FALSE(find_account(passwd, "broken"));
    EXPECT_FALSE(find_account(passwd, "short"));
    EXPECT_EQ(find_account("x:x:bad:1:\nx:x:7:8:\n", "x")->uid, 7U);
}

TEST(passwd, an_unknown_name_is_nobody) {
    EXPECT_FALSE(find_account(passwd, "ww"));
    EXPECT_FALSE(find_account(passwd, "wwww"));
    EXPECT_FALSE(find_account(passwd, ""));
    EXPECT_FALSE(find_account("", "root"));
    EXPECT_FALSE(find_group(group, "ad"));
    EXPECT_FALSE(find_group("", "adm"));
}

TEST(passwd, a_group_has_a_number) {
    EXPECT_EQ(find_group(group, "adm"), 4U);
    EXPECT_EQ(find_group(group, "more"), 60U);
    EXPECT_FALSE(find_group("x:x:y:\n", "x"));
}

TEST(passwd, memberships_are_by_whole_names) {
    std::array<id_number, 9> room;
    group_list               groups{room};
    EXPECT_TRUE(add_groups_of(group, "www", groups));
    EXPECT_EQ(list(groups), (numbers{4, 60}));
}

TEST(passwd, a_group_that_is_in_the_list_is_not_added_again) {
    std::array<id_number, 9> room;
    group_list               groups{room};
    groups.add(34);
    groups.add(4);
    EXPECT_TRUE(add_groups_of(group, "www", groups));
    EXPECT_EQ(list(groups), (numbers{34, 4, 60}));
}

TEST(passwd, getent_lists_groups_behind_the_name) {
    std::array<id_number, 9> room;
    group_list               groups{room};
    groups.add(27);
    EXPECT_TRUE(add_groups_said("www                   4 24 27 60\nother 7\n", groups));
    EXPECT_EQ(list(groups), (numbers{27, 4, 24, 60}));
}

TEST(passwd, more_groups_than_there_is_room_for_are_not_left_out_silently) {
    std::array<id_number, 1> room;
    group_list               groups{room};
    EXPECT_FALSE(add_groups_of(group, "www", groups));
    EXPECT_FALSE(add_groups_said("www 24 27", groups));
    EXPECT_FALSE(groups.add(5));
    EXPECT_EQ(list(groups), numbers{4});
}

TEST(passwd, an_id_is_digits_below_the_one_that_is_none) {
    EXPECT_EQ(id_in("0"), 0U);
    EXPECT_EQ(id_in("4294967294"), 4294967294U);
    for (const char* bad : {"", "4294967295", "99999999999999999999", "-1", "1x", " 1", "0x1"})
        EXPECT_FALSE(id_in(bad)) << bad;
}
