#include "core/chpst_options.hh"

#include <gtest/gtest.h>

#include <csignal>
#include <string>
#include <vector>

using namespace runwell;

namespace {

// A command line, read; it keeps the words that the plan points to.
struct reading {
    std::vector<std::string> words;
    std::vector<const char*> arguments;
    plan                     made;
    std::optional<refusal>   no;

    reading(tool as, std::initializer_list<const char*> line) : words{line.begin(), line.end()} {
        for (const std::string& w : words) arguments.push_back(w.c_str());
        arguments.push_back(nullptr);
        no = read_options(as, {arguments.data(), words.size()}, made);
    }
    reading(const reading&)            = delete;
    reading& operator=(const reading&) = delete;

    std::string told() const { return no ? std::string{no->words} + std::string{no->subject} : "accepted"; }

    // The plan as --print shows it.
    std::vector<std::string> changes() const {
        std::vector<std::string> all;
        for (const change& each : made.changes()) {
            const description said = describe(each);
            all.push_back(std::string{said.words.view()} + std::string{said.subject});
        }
        return all;
    }
    std::string program() const {
        std::string all;
        for (const char* const* word = made.program; *word != nullptr; ++word)
            all += (all.empty() ? "" : " ") + std::string{*word};
        return all;
    }
};

struct chpst : reading {
    chpst(std::initializer_list<const char*> line) : reading{tool::chpst, line} {}
};

using lines = std::vector<std::string>;

}  // namespace

// -- names ------------------------------------------------------------------------------------------------------------

TEST(chpst_options, a_tool_is_known_by_its_name_with_one_leading_d_or_without) {
    EXPECT_EQ(tool_of(tool_name("/usr/bin/setuidgid")), tool::setuidgid);
    EXPECT_EQ(tool_of(tool_name("dsetuidgid")), tool::setuidgid);
    EXPECT_EQ(tool_of(tool_name("ddsetuidgid")), tool::chpst);
    EXPECT_EQ(tool_name("ddsetuidgid"), "dsetuidgid");
    EXPECT_EQ(tool_name("d"), "");
    EXPECT_EQ(tool_of("envdir"), tool::envdir);
    EXPECT_EQ(tool_of("envuidgid"), tool::envuidgid);
    EXPECT_EQ(tool_of("pgrphack"), tool::pgrphack);
    EXPECT_EQ(tool_of("setlock"), tool::setlock);
    EXPECT_EQ(tool_of("softlimit"), tool::softlimit);
    EXPECT_EQ(tool_of("anything"), tool::chpst);
}

TEST(chpst_options, every_tool_has_a_usage) {
    for (const tool each :
         {tool::chpst, tool::envdir, tool::envuidgid, tool::pgrphack, tool::setlock, tool::setuidgid, tool::softlimit})
        EXPECT_TRUE(usage_of(each).starts_with(" ")) << static_cast<int>(each);
}

// -- the order --------------------------------------------------------------------------------------------------------

TEST(chpst_options, the_order_of_changes_is_not_that_of_the_options) {
    const chpst made{"-o", "3", "-2", "-1", "-0", "-l", "lk", "-u",  "www", "-U",  "x",
                     "-n", "1", "-C", "/d", "-/", "/r", "-e", "env", "-P",  "prog"};
    EXPECT_EQ(made.told(), "accepted");
    EXPECT_EQ(made.changes(),
              (lines{"begin a session", "read the environment from env", "change the root to /r",
                     "change the directory to /d", "add to the nice level 1", "set UID and GID for x", "become www",
                     "wait for the lock lk", "close 0", "close 1", "close 2", "limit open files to 3"}));
    EXPECT_EQ(made.program(), "prog");
}

