#include "core/plan.hh"

#include <gtest/gtest.h>

#include <vector>

using namespace runwell;

namespace {

std::vector<act> acts_of(const plan& made) {
    std::vector<act> all;
    for (const step& each : made.steps()) all.push_back(each.what);
    return all;
}

}  // namespace

TEST(plan, keeps_its_steps_in_the_order_of_execution) {
    plan made;
    for (const act each : {act::umask, act::session, act::identity}) made.put({.what = each});
    EXPECT_EQ(acts_of(made), (std::vector{act::session, act::identity, act::umask}));
    EXPECT_EQ(made.find(act::identity), &made.steps()[1]);
    EXPECT_EQ(made.find(act::null), nullptr);
}

TEST(plan, has_the_later_of_two_equal_steps_unless_they_repeat) {
    plan made;
    made.put({.what = act::directory, .text = "/a"});
    made.put({.what = act::directory, .text = "/b"});
    made.put({.what = act::may_read, .text = "/c"});
    made.put({.what = act::may_read, .text = "/d"});
    ASSERT_EQ(acts_of(made), (std::vector{act::directory, act::may_read, act::may_read}));
    EXPECT_STREQ(made.steps()[0].text, "/b");
    EXPECT_STREQ(made.steps()[1].text, "/c");
    EXPECT_STREQ(made.steps()[2].text, "/d");
}

TEST(plan, has_one_limit_for_each_resource) {
    plan made;
    for (const resource each : {resource::files, resource::data, resource::files})
        made.put({.what = act::limit, .kind = static_cast<std::uint8_t>(each)});
    ASSERT_EQ(made.steps().size(), 2u);
    EXPECT_EQ(made.steps()[0].kind, static_cast<std::uint8_t>(resource::data));
}

TEST(plan, takes_no_more_than_it_has_room_for) {
    plan made;
    for (std::size_t n = 0; n < plan::most_steps; ++n) EXPECT_TRUE(made.put({.what = act::may_read}));
    EXPECT_FALSE(made.put({.what = act::may_read}));
    EXPECT_EQ(made.steps().size(), plan::most_steps);
}

TEST(plan, what_not_every_kernel_has_is_named) {
    for (const act each : {act::oom_score, act::cgroup, act::new_net, act::new_mount, act::read_only, act::private_tmp,
                           act::schedule, act::io_priority, act::cpus, act::bounding, act::capabilities, act::ruleset,
                           act::may_read, act::restriction, act::death_signal, act::no_new_privs, act::close_fds})
        EXPECT_FALSE(feature_of(each).name.empty()) << static_cast<int>(each);
    for (const act each : {act::session, act::environment, act::root, act::directory, act::nice, act::identity,
                           act::lock, act::limit, act::umask})
        EXPECT_TRUE(feature_of(each).name.empty()) << static_cast<int>(each);
}
