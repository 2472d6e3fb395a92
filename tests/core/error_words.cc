#include "core/error_words.hh"

#include <gtest/gtest.h>

#include <cerrno>

namespace runwell {
namespace {

TEST(error_words, are_those_that_scripts_match_on) {
    EXPECT_EQ(error_words(ENOENT), "file does not exist");
    EXPECT_EQ(error_words(EAGAIN), "temporary failure");
    EXPECT_EQ(error_words(EACCES), "access denied");
    EXPECT_EQ(error_words(EPERM), "permission denied");
    EXPECT_EQ(error_words(ENOTDIR), "not a directory");
    EXPECT_EQ(error_words(ENOEXEC), "exec format error");
    EXPECT_EQ(error_words(ENXIO), "device not configured");
    EXPECT_EQ(error_words(EPIPE), "broken pipe");
    EXPECT_EQ(error_words(EROFS), "read-only file system");
    EXPECT_EQ(error_words(ENOSPC), "out of disk space");
    EXPECT_EQ(error_words(ENAMETOOLONG), "file name too long");
    EXPECT_EQ(error_words(EMFILE), "process cannot open more files");
    EXPECT_EQ(error_words(ENOMEM), "out of memory");
    EXPECT_EQ(error_words(0), "no error");
}

TEST(error_words, what_has_no_words_is_said_to_be_unknown) {
    for (const int code : {-1, 1'000'000, ECANCELED, EOWNERDEAD}) EXPECT_EQ(error_words(code), "unknown error");
}

TEST(error_words, are_never_empty_and_never_end_a_line) {
    for (int code = -10; code < 200; ++code) {
        EXPECT_FALSE(error_words(code).empty()) << code;
        EXPECT_EQ(error_words(code).find_first_of("\n:"), std::string_view::npos) << code;
    }
}

}  // namespace
}  // namespace runwell