TEST(chpst_options, the_new_changes_have_their_place_between_the_old) {
    const chpst made{"--close-fds",
                     "--may-write",
                     "/w",
                     "--may-read=/r",
                     "--no-new-privs",
                     "--death-signal",
                     "TERM",
                     "--umask",
                     "027",
                     "--null",
                     "--cap-keep",
                     "kill",
                     "--cpus",
                     "0",
                     "--io-class",
                     "idle",
                     "--sched",
                     "batch",
                     "--private-tmp",
                     "--read-only",
                     "/ro",
                     "--new-net",
                     "--cgroup",
                     "g",
                     "--cgroup-set",
                     "memory.max=1",
                     "--oom-score",
                     "-5",
                     "-e",
                     "e",
                     "-u",
                     "u",
                     "-L",
                     "lk",
                     "-0",
                     "-c",
                     "0",
                     "prog"};
    EXPECT_EQ(made.told(), "accepted");
    EXPECT_EQ(made.changes(), (lines{"read the environment from e",
                                     "set the oom score to -5",
                                     "create the cgroup g",
                                     "set in the cgroup memory.max=1",
                                     "enter the cgroup g",
                                     "leave the network",
                                     "keep mounts apart",
                                     "make read-only /ro",
                                     "mount an empty /tmp and /var/tmp",
                                     "schedule as batch",
                                     "set the io priority to idle:0",
                                     "run on the cpus 0",
                                     "give up capabilities for good",
                                     "become u",
                                     "keep capabilities",
                                     "take the lock lk",
                                     "begin file rules",
                                     "allow to read and execute /r",
                                     "allow to read and write /w",
                                     "open /dev/null as 0, 1 and 2",
                                     "close 0",
                                     "limit core size to 0",
                                     "set the umask to 0027",
                                     "ask for signal 15 when the parent dies",
                                     "gain no privileges any more",
                                     "open files by these rules only",
                                     "close everything above 2"}));
}

TEST(chpst_options, limits_are_set_in_the_order_of_runit) {
    const reading made{tool::softlimit, {"-t", "1",  "-r", "2",  "-c", "3",  "-f", "4",  "-p", "5",   "-o",
                                         "6",  "-a", "7",  "-l", "8",  "-s", "9",  "-d", "10", "prog"}};
    EXPECT_EQ(made.changes(),
              (lines{"limit data segment to 10", "limit stack to 9", "limit locked memory to 8", "limit memory to 7",
                     "limit open files to 6", "limit processes to 5", "limit file size to 4", "limit core size to 3",
                     "limit resident memory to 2", "limit cpu seconds to 1"}));
}

TEST(chpst_options, the_later_of_two_equal_options_counts) {
    const chpst made{"-u", "a", "-u", "b", "-o", "1", "-o", "2", "prog"};
    EXPECT_EQ(made.changes(), (lines{"become b", "limit open files to 2"}));
}

TEST(chpst_options, memory_is_four_limits_and_a_later_option_changes_one_of_them) {
    const chpst made{"-m", "100", "-d", "7", "prog"};
    EXPECT_EQ(made.changes(), (lines{"limit data segment to 7", "limit stack to 100", "limit locked memory to 100",
                                     "limit memory to 100"}));
    const chpst other{"-d", "7", "-m", "100", "prog"};
    EXPECT_EQ(other.changes()[0], "limit data segment to 100");
}

TEST(chpst_options, rules_and_paths_repeat_in_their_order) {
    const chpst made{"--may-read", "/b", "--may-read", "/a", "--read-only", "/z", "--read-only", "/y", "prog"};
    EXPECT_EQ(made.changes(), (lines{"keep mounts apart", "make read-only /z", "make read-only /y", "begin file rules",
                                     "allow to read and execute /b", "allow to read and execute /a",
                                     "gain no privileges any more", "open files by these rules only"}));
}

TEST(chpst_options, a_plan_that_is_full_is_refused) {
    std::vector<std::string> words;
    for (std::size_t i = 0; i <= plan::most_changes; ++i) words.insert(words.end(), {"--read-only", "/x"});
    words.emplace_back("prog");
    std::vector<const char*> arguments;
    for (const auto& w : words) arguments.push_back(w.c_str());
    plan       made;
    const auto no = read_options(tool::chpst, arguments, made);
    ASSERT_TRUE(no);
    EXPECT_EQ(no->words, "too many options");
    EXPECT_EQ(made.changes().size(), plan::most_changes);
}

// -- the command line -----------------------------------------------------------------------------------------------

TEST(chpst_options, letters_may_share_an_argument_with_what_belongs_to_the_last) {
    const chpst made{"-vP0o12", "prog", "-x"};
    EXPECT_EQ(made.changes(), (lines{"begin a session", "close 0", "limit open files to 12"}));
    EXPECT_TRUE(made.made.verbose);
    EXPECT_EQ(made.program(), "prog -x");
}

TEST(chpst_options, an_argument_may_be_empty_or_look_like_an_option) {
    EXPECT_EQ((chpst{"-u", "", "prog"}.changes()), lines{"become "});
    EXPECT_EQ((chpst{"-u", "-P", "prog"}.changes()), lines{"become -P"});
    EXPECT_EQ((chpst{"--cgroup-set=a.b=c=d", "--cgroup", "x", "prog"}.changes()[1]), "set in the cgroup a.b=c=d");
}

