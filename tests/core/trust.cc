#include "core/trust.hh"

#include <gtest/gtest.h>

#include <string>

namespace runwell {
namespace {

constexpr std::uint32_t root = 0, user = 1000, other = 2000;

struct directory_row {
    const char*     text;
    std::uint32_t   us;
    directory_facts directory;
    writers         who;
};

constexpr directory_row directories[] = {
    {"root's own directory", root, {root, 0755}, writers::only_us},
    {"a private one", root, {root, 0700}, writers::only_us},
    {"root's, and its group can write", root, {root, 0775}, writers::others},
    {"root's, and an ACL lets a user write: the mask shows as the group's bits", root, {root, 0770}, writers::others},
    {"root's, and everybody can write", root, {root, 0777}, writers::others},
    {"/tmp", root, {root, 01777}, writers::anybody},
    {"sticky, for a group", root, {root, 01775}, writers::anybody},
    {"sticky, but nobody else can write", root, {root, 01755}, writers::only_us},
    {"a user's directory", root, {user, 0755}, writers::others},
    {"a user's directory that the user cannot write to now: chmod(2) is the owner's",
     root,
     {user, 0500},
     writers::others},
    {"a user's sticky directory: its owner can remove everything", root, {user, 01777}, writers::others},
    {"setgid changes nothing", root, {root, 02755}, writers::only_us},

    {"root's directory, for a user", user, {root, 0755}, writers::only_us},
    {"the user's own", user, {user, 0755}, writers::only_us},
    {"the user's own with a private group: a group is others", user, {user, 0775}, writers::others},
    {"/tmp, for a user", user, {root, 01777}, writers::anybody},
    {"the user's own sticky one", user, {user, 01777}, writers::anybody},
    {"another user's", user, {other, 0755}, writers::others},
    {"another user's sticky one", user, {other, 01777}, writers::others},
};

struct entry_row {
    const char*   text;
    writers       who;
    entry_facts   entry;
    trust         how;
    std::uint32_t us = root;
};

using enum file_type;
constexpr writers only_us = writers::only_us, anybody = writers::anybody, others = writers::others;
constexpr trust   none = trust::none, content = trust::content, full = trust::full;

constexpr entry_row entries[] = {
    {"a file", only_us, {root, regular, 1}, full},
    {"a user's file that root has put there", only_us, {user, regular, 1}, full},
    {"a link", only_us, {root, link, 1}, full},
    {"a device", only_us, {root, device, 1}, full},
    {"a socket", only_us, {root, socket, 1}, full},
    {"a file with two names, as cp -al makes it", only_us, {root, regular, 2}, full},

    {"the user's file", others, {user, regular, 1}, content},
    {"root's file, which the user may have renamed", others, {root, regular, 1}, content},
    {"the user's FIFO", others, {user, fifo, 1}, content},
    {"root's FIFO", others, {root, fifo, 1}, content},
    {"the user's link", others, {user, link, 1}, none},
    {"root's link, which the user may have renamed", others, {root, link, 1}, none},
    {"a second name of root's file", others, {root, regular, 2}, none},
    {"a second name of root's FIFO", others, {root, fifo, 2}, none},
    {"a file without a name any more", others, {user, regular, 0}, none},
    {"a device", others, {root, device, 1}, none},
    {"a socket", others, {user, socket, 1}, none},
    {"a directory: ask again who can write to it", others, {user, directory, 2}, content},

    {"root's file in /tmp: rename(2) may have brought it in", anybody, {root, regular, 1}, content},
    {"root's link in /tmp: the same", anybody, {root, link, 1}, none},
    {"root's directory in /tmp: nobody else can have brought it in", anybody, {root, directory, 3}, full},
    {"a user's directory in /tmp", anybody, {user, directory, 3}, content},
    {"a second name in /tmp", anybody, {root, regular, 2}, none},

    {"a user's own directory in /tmp, for that user", anybody, {user, directory, 2}, full, user},
    {"another user's, for that user", anybody, {other, directory, 2}, content, user},
    {"the user's own file in another user's directory", others, {user, regular, 1}, content, user},
    {"the user's own link in another user's directory", others, {user, link, 1}, none, user},
    {"a link in the user's own directory", only_us, {other, link, 1}, full, user},
};

TEST(trust, a_directory_is_ours_alone_if_no_other_user_can_write_to_it) {
    for (const directory_row& row : directories) EXPECT_EQ(writers_of(row.directory, row.us), row.who) << row.text;
}

TEST(trust, an_entry_is_believed_as_far_as_its_directory_allows) {
    for (const entry_row& row : entries) EXPECT_EQ(trust_in(row.who, row.entry, row.us), row.how) << row.text;
}

// The two rules that everything rests on, for every mode and every owner.
TEST(trust, no_directory_that_others_can_write_to_gives_full_trust_to_anything_but_a_directory) {
    for (const std::uint32_t us : {root, user})
        for (const std::uint32_t owner : {root, user, other})
            for (std::uint32_t mode = 0; mode <= 07777; ++mode) {
                const writers who       = writers_of({owner, mode}, us);
                const bool    is_closed = (owner == root || owner == us) && (mode & 0022) == 0;
                ASSERT_EQ(who == writers::only_us, is_closed) << owner << ' ' << mode;
                if (is_closed) continue;
                for (const std::uint32_t of : {root, user, other})
                    for (const file_type type : {regular, fifo, directory, link, socket, device})
                        for (const std::uint64_t names : {0U, 1U, 2U}) {
                            const trust how = trust_in(who, {of, type, names}, us);
                            if (type == directory) continue;
                            ASSERT_NE(how, full);
                            ASSERT_TRUE(how == none || (names == 1 && type != link));
                        }
            }
}

TEST(trust, a_directory_is_fully_trusted_only_where_others_cannot_exchange_it) {
    for (const std::uint32_t owner : {root, user, other}) {
        EXPECT_EQ(trust_in(others, {owner, directory, 2}, user), content);
        EXPECT_EQ(trust_in(anybody, {owner, directory, 2}, user), owner == other ? content : full);
    }
}

}  // namespace
}  // namespace runwell
