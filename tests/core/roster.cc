#include "core/roster.hh"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace runwell {
namespace {

using stage = entry::stage;

// A roster with room, and a directory to tell it of.
struct fixture {
    explicit fixture(std::size_t capacity = 64) : entries(capacity), names(capacity) { all.give_room(entries, names); }

    std::size_t sees(std::string_view name, place where, ticks not_before = 0) {
        const std::size_t i = all.list(name);
        all.leads_to(i, where, not_before);
        return i;
    }
    void misses(std::string_view name) { all.unlist(*all.find(name)); }

    // Starts whatever may be started; the pid of a runsv is 1000 + its inode. Returns the names, in order.
    std::vector<std::string> starts(ticks now) {
        std::vector<std::string> begun;
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (!all.may_start(i, now)) continue;
            begun.emplace_back(all.name(i));
            all.started(i, static_cast<std::int32_t>(1000 + all[i].where.inode), now);
        }
        return begun;
    }
    std::vector<std::string> leaves() {
        std::vector<std::string> told;
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (!all.must_leave(i)) continue;
            told.emplace_back(all.name(i));
            all.told(i);
        }
        return told;
    }
    std::size_t taken() const { return entries.size() - all.room(); }

    std::vector<entry>      entries;
    std::vector<entry_name> names;
    roster                  all;
};

using names_list = std::vector<std::string>;

constexpr place web{1, 10}, db{1, 11}, other{1, 12};

TEST(roster, what_is_listed_is_started_at_once) {
    fixture f;
    f.sees("web", web);
    f.sees("db", db);
    f.all.settle();
    EXPECT_EQ(f.starts(5), (names_list{"web", "db"}));
    EXPECT_EQ(f.starts(6), names_list{});
    EXPECT_EQ(f.all.living(), 2U);
}

TEST(roster, what_is_still_being_filled_waits) {
    fixture           f;
    const std::size_t i = f.sees("web", web, 100);
    f.all.settle();
    EXPECT_EQ(f.starts(99), names_list{});
    EXPECT_EQ(f.all.next(), 100);
    f.all.postpone(i, 150);
    EXPECT_EQ(f.starts(149), names_list{});
    EXPECT_EQ(f.starts(150), names_list{"web"});
    EXPECT_EQ(f.all.next(), std::nullopt);
}

TEST(roster, what_comes_complete_after_all_does_not_wait) {
    fixture f;
    f.sees("web", web, 100);
    f.sees("web", web, 0);
    f.all.settle();
    EXPECT_EQ(f.starts(1), names_list{"web"});
}

TEST(roster, a_removed_service_is_told_once_and_forgotten_when_it_has_ended) {
    fixture f;
    f.sees("web", web);
    f.all.settle();
    f.starts(1);
    f.misses("web");
    f.all.settle();
    EXPECT_EQ(f.leaves(), names_list{"web"});
    EXPECT_EQ(f.leaves(), names_list{});
    EXPECT_EQ(f.all.living(), 1U);
    EXPECT_TRUE(f.all.ended(1010));
    EXPECT_EQ(f.taken(), 0U);
    EXPECT_EQ(f.starts(one_second * 9), names_list{});
}

TEST(roster, a_runsv_that_dies_is_started_again_but_not_within_one_second) {
    fixture f;
    f.sees("web", web);
    f.all.settle();
    f.starts(5);
    EXPECT_TRUE(f.all.ended(1010));
    EXPECT_EQ(f.starts(5 + one_second - 1), names_list{});
    EXPECT_EQ(f.all.next(), 5 + one_second);
    EXPECT_EQ(f.starts(5 + one_second), names_list{"web"});
    f.all.ended(1010);
    EXPECT_EQ(f.starts(5 + 9 * one_second), names_list{"web"});
}