TEST(chpst_options, two_dashes_end_the_options_and_one_is_a_program) {
    EXPECT_EQ((chpst{"--", "-u", "x"}.program()), "-u x");
    EXPECT_EQ((chpst{"-", "x"}.program()), "- x");
}

TEST(chpst_options, what_is_no_option_is_refused_by_its_name) {
    EXPECT_EQ((chpst{"-x", "prog"}.told()), "illegal option -- x");
    EXPECT_EQ((chpst{"-vx", "prog"}.told()), "illegal option -- x");
    EXPECT_EQ((chpst{"-b"}.told()), "option requires an argument -- b");
    EXPECT_EQ((chpst{"--frob", "prog"}.told()), "illegal option -- frob");
    EXPECT_EQ((chpst{"--frob=1", "prog"}.told()), "illegal option -- frob");
    EXPECT_EQ((chpst{"--umask"}.told()), "option requires an argument -- umask");
    EXPECT_EQ((chpst{"--null=1", "prog"}.told()), "option takes no argument -- null");
    EXPECT_EQ((chpst{"--uma", "7", "prog"}.told()), "illegal option -- uma");
}

TEST(chpst_options, without_a_program_the_usage_says_it_all) {
    EXPECT_EQ(chpst{}.told(), "");
    EXPECT_EQ((chpst{"-v"}.told()), "");
    EXPECT_EQ((chpst{"--"}.told()), "");
    for (const tool each : {tool::envdir, tool::envuidgid, tool::setlock, tool::setuidgid}) {
        EXPECT_EQ((reading{each, {}}.told()), "");
        EXPECT_EQ((reading{each, {"first"}}.told()), "");
        EXPECT_EQ((reading{each, {"first", "prog"}}.told()), "accepted");
    }
    EXPECT_EQ((reading{tool::pgrphack, {}}.told()), "");
    EXPECT_EQ((reading{tool::softlimit, {}}.told()), "");
}

TEST(chpst_options, the_version_is_asked_for_at_once) {
    const chpst made{"-V", "prog"};
    ASSERT_TRUE(made.no);
    EXPECT_TRUE(made.no->version);
    EXPECT_EQ(made.told(), "");
}

TEST(chpst_options, the_other_tools_take_the_version_alone_and_else_a_name) {
    for (const tool each :
         {tool::envdir, tool::envuidgid, tool::pgrphack, tool::setlock, tool::setuidgid, tool::softlimit}) {
        const reading alone{each, {"-V"}};
        ASSERT_TRUE(alone.no);
        EXPECT_TRUE(alone.no->version);
    }
    for (const tool each : {tool::envdir, tool::envuidgid, tool::setuidgid})
        EXPECT_EQ((reading{each, {"-V", "prog"}}.told()), "accepted");
}

TEST(chpst_options, a_second_lock_is_refused) {
    EXPECT_EQ((chpst{"-l", "a", "-L", "b", "prog"}.told()), "");
    EXPECT_EQ((chpst{"-l", "a", "-l", "a", "prog"}.told()), "");
}

// -- numbers ----------------------------------------------------------------------------------------------------------

TEST(chpst_options, a_limit_is_digits_or_nothing) {
    EXPECT_EQ((chpst{"-o", "", "prog"}.changes()), lines{"limit open files to 0"});
    for (const char* bad : {"abc", "1x", "-1", "+1", " 1", "="})
        EXPECT_EQ((chpst{"-o", bad, "prog"}.told()), "") << bad;
}

TEST(chpst_options, too_large_a_limit_is_as_much_as_can_be) {
    EXPECT_EQ((chpst{"-o", "9223372036854775807", "prog"}.changes()), lines{"limit open files to 9223372036854775807"});
    for (const char* large : {"9223372036854775808", "18446744073709551617", "99999999999999999999"})
        EXPECT_EQ((chpst{"-o", large, "prog"}.changes()), lines{"limit open files to the hard limit"}) << large;
}

TEST(chpst_options, softlimit_takes_an_equals_sign_for_the_hard_limit) {
    EXPECT_EQ((reading{tool::softlimit, {"-o", "=", "prog"}}.changes()), lines{"limit open files to the hard limit"});
    EXPECT_EQ((reading{tool::softlimit, {"-m", "=", "prog"}}.changes().size()), 4U);
    EXPECT_EQ((reading{tool::softlimit, {"-o", "=1", "prog"}}.told()), "");
}

