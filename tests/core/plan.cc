#include "core/plan.hh"

#include <gtest/gtest.h>

#include <vector>

using namespace runwell;

namespace {

std::vector<change_kind> kinds_of(const plan& made) {
    std::vector<change_kind> all;
    for (const change& each : made.changes()) all.push_back(each.what);
    return all;
}

}  // namespace

TEST(plan, keeps_its_steps_in_the_order_of_execution) {
    plan made;
    for (const change_kind each : {change_kind::umask, change_kind::session, change_kind::identity})
        made.put({.what = each});
    EXPECT_EQ(kinds_of(made), (std::vector{change_kind::session, change_kind::identity, change_kind::umask}));
    EXPECT_EQ(made.find(change_kind::identity), &made.changes()[1]);
    EXPECT_EQ(made.find(change_kind::null), nullptr);
}

TEST(plan, has_the_later_of_two_equal_steps_unless_they_repeat) {
    plan made;
    made.put({.what = change_kind::directory, .text = "/a"});
    made.put({.what = change_kind::directory, .text = "/b"});
    made.put({.what = change_kind::may_read, .text = "/c"});
    made.put({.what = change_kind::may_read, .text = "/d"});
    ASSERT_EQ(kinds_of(made), (std::vector{change_kind::directory, change_kind::may_read, change_kind::may_read}));
    EXPECT_STREQ(made.changes()[0].text, "/b");
    EXPECT_STREQ(made.changes()[1].text, "/c");
    EXPECT_STREQ(made.changes()[2].text, "/d");
}

TEST(plan, has_one_limit_for_each_resource) {
    plan made;
    for (const resource each : {resource::files, resource::data, resource::files})
        made.put({.what = change_kind::limit, .kind = static_cast<std::uint8_t>(each)});
    ASSERT_EQ(made.changes().size(), 2u);
    EXPECT_EQ(made.changes()[0].kind, static_cast<std::uint8_t>(resource::data));
}

TEST(plan, takes_no_more_than_it_has_room_for) {
    plan made;
    for (std::size_t n = 0; n < plan::most_changes; ++n) EXPECT_TRUE(made.put({.what = change_kind::may_read}));
    EXPECT_FALSE(made.put({.what = change_kind::may_read}));
    EXPECT_EQ(made.changes().size(), plan::most_changes);
}

TEST(plan, what_not_every_kernel_has_is_named) {
    for (const change_kind each :
         {change_kind::oom_score, change_kind::cgroup, change_kind::new_net, change_kind::new_mount,
          change_kind::read_only, change_kind::private_tmp, change_kind::schedule, change_kind::io_priority,
          change_kind::cpus, change_kind::bounding, change_kind::capabilities, change_kind::ruleset,
          change_kind::may_read, change_kind::restriction, change_kind::death_signal, change_kind::no_new_privs,
          change_kind::close_fds})
        EXPECT_FALSE(feature_of(each).name.empty()) << static_cast<int>(each);
    for (const change_kind each :
         {change_kind::session, change_kind::environment, change_kind::root, change_kind::directory, change_kind::nice,
          change_kind::identity, change_kind::lock, change_kind::limit, change_kind::umask})
        EXPECT_TRUE(feature_of(each).name.empty()) << static_cast<int>(each);
}
