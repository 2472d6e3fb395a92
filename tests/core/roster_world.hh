// roster_world.hh — what must hold of a roster after any change of any directory.
//
// roster.cc generates stories from random numbers, the fuzzer fuzz_roster.cc from its input.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/roster.hh"
#include "must.hh"

namespace runwell::of_roster {

using state = entry::state;

// A roster with room, and a directory for it.
struct fixture {
    explicit fixture(std::size_t capacity = 64) : entries(capacity), names(capacity) { all.give_room(entries, names); }

    std::size_t sees(std::string_view name, place where) {
        const std::size_t i = all.list(name);
        all.leads_to(i, where);
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
    std::vector<std::string> leaves(ticks now = 0) {
        std::vector<std::string> told;
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (!all.must_leave(i, now)) continue;
            told.emplace_back(all.name(i));
            all.mark_leaving(i);
        }
        return told;
    }
    // Starts a runsv for whatever has to be stopped; its pid is 2000 + the inode.
    std::vector<std::string> stops(ticks now) {
        std::vector<std::string> begun;
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (!all.must_stop(i, now)) continue;
            begun.emplace_back(all.name(i));
            all.started(i, static_cast<std::int32_t>(2000 + all[i].where.inode), now);
        }
        return begun;
    }
    bool ends(std::int32_t pid, runsv_end how = runsv_end::left, ticks now = 1) { return all.ended(pid, how, now); }
    bool dies(std::int32_t pid, ticks now = 1) { return ends(pid, runsv_end::killed, now); }
    std::size_t taken() const { return entries.size() - all.room(); }

    std::vector<entry>      entries;
    std::vector<entry_name> names;
    roster                  all;
};

// A directory whose names come, go, are renamed and replaced at random, with supervisors that are killed, fail, and
// leave because they were asked to, some of them foreign; the roster hears of it now by single names and now by a look
// at everything, as runsvdir does. A runsv that is killed leaves the processes of its service behind; the next one
// takes them over.
template <class Chance>
class story {
public:
    // chance(n) is a number below n.
    explicit story(Chance chance) : chance_{std::move(chance)} { f_.all.give_descriptors(2); }

    void tell(int steps) {
        for (int s = 0; s < steps; ++s) {
            const int changes = below(4);
            for (int c = 0; c < changes; ++c) change();
            if (below(8) == 0)
                look_at_everything();
            else
                look_at_changes();
            die();
            if (below(6) == 0) ask();
            now_ += below(4) * one_second / 3;
            act();
            check();
        }
        end_quietly();
    }

private:
    struct runsv {
        std::uint64_t inode;
        bool          lives = true;
        int           fd    = -1;  // foreign: what reports its end
    };

    int below(int n) { return chance_(n); }

    std::string some_name() { return std::string(1, static_cast<char>('a' + below(6))); }

    void change() {
        const std::string name = some_name();
        touch(name);
        switch (below(5)) {
            case 0: directory_.erase(name); break;
            case 1: directory_[name] = 0; break;  // leads nowhere
            case 2: {
                const std::string to = some_name();
                touch(to);
                if (directory_.contains(name) && to != name) {
                    directory_[to] = directory_[name];
                    directory_.erase(name);
                }
                break;
            }
            default: directory_[name] = static_cast<std::uint64_t>(1 + below(5));
        }
        touch(name);
    }

    // What a name led to and leads to may be started at once.
    void touch(const std::string& name) {
        changed_.insert(name);
        if (const auto at = directory_.find(name); at != directory_.end()) rests_until_.erase(at->second);
    }