TEST(roster, a_look_does_not_shorten_the_second) {
    fixture f;
    f.sees("web", web);
    f.all.settle();
    f.starts(5);
    f.all.ended(1010);
    f.sees("web", web);
    f.all.settle();
    EXPECT_EQ(f.starts(6), names_list{});
}

TEST(roster, a_stranger_that_ends_is_nobody) {
    fixture f;
    f.sees("web", web);
    f.all.settle();
    f.starts(1);
    EXPECT_FALSE(f.all.ended(4711));
    EXPECT_EQ(f.all.living(), 1U);
}

TEST(roster, two_names_of_one_directory_are_one_service) {
    fixture f;
    f.sees("web", web);
    f.sees("www", web);
    f.all.settle();
    EXPECT_EQ(f.starts(1), names_list{"web"});
    f.misses("web");
    f.all.settle();
    EXPECT_EQ(f.leaves(), names_list{});
    EXPECT_EQ(f.all.living(), 1U);
    f.all.ended(1010);
    EXPECT_EQ(f.starts(one_second * 2), names_list{"www"});
}

TEST(roster, a_renamed_service_keeps_its_runsv_and_its_second) {
    fixture f;
    f.sees("web", web);
    f.all.settle();
    f.starts(1);
    f.misses("web");
    f.sees("www", web);
    f.all.settle();
    EXPECT_EQ(f.leaves(), names_list{});
    EXPECT_EQ(f.starts(2), names_list{});
    f.all.ended(1010);
    EXPECT_EQ(f.starts(2), names_list{});
    EXPECT_EQ(f.starts(1 + one_second), names_list{"www"});
}

TEST(roster, a_replaced_directory_waits_for_the_end_of_what_was_there) {
    fixture f;
    f.sees("web", web);
    f.all.settle();
    f.starts(1);
    f.sees("web", other);
    f.all.settle();
    EXPECT_EQ(f.starts(2), names_list{});
    EXPECT_EQ(f.all.next(), std::nullopt);  // not a matter of time
    EXPECT_EQ(f.leaves(), names_list{"web"});
    EXPECT_EQ(f.starts(3), names_list{});
    f.all.ended(1010);
    EXPECT_EQ(f.starts(4), names_list{"web"});
    EXPECT_TRUE(f.all.ended(1012));
}

TEST(roster, a_directory_that_comes_back_waits_for_the_end_of_its_runsv) {
    fixture f;
    f.sees("web", web);
    f.all.settle();
    f.starts(1);
    f.misses("web");
    f.all.settle();
    f.leaves();
    f.sees("www", web);
    f.all.settle();
    EXPECT_EQ(f.starts(9 * one_second), names_list{});
    f.all.ended(1010);
    EXPECT_EQ(f.starts(9 * one_second), names_list{"www"});
}

TEST(roster, a_name_that_leads_nowhere_ends_what_it_led_to) {
    fixture           f;
    const std::size_t i = f.sees("web", web);
    f.all.settle();
    f.starts(1);
    f.all.leads_nowhere(i);
    f.all.settle();
    EXPECT_EQ(f.leaves(), names_list{"web"});
    EXPECT_EQ(f.starts(2), names_list{});
    f.all.leads_to(i, web, 0);
    f.all.settle();
    EXPECT_EQ(f.starts(3), names_list{});
    f.all.ended(1010);
    EXPECT_EQ(f.starts(4), names_list{"web"});
    EXPECT_EQ(f.taken(), 1U);
}

TEST(roster, two_services_can_change_names) {
    fixture f;
    f.sees("a", web);
    f.sees("b", db);
    f.all.settle();
    f.starts(1);
    f.sees("a", db);
    f.sees("b", web);
    f.all.settle();
    EXPECT_EQ(f.leaves(), names_list{});
    EXPECT_EQ(f.starts(2), names_list{});
    f.all.ended(1010);
    EXPECT_EQ(f.starts(1 + one_second), names_list{"b"});
}