TEST(chpst_options, a_nice_level_has_a_sign_or_none) {
    EXPECT_EQ((chpst{"-n", "5", "prog"}.made.find(change_kind::nice)->number), 5);
    EXPECT_EQ((chpst{"-n", "+5", "prog"}.made.find(change_kind::nice)->number), 5);
    EXPECT_EQ((chpst{"-n", "-5", "prog"}.made.find(change_kind::nice)->number), -5);
    EXPECT_EQ((chpst{"-n", "-", "prog"}.made.find(change_kind::nice)->number), 0);
    EXPECT_EQ((chpst{"-n", "99999999999", "prog"}.made.find(change_kind::nice)->number), 40);
    EXPECT_EQ((chpst{"-n", "-99999999999", "prog"}.made.find(change_kind::nice)->number), -40);
    for (const char* bad : {"abc", "-abc", "--", "+-5", "5x"}) EXPECT_EQ((chpst{"-n", bad, "prog"}.told()), "") << bad;
}

// -- the new options ------------------------------------------------------------------------------------------------

TEST(chpst_options, a_bad_value_is_refused_by_the_name_of_its_option) {
    const std::pair<const char*, const char*> bad[] = {
        {"groups", "all"},
        {"umask", ""},
        {"umask", "8"},
        {"umask", "1000"},
        {"umask", "77777777777777777777777"},
        {"oom-score", "1001"},
        {"oom-score", "-1001"},
        {"oom-score", "x"},
        {"oom-score", ""},
        {"cap-drop", ""},
        {"cap-drop", "frob"},
        {"cap-keep", "chown,"},
        {"cap-keep", "chown,,kill"},
        {"cpus", ""},
        {"cpus", "x"},
        {"cpus", "3-1"},
        {"cpus", "0,"},
        {"cpus", "1024"},
        {"cpus", "0-"},
        {"cpus", "-1"},
        {"io-class", "frob"},
        {"io-prio", "8"},
        {"io-prio", ""},
        {"sched", "frob"},
        {"sched", "fifo"},
        {"sched", "fifo:0"},
        {"sched", "fifo:100"},
        {"sched", "rr:x"},
        {"sched", "batch:1"},
        {"sched", ""},
        {"death-signal", "FROB"},
        {"death-signal", "0"},
        {"death-signal", "65"},
        {"death-signal", ""},
        {"cgroup", ""},
        {"cgroup", "/"},
        {"cgroup", "../x"},
        {"cgroup", "a//b"},
        {"cgroup", "a/.."},
        {"cgroup", "./a"},
        {"cgroup", "a/"},
    };
    for (const auto& [name, value] : bad) {
        const std::string option = std::string{"--"} + name;
        const chpst       made{option.c_str(), value, "-u", "x", "prog"};
        EXPECT_EQ(made.told(), std::string{"invalid argument -- "} + name) << value;
    }
    for (const char* value : {"x", "=1", "memory=1", "a/b.c=1", ".max=1", "../a.b=1"}) {
        const chpst made{"--cgroup", "g", "--cgroup-set", value, "prog"};
        EXPECT_EQ(made.told(), "invalid argument -- cgroup-set") << value;
    }
}

TEST(chpst_options, an_option_that_means_nothing_alone_is_refused) {
    EXPECT_EQ((chpst{"--cgroup-set", "a.b=1", "prog"}.told()), "--cgroup-set needs --cgroup");
    EXPECT_EQ((chpst{"--hard", "prog"}.told()), "--hard needs a limit");
    EXPECT_EQ((chpst{"--groups=init", "prog"}.told()), "--groups=init needs -u with the name of a user");
    EXPECT_EQ((chpst{"--groups=init", "-u", ":1:2", "prog"}.told()), "--groups=init needs -u with the name of a user");
}

TEST(chpst_options, hard_makes_every_limit_hard_wherever_it_stands) {
    EXPECT_EQ((chpst{"-o", "3", "--hard", "-c", "4", "prog"}.changes()),
              (lines{"limit open files to 3, hard", "limit core size to 4, hard"}));
}

TEST(chpst_options, the_groups_of_a_user_are_asked_for_with_the_user) {
    const chpst made{"--groups", "init", "-u", "www:x", "prog"};
    EXPECT_TRUE(has(made.made.find(change_kind::identity)->how, manner::init_groups));
    EXPECT_EQ(made.changes(), lines{"become, with all groups, www:x"});
}

