// roster_world.hh — what must hold of a roster after any change of any directory.
//
// roster.cc tells stories by a generator of random numbers, the fuzzer fuzz_roster.cc by what it has been given.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/roster.hh"
#include "must.hh"

namespace runwell::of_roster {

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

// A directory whose names come, go, are renamed and replaced at random, with processes that die at random; the roster
// hears of it now by single names and now by a look at everything, as runsvdir does.
template <class Chance>
class story {
public:
    // chance(n) is a number below n.
    explicit story(Chance chance) : chance_{std::move(chance)} {}

    void tell(int steps) {
        for (int s = 0; s < steps; ++s) {
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
    int below(int n) { return chance_(n); }

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
            must(f_.all.ended(at->first), "f_.all.ended(at->first)");
            at = ours_.erase(at);
        }
        for (auto at = others_.begin(); at != others_.end();) {
            if (below(4) != 0) {
                ++at;
                continue;
            }
            const auto i = f_.all.signed_by(at->first);
            must(i.has_value(), "who is heard of is known");
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
        for (const auto& [pid, of] : ours_) must(of != inode, "two runsv for one directory");
        for (const auto& [sign, of] : others_) must(of != inode, "a runsv beside somebody else's");
        if (below(6) == 0) {
            others_[++last_] = inode;
            f_.all.held_by_another(i, last_, 0);
            return;
        }
        if (const auto before = last_start_.find(inode); before != last_start_.end()) {
            must(now_ - before->second >= one_second, "two starts within one second");
        }
        last_start_[inode] = now_;
        ours_[++last_]     = inode;
        f_.all.started(i, last_, now_);
    }

    // The service of every directory that is listed: under how many entries is it looked after?
    void check() {
        must(f_.all.living() == ours_.size() + others_.size(), "f_.all.living() == ours_.size() + others_.size()");
        std::map<std::uint64_t, int> owners;
        std::set<std::string>        names;
        for (std::size_t i = 0; i < f_.all.size(); ++i) {
            const entry& e = f_.all[i];
            if (!e.listed) continue;
            must(names.emplace(f_.all.name(i)).second, "a name is listed twice");
            if (e.now != stage::astray && e.now != stage::alias) ++owners[e.where.inode];
        }
        std::set<std::uint64_t> wanted;
        for (const auto& [name, inode] : directory_)
            if (inode != 0) wanted.insert(inode);
        must(names.size() == directory_.size(), "names.size() == directory_.size()");
        must(owners.size() == wanted.size(), "owners.size() == wanted.size()");
        for (const auto& [inode, count] : owners) must(count == 1, "count == 1");
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
                must(f_.all.ended(pid), "f_.all.ended(pid)");
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
        must(running == wanted, "running == wanted");

        f_.all.unlist_all();
        f_.all.settle();
        act();
        for (const auto& [pid, inode] : ours_) must(f_.all.ended(pid), "f_.all.ended(pid)");
        for (const auto& [sign, inode] : others_) f_.all.released(*f_.all.signed_by(sign));
        must(f_.taken() == 0U, "f_.taken() == 0U");
        must(f_.all.next() == std::nullopt, "f_.all.next() == std::nullopt");
    }

    Chance                                chance_;
    fixture                               f_{64};
    std::map<std::string, std::uint64_t>  directory_;  // name → inode; 0: nowhere
    std::set<std::string>                 changed_;
    std::map<std::int32_t, std::uint64_t> ours_, others_;
    std::map<std::uint64_t, ticks>        last_start_;  // of directories listed ever since
    std::int32_t                          last_ = 100;
    ticks                                 now_  = one_second;
};

}  // namespace runwell::of_roster