    void look(const std::string& name) {
        const auto at = directory_.find(name);
        if (at == directory_.end()) {
            if (const auto i = f_.all.find(name)) f_.all.unlist(*i);
        } else if (at->second == 0) {
            f_.all.leads_nowhere(f_.all.list(name));
        } else {
            const std::size_t i = f_.all.list(name);
            f_.all.leads_to(i, place{1, at->second});
            if (below(5) == 0) f_.all.still_changes(i, now_, below(4) != 0, below(4) != 0);
            if (changed_.contains(name)) f_.all.ask(i);
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
        std::erase_if(rests_until_, [&](const auto& rest) { return !listed.contains(rest.first); });
    }

    void ask() {
        for (std::size_t i = 0; i < f_.all.size(); ++i) {
            if (f_.all[i].now != state::resting || below(2) != 0) continue;
            rests_until_.erase(f_.all[i].where.inode);
            if (below(2) == 0)
                f_.all.ask(i);
            else
                f_.all.stirs(i, now_);
        }
    }

    void die() {
        for (auto at = ours_.begin(); at != ours_.end();) {
            if (below(3) != 0) {
                ++at;
                continue;
            }
            ends(at->first, at->second, static_cast<runsv_end>(below(3)));
            at = ours_.erase(at);
        }
        for (auto& [id, one] : others_)
            if (one.lives && below(4) == 0) {
                one.lives = false;
                if (below(2) == 0) leftovers_.insert(one.inode);
            }
        others_end();
    }

    // Those that a descriptor reports are known to have ended at once, the others when they are looked at.
    void others_end() {
        std::erase_if(others_, [&](const auto& known) {
            const auto& [id, one] = known;
            if (one.lives || one.fd < 0) return false;
            const auto i = f_.all.signed_by(one.fd);
            must(i.has_value(), "the runsv of a descriptor is known");
            release(*i, one.inode);
            return true;
        });
    }

    void release(std::size_t i, std::uint64_t inode) {
        const bool left = !leftovers_.contains(inode);
        const bool last = !f_.all[i].listed && f_.all[i].tries >= roster::most_tries;
        if (left && f_.all[i].listed) rests_until_[inode] = now_ + roster::rest;
        if (!left && last) given_up_.insert(inode);
        f_.all.released(i, left ? runsv_end::left : runsv_end::killed, now_);
    }

    void ends(std::int32_t pid, std::uint64_t inode, runsv_end how) {
        if (how == runsv_end::left) {
            leftovers_.erase(inode);
            given_up_.erase(inode);
            last_start_.erase(inode);
        }
        if (how == runsv_end::killed) leftovers_.insert(inode);
        for (std::size_t i = 0; i < f_.all.size(); ++i) {
            const entry& e = f_.all[i];
            if (e.pid != pid) continue;
            if (e.listed && how == runsv_end::left) rests_until_[inode] = now_ + roster::rest;
            if (!e.listed && e.tries >= roster::most_tries && leftovers_.contains(inode)) given_up_.insert(inode);
        }
        must(f_.all.ended(pid, how, now_), "a child that was started is known");
    }

    void act() {
        for (std::size_t i = 0; i < f_.all.size(); ++i) {
            if (f_.all.must_look(i, now_)) look_at_foreign(i);
            if (f_.all.must_leave(i, now_)) tell(i);
            if (f_.all.must_stop(i, now_)) start(i);
            if (f_.all.may_start(i, now_)) start(i);
        }
    }

    void tell(std::size_t i) {
        const entry& e = f_.all[i];
        must(!e.listed, "only what has left the list is told to leave");
        if (e.now == state::foreign && !calm_ && below(3) == 0)  // it does not listen yet
            f_.all.tell_later(i, now_ + one_second / 100);
        else
            f_.all.mark_leaving(i);
    }

    void look_at_foreign(std::size_t i) {
        const auto one = std::ranges::find_if(
            others_, [&](const auto& known) { return known.second.inode == f_.all[i].where.inode; });
        must(one != others_.end() && one->second.fd < 0, "what is looked at has no descriptor");
        if (one->second.lives) {
            f_.all.hangs_up_at(i, -1, now_ + one_second);
            return;
        }
        release(i, one->second.inode);
        others_.erase(one);
    }

    void start(std::size_t i) {
        const std::uint64_t inode  = f_.all[i].where.inode;
        const bool          listed = f_.all[i].listed;
        for (const auto& [pid, of] : ours_) must(of != inode, "two runsv for one directory");
        for (const auto& [id, of] : others_) must(of.inode != inode, "a runsv beside a foreign one");
        if (!calm_ && below(6) == 0) {
            runsv one{.inode = inode};
            if (f_.all.may_keep_descriptor() && below(2) == 0) one.fd = ++last_;
            others_[++last_] = one;
            leftovers_.erase(inode);
            f_.all.held_by_another(i, one.fd, now_ + one_second / 100);
            return;
        }
        if (const auto before = last_start_.find(inode); listed && before != last_start_.end())
            must(now_ - before->second >= one_second, "two starts within one second");
        if (const auto rests = rests_until_.find(inode); listed && rests != rests_until_.end())
            must(now_ >= rests->second, "a runsv that was asked to leave is followed at once");
        if (listed) last_start_[inode] = now_;
        rests_until_.erase(inode);
        ours_[++last_] = inode;
        f_.all.started(i, last_, now_);
    }

    // The service of every directory that is listed: by how many entries is it supervised?
    void check() {
        must(f_.all.living() == ours_.size() + others_.size(), "f_.all.living() == ours_.size() + others_.size()");
        std::map<std::uint64_t, int> owners;
        std::set<std::string>        names;
        for (std::size_t i = 0; i < f_.all.size(); ++i) {
            const entry& e = f_.all[i];
            if (!e.listed) continue;
            must(names.emplace(f_.all.name(i)).second, "a name is listed twice");
            if (e.now != state::dangling && e.now != state::alias) ++owners[e.where.inode];
        }
        std::set<std::uint64_t> wanted;
        for (const auto& [name, inode] : directory_)
            if (inode != 0) wanted.insert(inode);
        must(names.size() == directory_.size(), "names.size() == directory_.size()");
        must(owners.size() == wanted.size(), "owners.size() == wanted.size()");
        for (const auto& [inode, count] : owners) must(count == 1, "count == 1");
    }

    // Every runsv that was asked to exit exits, and time passes; nothing else happens.
    void calm_down() {
        calm_ = true;
        for (int turns = 0; turns < 60; ++turns) {
            for (std::size_t i = 0; i < f_.all.size(); ++i) {
                if (f_.all[i].now == state::leaving) {
                    const std::int32_t  pid   = f_.all[i].pid;
                    const std::uint64_t inode = ours_.at(pid);
                    ours_.erase(pid);
                    ends(pid, inode, runsv_end::left);
                } else if (f_.all[i].now == state::foreign_leaving) {
                    for (auto& [id, one] : others_)
                        if (one.inode == f_.all[i].where.inode) one.lives = false;
                }
            }
            others_end();
            const auto next = f_.all.next();
            now_            = next && *next > now_ ? *next : now_ + one_second / 50;
            act();
        }
    }

    std::set<std::uint64_t> supervised() const {
        std::set<std::uint64_t> all;
        for (const auto& [pid, inode] : ours_) all.insert(inode);
        for (const auto& [id, one] : others_) all.insert(one.inode);
        return all;
    }

    // When nothing more happens, exactly what is listed runs; and when nothing is listed, nothing is left.
    void end_quietly() {
        if (below(2) == 0) {
            look_at_everything();
            calm_down();
            std::set<std::uint64_t> wanted;
            for (const auto& [name, inode] : directory_)
                if (inode != 0) wanted.insert(inode);
            must(supervised() == wanted, "what is listed is supervised, and nothing else");
            for (const std::uint64_t inode : leftovers_)
                must(wanted.contains(inode) || given_up_.contains(inode), "a removed service has left processes");
        }
        f_.all.unlist_all();  // TERM, at any moment of any story
        settle_nothing();
        calm_down();
        must(supervised().empty(), "after TERM no runsv is left");
        for (const std::uint64_t inode : leftovers_)
            must(given_up_.contains(inode), "after TERM no process of a service is left");
        must(f_.taken() == 0U, "f_.taken() == 0U");
        must(f_.all.empty(), "f_.all.empty()");
        must(f_.all.next() == std::nullopt, "f_.all.next() == std::nullopt");
    }

    void settle_nothing() {
        directory_.clear();
        settle();
        act();
    }

    Chance                                chance_;
    fixture                               f_{64};
    std::map<std::string, std::uint64_t>  directory_;  // name → inode; 0: nowhere
    std::set<std::string>                 changed_;
    std::map<std::int32_t, std::uint64_t> ours_;  // pid → inode
    std::map<std::int32_t, runsv>         others_;
    std::set<std::uint64_t>               leftovers_;    // processes that a killed runsv has left
    std::set<std::uint64_t>               given_up_;     // … and that could not be stopped
    std::map<std::uint64_t, ticks>        last_start_;   // of directories listed ever since
    std::map<std::uint64_t, ticks>        rests_until_;  // a runsv that was asked to leave, and no other since
    std::int32_t                          last_ = 100;
    bool                                  calm_ = false;  // nothing happens by itself any more
    ticks                                 now_  = one_second;
};

}  // namespace runwell::of_roster
