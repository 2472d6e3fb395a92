#include "core/wait_status.hh"

#include <gtest/gtest.h>

#include <csignal>
#include <string>

namespace runwell {
namespace {

constexpr int exited(int code) { return code << 8; }

// runit prints the exit status, or -1; and wait status & 0xff. Measured on runit 2.1.2 and 2.3.1.
TEST(wait_status, finish_gets_the_exit_status_and_the_low_byte_of_the_wait_status) {
    struct row {
        const char* what;
        int         status;
        const char *code, *low;
    };
    const row rows[] = {
        {"exited 0", exited(0), "0", "0"},
        {"exited 3", exited(3), "3", "0"},
        {"not started", status_of_unstarted, "111", "0"},
        {"exited 255", exited(255), "255", "0"},
        {"TERM", SIGTERM, "-1", "15"},
        {"KILL", SIGKILL, "-1", "9"},
        {"a real-time signal", SIGRTMAX, "-1", "64"},
        {"SEGV with a core dump", SIGSEGV | 0x80, "-1", "139"},
        {"not known", unknown_status, "-1", "0"},
    };
    for (const row& one : rows) {
        SCOPED_TRACE(one.what);
        const finish_arguments given = finish_arguments_of(one.status);
        EXPECT_EQ(given.code.view(), one.code);
        EXPECT_EQ(given.low.view(), one.low);
    }
}

TEST(wait_status, finish_gets_what_runit_computes_for_every_status_of_waitpid) {
    for (int code = 0; code < 256; ++code) {
        const finish_arguments given = finish_arguments_of(exited(code));
        EXPECT_EQ(given.code.view(), std::to_string(code));
        EXPECT_EQ(given.low.view(), "0");
    }
    for (int signal = 1; signal <= SIGRTMAX; ++signal)
        for (const int core : {0, 0x80}) {
            const finish_arguments given = finish_arguments_of(signal | core);
            EXPECT_EQ(given.code.view(), "-1");
            EXPECT_EQ(given.low.view(), std::to_string(signal | core));
        }
}

TEST(wait_status, a_shell_would_say_the_same) {
    EXPECT_EQ(shell_code(exited(0)), 0);
    EXPECT_EQ(shell_code(exited(111)), 111);
    EXPECT_EQ(shell_code(SIGTERM), 143);
    EXPECT_EQ(shell_code(SIGSEGV | 0x80), 139);
}

}  // namespace
}  // namespace runwell
