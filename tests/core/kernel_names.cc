#include "core/kernel_names.hh"

#include <gtest/gtest.h>

#include <csignal>

using namespace runwell;

TEST(kernel_names, a_policy_and_a_class_have_the_name_that_is_read) {
    for (const auto which :
         {schedule_kind::other, schedule_kind::fifo, schedule_kind::rr, schedule_kind::batch, schedule_kind::idle})
        EXPECT_EQ(schedule_in(name_of(which)), which);
    for (const auto which : {io_class::realtime, io_class::best_effort, io_class::idle})
        EXPECT_EQ(io_class_in(name_of(which)), which);
    EXPECT_FALSE(schedule_in("FIFO"));
    EXPECT_FALSE(io_class_in(""));
}

TEST(kernel_names, capabilities_have_their_kernel_numbers) {
    EXPECT_EQ(capabilities_in("chown"), 1U);
    EXPECT_EQ(capabilities_in("Cap_Sys_Admin"), 1U << 21);
    EXPECT_EQ(capabilities_in("checkpoint_restore"), std::uint64_t{1} << 40);
    EXPECT_EQ(capabilities_in("setfcap,mac_override"), std::uint64_t{3} << 31);
    EXPECT_EQ(capabilities_in("all"), ~std::uint64_t{0});
    EXPECT_FALSE(capabilities_in("cap_"));
}

TEST(kernel_names, cpus_are_a_list_of_ranges) {
    EXPECT_EQ((*cpus_in("0-3,8"))[0], 0x10fU);
    EXPECT_EQ((*cpus_in("63-64"))[0], std::uint64_t{1} << 63);
    EXPECT_EQ((*cpus_in("63-64"))[1], 1U);
    EXPECT_EQ((*cpus_in("1023"))[15], std::uint64_t{1} << 63);
}

TEST(kernel_names, a_signal_has_a_name_or_a_number) {
    EXPECT_EQ(signal_in("TERM"), SIGTERM);
    EXPECT_EQ(signal_in("SIGHUP"), SIGHUP);
    EXPECT_EQ(signal_in("9"), SIGKILL);
    EXPECT_EQ(signal_in("64"), 64);
    EXPECT_FALSE(signal_in("SIG"));
    EXPECT_FALSE(signal_in("term"));
}