TEST(roster, a_look_at_everything_finds_what_has_gone) {
    fixture f;
    f.sees("web", web);
    f.sees("db", db);
    f.all.settle();
    f.starts(1);
    f.all.begin_look();
    f.sees("db", db);
    EXPECT_FALSE(f.all[*f.all.find("web")].seen);
    EXPECT_TRUE(f.all[*f.all.find("db")].seen);
}

TEST(roster, what_another_holds_is_taken_over_when_it_is_released) {
    fixture           f;
    const std::size_t i = f.sees("web", web);
    f.all.settle();
    ASSERT_TRUE(f.all.may_start(i, 1));
    f.all.held_by_another(i, 7, 0);
    EXPECT_FALSE(f.all.may_start(i, 1));
    EXPECT_FALSE(f.all.must_look(i, one_second));
    EXPECT_EQ(f.all.next(), std::nullopt);
    EXPECT_EQ(f.all.signed_by(7), i);
    f.all.released(i);
    EXPECT_EQ(f.starts(1), names_list{"web"});
    EXPECT_EQ(f.all.signed_by(7), std::nullopt);
}

TEST(roster, without_a_sign_the_other_is_looked_at) {
    fixture           f;
    const std::size_t i = f.sees("web", web);
    f.all.settle();
    f.all.held_by_another(i, -1, 50);
    EXPECT_FALSE(f.all.must_look(i, 49));
    EXPECT_EQ(f.all.next(), 50);
    EXPECT_TRUE(f.all.must_look(i, 50));
    f.all.postpone(i, 90);
    EXPECT_FALSE(f.all.must_look(i, 89));
    f.all.released(i);
    EXPECT_EQ(f.starts(60), names_list{"web"});
}

TEST(roster, another_that_is_dismissed_is_waited_for) {
    fixture           f;
    const std::size_t i = f.sees("web", web);
    f.all.settle();
    f.all.held_by_another(i, 7, 0);
    f.misses("web");
    f.all.settle();
    EXPECT_EQ(f.leaves(), names_list{"web"});
    EXPECT_EQ(f.all.living(), 1U);
    f.sees("web", other);
    f.all.settle();
    EXPECT_EQ(f.starts(1), names_list{});
    f.all.released(*f.all.signed_by(7));
    EXPECT_EQ(f.starts(2), names_list{"web"});
}

TEST(roster, a_renamed_service_keeps_the_other_that_holds_it) {
    fixture           f;
    const std::size_t i = f.sees("web", web);
    f.all.settle();
    f.all.held_by_another(i, 7, 0);
    f.misses("web");
    f.sees("www", web);
    f.all.settle();
    EXPECT_EQ(f.leaves(), names_list{});
    EXPECT_EQ(f.all.name(*f.all.signed_by(7)), "www");
}

TEST(roster, at_the_end_all_leave_and_none_is_started) {
    fixture f;
    f.sees("a", web);
    f.sees("b", db);
    f.all.settle();
    f.starts(1);
    f.sees("c", other);
    f.all.leads_nowhere(f.all.list("d"));
    f.all.unlist_all();
    f.all.settle();
    EXPECT_EQ(f.leaves(), (names_list{"a", "b"}));
    EXPECT_EQ(f.starts(2), names_list{});
    EXPECT_EQ(f.taken(), 2U);
    f.all.ended(1010);
    f.all.ended(1011);
    EXPECT_EQ(f.taken(), 0U);
    EXPECT_EQ(f.all.living(), 0U);
}

TEST(roster, names_may_be_as_long_as_names_are) {
    fixture           f;
    const std::string longest(255, 'n'), sibling = longest.substr(1) + 'm';
    f.sees(longest, web);
    f.sees(sibling, db);
    f.all.settle();
    EXPECT_EQ(f.starts(1), (names_list{longest, sibling}));
    EXPECT_TRUE(f.all.find(longest));
    EXPECT_FALSE(f.all.find(longest.substr(1)));
}