TEST(chpst_options, io_class_and_priority_are_one_change) {
    EXPECT_EQ((chpst{"--io-prio", "2", "prog"}.changes()), lines{"set the io priority to best-effort:2"});
    EXPECT_EQ((chpst{"--io-class", "realtime", "prog"}.changes()), lines{"set the io priority to realtime:4"});
    EXPECT_EQ((chpst{"--io-prio", "0", "--io-class", "realtime", "prog"}.changes()),
              lines{"set the io priority to realtime:0"});
    EXPECT_EQ((chpst{"--io-prio", "3", "--io-class", "idle", "prog"}.changes()),
              lines{"set the io priority to idle:0"});
}

TEST(chpst_options, a_policy_of_real_time_has_a_priority) {
    EXPECT_EQ((chpst{"--sched", "fifo:10", "prog"}.changes()), lines{"schedule as fifo:10"});
    EXPECT_EQ((chpst{"--sched", "rr:99", "prog"}.changes()), lines{"schedule as rr:99"});
    EXPECT_EQ((chpst{"--sched", "idle", "prog"}.changes()), lines{"schedule as idle"});
    EXPECT_EQ((chpst{"--sched", "other", "prog"}.changes()), lines{"schedule as other"});
}

TEST(chpst_options, capabilities_add_up_and_what_is_dropped_is_not_kept) {
    constexpr std::uint64_t chown = 1, kill = 1U << 5, bind = 1U << 10;
    const chpst             dropped{"--cap-drop", "chown", "--cap-drop", "CAP_KILL", "prog"};
    EXPECT_EQ(dropped.made.find(change_kind::bounding)->bits, chown | kill);
    EXPECT_EQ(dropped.made.find(change_kind::capabilities)->bits, ~(chown | kill));
    EXPECT_FALSE(has(dropped.made.find(change_kind::capabilities)->how, manner::ambient));

    const chpst kept{"--cap-keep", "chown,kill", "--cap-keep", "net_bind_service", "--cap-drop", "kill", "prog"};
    EXPECT_EQ(kept.made.find(change_kind::bounding)->bits, ~(chown | bind));
    EXPECT_EQ(kept.made.find(change_kind::capabilities)->bits, chown | bind);
    EXPECT_TRUE(has(kept.made.find(change_kind::capabilities)->how, manner::ambient));
}

// -- the other tools --------------------------------------------------------------------------------------------------

TEST(chpst_options, a_tool_does_one_thing) {
    EXPECT_EQ((reading{tool::envdir, {"-x", "prog"}}.changes()), lines{"read the environment from -x"});
    EXPECT_EQ((reading{tool::envuidgid, {"a:b", "prog"}}.changes()), lines{"set UID and GID for a:b"});
    EXPECT_EQ((reading{tool::setuidgid, {"a", "prog"}}.changes()), lines{"become a"});
    EXPECT_EQ((reading{tool::pgrphack, {"-x"}}.changes()), lines{"begin a session"});
    EXPECT_TRUE(has((reading{tool::setuidgid, {"a", "prog"}}.made.changes()[0].how), manner::daemontools));
}

TEST(chpst_options, setlock_waits_only_when_it_is_told_to) {
    EXPECT_EQ((reading{tool::setlock, {"lk", "prog"}}.changes()), lines{"take the lock lk"});
    EXPECT_EQ((reading{tool::setlock, {"-n", "lk", "prog"}}.changes()), lines{"wait for the lock lk"});
    EXPECT_EQ((reading{tool::setlock, {"-nN", "lk", "prog"}}.changes()), lines{"take the lock lk"});
    EXPECT_TRUE((reading{tool::setlock, {"-x", "lk", "prog"}}.made.silent));
    EXPECT_FALSE((reading{tool::setlock, {"-xX", "lk", "prog"}}.made.silent));
    EXPECT_EQ((reading{tool::setlock, {"-q", "lk", "prog"}}.told()), "illegal option -- q");
    EXPECT_EQ((reading{tool::setlock, {"--anything", "lk", "prog"}}.changes()), lines{"take the lock lk"});
    EXPECT_EQ((reading{tool::setlock, {"--", "-n", "prog"}}.changes()), lines{"take the lock -n"});
}

TEST(chpst_options, words_are_options_of_chpst_only) {
    EXPECT_EQ((reading{tool::softlimit, {"--null", "prog"}}.told()), "accepted");
    EXPECT_EQ((reading{tool::softlimit, {"--null", "prog"}}.changes()), lines{});
}
