#include "svctl/script_checks.hh"

#include <gtest/gtest.h>

namespace runwell::svctl {
namespace {

TEST(script_checks, an_interpreter_is_what_execve_takes) {
    EXPECT_EQ(interpreter_of("#!/bin/sh\nx").path, "/bin/sh");
    EXPECT_EQ(interpreter_of("#!/bin/sh").path, "/bin/sh");
    EXPECT_EQ(interpreter_of("#! \t/usr/bin/env python3 -u\n").path, "/usr/bin/env");
    EXPECT_EQ(interpreter_of("#! \t/usr/bin/env python3 -u\n").argument, "python3");
    EXPECT_EQ(interpreter_of("#!/usr/bin/env -S bash -e\n").argument, "bash");
    EXPECT_EQ(interpreter_of("#!\n/bin/sh\n").path, "");
    EXPECT_EQ(interpreter_of("exec x\n").path, "");
    EXPECT_EQ(interpreter_of("").path, "");
}

TEST(script_checks, a_carriage_return_is_part_of_an_interpreter_but_not_of_its_argument) {
    EXPECT_TRUE(interpreter_of("#!/bin/sh\r\n").carriage_return);
    EXPECT_EQ(interpreter_of("#!/bin/sh\r\n").path, "/bin/sh");
    EXPECT_FALSE(interpreter_of("#!/bin/sh -e\r\n").carriage_return);
}

}  // namespace
}  // namespace runwell::svctl