TEST(roster, room_can_grow_while_services_run) {
    fixture f{2};
    f.sees("web", web);
    f.sees("db", db);
    f.all.settle();
    f.starts(1);
    EXPECT_EQ(f.all.room(), 0U);
    f.entries.resize(8);
    f.names.resize(8);
    f.all.give_room(f.entries, f.names);
    EXPECT_EQ(f.all.room(), 6U);
    f.sees("other", other);
    f.all.settle();
    EXPECT_EQ(f.starts(2), names_list{"other"});
    EXPECT_TRUE(f.all.ended(1011));
}

// -- any story --------------------------------------------------------------------------------------------------------

// A directory whose names come, go, are renamed and replaced at random, with processes that die at random; the roster
// hears of it now by single names and now by a look at everything, as runsvdir does.
class story {
public:
    explicit story(unsigned seed) : chance_{seed}, f_{64} {}

    void tell(int steps) {
        for (int s = 0; s < steps && !::testing::Test::HasFailure(); ++s) {
            const int changes = below(4);
            for (int c = 0; c < changes; ++c) change();
            if (below(8) == 0)
                look_at_everything();
            else
                look_at_changes();
            die();
            now_ += below(4) * one_second / 3;
            act();
            check();
        }
        end_quietly();
    }

private:
    int below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(chance_); }

    std::string some_name() { return std::string(1, static_cast<char>('a' + below(6))); }

    void change() {
        const std::string name = some_name();
        changed_.insert(name);
        switch (below(5)) {
            case 0: directory_.erase(name); break;
            case 1: directory_[name] = 0; break;  // leads nowhere
            case 2: {
                const std::string to = some_name();
                changed_.insert(to);
                if (directory_.contains(name) && to != name) {
                    directory_[to] = directory_[name];
                    directory_.erase(name);
                }
                break;
            }
            default: directory_[name] = static_cast<std::uint64_t>(1 + below(5));
        }
    }

    void look(const std::string& name) {
        const auto at = directory_.find(name);
        if (at == directory_.end()) {
            if (const auto i = f_.all.find(name)) f_.all.unlist(*i);
        } else if (at->second == 0) {
            f_.all.leads_nowhere(f_.all.list(name));
        } else {
            f_.all.leads_to(f_.all.list(name), place{1, at->second}, below(5) == 0 ? now_ + one_second / 10 : 0);
        }
    }

    void look_at_changes() {
        for (const std::string& name : changed_) look(name);
        settle();
    }

    void look_at_everything() {
        f_.all.begin_look();
        for (const auto& [name, inode] : directory_) look(name);
        for (std::size_t i = 0; i < f_.all.size(); ++i)
            if (f_.all[i].listed && !f_.all[i].seen) f_.all.unlist(i);
        settle();
    }

    void settle() {
        f_.all.settle();
        changed_.clear();
        std::set<std::uint64_t> listed;
        for (const auto& [name, inode] : directory_) listed.insert(inode);
        std::erase_if(last_start_, [&](const auto& start) { return !listed.contains(start.first); });
    }

    void die() {
        for (auto at = ours_.begin(); at != ours_.end();) {
            if (below(3) != 0) {
                ++at;
                continue;
            }
            EXPECT_TRUE(f_.all.ended(at->first));
            at = ours_.erase(at);
        }
        for (auto at = others_.begin(); at != others_.end();) {
            if (below(4) != 0) {
                ++at;
                continue;
            }
            const auto i = f_.all.signed_by(at->first);
            ASSERT_TRUE(i);
            f_.all.released(*i);
            at = others_.erase(at);
        }
    }

    void act() {
        for (std::size_t i = 0; i < f_.all.size(); ++i)
            if (f_.all.must_leave(i)) f_.all.told(i);
        for (std::size_t i = 0; i < f_.all.size(); ++i)
            if (f_.all.may_start(i, now_)) start(i);
    }

    void start(std::size_t i) {
        const std::uint64_t inode = f_.all[i].where.inode;
        for (const auto& [pid, of] : ours_) ASSERT_NE(of, inode) << "two runsv for one directory";
        for (const auto& [sign, of] : others_) ASSERT_NE(of, inode) << "a runsv beside somebody else's";
        if (below(6) == 0) {
            others_[++last_] = inode;
            f_.all.held_by_another(i, last_, 0);
            return;
        }
        if (const auto before = last_start_.find(inode); before != last_start_.end()) {
            ASSERT_GE(now_ - before->second, one_second) << "two starts within one second";
        }
        last_start_[inode] = now_;
        ours_[++last_]     = inode;
        f_.all.started(i, last_, now_);
    }

    // The service of every directory that is listed: under how many entries is it looked after?
    void check() {
        ASSERT_EQ(f_.all.living(), ours_.size() + others_.size());
        std::map<std::uint64_t, int> owners;
        std::set<std::string>        names;
        for (std::size_t i = 0; i < f_.all.size(); ++i) {
            const entry& e = f_.all[i];
            if (!e.listed) continue;
            ASSERT_TRUE(names.emplace(f_.all.name(i)).second) << "a name is listed twice";
            if (e.now != stage::astray && e.now != stage::alias) ++owners[e.where.inode];
        }
        std::set<std::uint64_t> wanted;
        for (const auto& [name, inode] : directory_)
            if (inode != 0) wanted.insert(inode);
        ASSERT_EQ(names.size(), directory_.size());
        ASSERT_EQ(owners.size(), wanted.size());
        for (const auto& [inode, count] : owners) ASSERT_EQ(count, 1);
    }

    // When nothing more happens, exactly what is listed runs; and when nothing is listed, nothing is left.
    void end_quietly() {
        look_at_everything();
        for (int turns = 0; turns < 40; ++turns) {
            std::erase_if(others_, [&](const auto& held) {
                f_.all.released(*f_.all.signed_by(held.first));
                return true;
            });
            for (std::size_t i = 0; i < f_.all.size(); ++i) {
                if (f_.all[i].now != stage::leaving) continue;
                const std::int32_t pid = f_.all[i].pid;
                EXPECT_TRUE(f_.all.ended(pid));
                ours_.erase(pid);
            }
            now_ += one_second;
            act();
        }
        std::set<std::uint64_t> wanted, running;
        for (const auto& [name, inode] : directory_)
            if (inode != 0) wanted.insert(inode);
        for (const auto& [pid, inode] : ours_) running.insert(inode);
        for (const auto& [sign, inode] : others_) running.insert(inode);
        EXPECT_EQ(running, wanted);

        f_.all.unlist_all();
        f_.all.settle();
        act();
        for (const auto& [pid, inode] : ours_) EXPECT_TRUE(f_.all.ended(pid));
        for (const auto& [sign, inode] : others_) f_.all.released(*f_.all.signed_by(sign));
        EXPECT_EQ(f_.taken(), 0U);
        EXPECT_EQ(f_.all.next(), std::nullopt);
    }

    std::mt19937                          chance_;
    fixture                               f_;
    std::map<std::string, std::uint64_t>  directory_;  // name → inode; 0: nowhere
    std::set<std::string>                 changed_;
    std::map<std::int32_t, std::uint64_t> ours_, others_;
    std::map<std::uint64_t, ticks>        last_start_;  // of directories listed ever since
    std::int32_t                          last_ = 100;
    ticks                                 now_  = one_second;
};

TEST(roster, in_any_story_every_directory_has_one_runsv_and_nothing_leaks) {
    for (unsigned seed = 0; seed < 3000 && !HasFailure(); ++seed) {
        SCOPED_TRACE(seed);
        story{seed}.tell(60);
    }
}

}  // namespace
}  // namespace runwell
