#include "core/log_input.hh"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "core/framing.hh"
#include "pipe_model.hh"

namespace runwell {
namespace {

using model::operation;
using model::script;

// ---- the machine, step by step ------------------------------------------------------------------------------------

input_event looked(std::size_t bytes, bool no_room = false, ticks at = 1) {
    return {.what = input_event::kind::looked, .bytes = bytes, .no_room = no_room, .at = at};
}
input_event logged(std::size_t bytes) { return {.what = input_event::kind::logged, .bytes = bytes}; }
input_event watching(bool announced) { return {.what = input_event::kind::watching, .announced = announced}; }

// Behind 3 bytes of a line.
log_input holding(bool announced) {
    log_input in;
    step(in, {});
    step(in, looked(10));
    step(in, logged(7));
    step(in, looked(3));
    step(in, watching(announced));
    step(in, looked(3));
    return in;
}

TEST(log_input, waits_for_an_empty_pipe_level_triggered_and_without_a_deadline) {
    log_input in;
    EXPECT_EQ(step(in, {}).then, input_action::kind::look);
    EXPECT_EQ(step(in, looked(0)).then, input_action::kind::wait);
    EXPECT_EQ(waits(in).by, input_wait::means::level);
    EXPECT_FALSE(waits(in).until);
}

TEST(log_input, takes_from_the_pipe_what_was_logged_and_leaves_the_beginning_of_a_line) {
    log_input in;
    EXPECT_EQ(step(in, looked(10)).then, input_action::kind::log);
    const input_action next = step(in, logged(7));
    EXPECT_EQ(next.take, 7U);
    EXPECT_EQ(next.then, input_action::kind::look) << "more may have come while it was logged";
    EXPECT_EQ(in.held, 3U);
    EXPECT_EQ(in.owned, 0U);
}

TEST(log_input, asks_for_sigio_before_it_sleeps_behind_a_held_line_and_looks_again) {
    log_input in;
    step(in, looked(10));
    step(in, logged(7));
    EXPECT_EQ(step(in, looked(3)).then, input_action::kind::watch);
    EXPECT_EQ(step(in, watching(true)).then, input_action::kind::look);
    EXPECT_EQ(step(in, looked(3)).then, input_action::kind::wait);
    EXPECT_EQ(waits(in).by, input_wait::means::sigio);
    EXPECT_TRUE(waits(in).until);
}

TEST(log_input, a_held_line_goes_to_memory_after_a_few_deadlines_and_then_nothing_wakes) {
    for (const bool announced : {true, false}) {
        log_input in    = holding(announced);
        int       woken = 0;
        while (in.held > 0) {
            ASSERT_TRUE(waits(in).until);
            ASSERT_LT(++woken, 10);
            const ticks at = *waits(in).until;
            ASSERT_EQ(step(in, {.what = input_event::kind::woken, .at = at}).then, input_action::kind::look);
            const input_action next = step(in, looked(3, false, at));
            EXPECT_EQ(next.then, input_action::kind::wait);
            EXPECT_EQ(next.take, in.held > 0 ? 0U : 3U);
        }
        EXPECT_EQ(woken, announced ? 5 : 1);
        EXPECT_EQ(in.owned, 3U);
        EXPECT_EQ(waits(in).by, input_wait::means::level);
        EXPECT_FALSE(waits(in).until);
    }
}

TEST(log_input, another_wake_up_does_not_move_the_deadline) {
    log_input  in    = holding(true);
    const auto until = waits(in).until;
    step(in, {.what = input_event::kind::woken, .at = *until - 1});
    step(in, looked(3, false, *until - 1));
    EXPECT_EQ(waits(in).until, until);
}

TEST(log_input, a_full_pipe_grows_behind_a_held_line) {
    log_input in = holding(true);
    step(in, {});
    EXPECT_EQ(step(in, looked(3, true)).then, input_action::kind::grow);
    EXPECT_EQ(step(in, {.what = input_event::kind::enlarged}).then, input_action::kind::look);
    EXPECT_EQ(step(in, looked(3)).take, 0U);
    EXPECT_EQ(in.held, 3U);
}

TEST(log_input, a_held_line_goes_to_memory_at_once_when_a_full_pipe_cannot_grow) {
    log_input in = holding(true);
    step(in, {});
    step(in, looked(3, true));
    EXPECT_EQ(step(in, {.what = input_event::kind::full}).take, 3U);
    EXPECT_EQ(in.owned, 3U);
}

TEST(log_input, a_small_pipe_grows_to_the_default_size_and_then_to_the_largest) {
    EXPECT_EQ(larger_than(4096), default_pipe);
    EXPECT_EQ(larger_than(default_pipe), larger_pipe);
    EXPECT_EQ(larger_than(larger_pipe), std::nullopt);
    EXPECT_EQ(larger_than(1'048'576), std::nullopt);
}

TEST(log_input, a_long_beginning_of_a_line_is_not_held) {
    log_input in;
    step(in, looked(most_held + 8));
    EXPECT_EQ(step(in, logged(7)).take, most_held + 8);
    EXPECT_EQ(in.owned, most_held + 1);
    step(in, {});
    step(in, looked(5));
    EXPECT_EQ(step(in, logged(0)).take, 5U) << "nor what follows it, until the line has ended";
}

TEST(log_input, at_the_end_a_held_line_is_the_last) {
    log_input         in = holding(true);
    const input_event end{.what = input_event::kind::looked, .bytes = 3, .hung_up = true};
    EXPECT_EQ(step(in, end).then, input_action::kind::end);
    EXPECT_EQ(in.owned + in.seen, 3U);
}

TEST(log_input, another_reader_may_take_what_is_held) {
    log_input in = holding(true);
    EXPECT_EQ(step(in, looked(0)).then, input_action::kind::wait);
    EXPECT_EQ(waits(in).by, input_wait::means::level);
}

// ---- every interleaving with writers and the kernel ---------------------------------------------------------------

// What decides in svlogd. `small_copy`: how many slots the copy's pipe has is never adapted.
struct present {
    static constexpr bool small_copy = false;
    static input_action   next(log_input& in, const input_event& e) { return step(in, e); }
    static input_wait     how(const log_input& in) { return waits(in); }
};

// What decided before: edge-triggered behind a held line, for ever. The negative control.
struct former {
    static constexpr bool small_copy = true;
    static input_action   next(log_input& in, input_event e) {
          if (e.hung_up) e.no_room = false;
        if (e.what == input_event::kind::looked && e.bytes > 0 && e.bytes == in.held && !e.hung_up && !e.no_room)
            return {};
        in.asked          = true;
          input_action does = step(in, e);
          if (e.what == input_event::kind::logged) does.then = input_action::kind::look;
        return does;
    }
    static input_wait how(const log_input&) { return {input_wait::means::edge, std::nullopt}; }
};

struct setting {
    model::kernel       kernel  = model::kernel::since_5_14;
    std::size_t         slots   = 2;
    std::size_t         longest = 100;  // -l
    std::vector<script> writers;
    bool                stuck = false;  // the log directory may be stuck, once
    bool                term  = false;  // SIGTERM may come
    bool                grows = false;  // svlogd may make the pipe larger: to 2 slots, then to 4
};

template <class Decides>
class explorer {
public:
    explicit explorer(const setting& of) : of_{of} {}

    // What went wrong; empty: nothing, in no interleaving.
    std::string walk() {
        state first;
        first.w.kernel        = of_.kernel;
        first.w.input.size    = of_.slots;
        first.w.input.writers = static_cast<int>(of_.writers.size());
        first.w.writers.resize(of_.writers.size());
        first.copy_slots = of_.slots;
        std::vector<state> unexplored{first};
        while (!unexplored.empty()) {
            const state now = std::move(unexplored.back());
            unexplored.pop_back();
            if (const std::string wrong = check(now); !wrong.empty()) return wrong + ": " + key(now);
            for (state& next : after(now))
                if (seen_.insert(key(next)).second) unexplored.push_back(std::move(next));
        }
        return {};
    }

    std::size_t states() const { return seen_.size(); }
    // Some interleaving needed a deadline: bytes were unread, or a writer slept, and nothing but that moved.
    bool needed_deadline() const { return needed_deadline_; }

private:
    enum class at : char { listen, wait, hung, room, tee, take, ask, grow, log, retry, ended, left };

    // svlogd's loop, one system call a step; what it does then is what prog/svlogd/source.cc does.
    struct state {
        model::world w;
        log_input    in;
        explorer::at at = at::listen;
        input_action next;
        input_event  found;
        std::string  memory;
        std::string  log;
        std::size_t  copy_slots = 0, taken = 0;
        bool         pending = false, heard_hangup = false, last = false, stuck = false, term = false, inside = false;
        bool         may_take = false;  // a deadline has passed, or the pipe is as large as it gets
    };

    static std::string key(const state& s) {
        std::string k;
        const auto  add = [&k](auto... parts) { (k.append(reinterpret_cast<const char*>(&parts), sizeof parts), ...); };
        for (const model::slot& slot : s.w.input.slots) k += slot.bytes + (slot.mergeable ? "|" : "!");
        k += "/" + s.w.written + "/" + s.memory + "/" + s.log + "/";
        add(s.w.input.size, s.w.input.writers, s.w.out.wanted, s.w.out.ready, s.w.out.async, s.w.out.sigio);
        for (const model::writer& w : s.w.writers) add(w.next, w.left.size(), w.now, w.was_empty, w.wrote);
        add(s.in.owned, s.in.held, s.in.seen, s.in.asked, s.in.announced, s.in.deadlines, s.in.until, s.at, s.next.then,
            s.next.take, s.found.what, s.found.bytes, s.found.no_room, s.found.hung_up, s.copy_slots, s.taken,
            s.pending, s.heard_hangup, s.last, s.stuck, s.term, s.inside, s.may_take);
        return k;
    }

    bool asleep(const state& s) const { return s.at == at::wait && !s.pending && !s.w.out.would_wake(s.w.input); }

    std::string check(const state& s) {
        if (s.at != at::left && !s.w.written.starts_with(s.log) && s.log != s.w.written + "\n") return "out of order";
        if (s.taken > s.log.size() + s.in.owned) return "taken before it was logged";
        if (s.in.owned > 0 && of_.grows && !s.may_take) return "in memory without need";
        if (s.taken + s.w.input.bytes() != s.w.written.size()) return "not consumed as decided";
        bool writers_move = false, writers_done = true;
        for (std::size_t i = 0; i < s.w.writers.size(); ++i) {
            writers_move |= s.w.can_move(i, of_.writers[i]);
            writers_done &= s.w.done(i, of_.writers[i]);
        }
        if (s.at == at::ended) return s.log == whole(s.w.written) ? "" : "lost at the end";
        if (s.at == at::left)
            return s.log == s.w.written.substr(0, s.taken) || s.log == whole(s.w.written.substr(0, s.taken))
                       ? ""
                       : "lost at TERM";
        if (!asleep(s) || writers_move) return {};
        const bool unread = s.w.input.bytes() > s.in.held || !writers_done;
        if (unread) needed_deadline_ = true;
        if (Decides::how(s.in).until) return {};
        if (unread) return "asleep for ever";
        if (s.w.input.writers == 0) return "asleep behind the end";
        return {};
    }

    static std::string whole(const std::string& text) {
        return text.empty() || text.back() == '\n' ? text : text + "\n";
    }

    std::vector<state> after(const state& s) {
        std::vector<state> next;
        if (s.at == at::ended || s.at == at::left) return next;
        for (std::size_t i = 0; i < s.w.writers.size(); ++i) {
            if (!s.w.can_move(i, of_.writers[i])) continue;
            next.push_back(s);
            next.back().w.move(i, of_.writers[i]);
        }
        if (asleep(s)) {
            if (const auto until = Decides::how(s.in).until) {
                next.push_back(s);
                next.back().may_take = true;
                woken(next.back(), *until);
            }
        } else {
            next.push_back(s);
            move(next.back());
        }
        if (s.at == at::log && of_.stuck && !s.stuck) {
            next.push_back(s);
            next.back().stuck = true;
            next.back().at    = at::retry;
            next.back().w.out.change(model::reader::mask::hangup, s.w.input);
        }
        if (s.at == at::wait && of_.term) {
            next.push_back(s);
            leave(next.back());
        }
        return next;
    }

    void move(state& s) {
        model::reader& out = s.w.out;
        switch (s.at) {
            case at::listen: {
                using mask     = model::reader::mask;
                const auto how = Decides::how(s.in);
                if (!s.in.asked) out.async = false;
                const mask wanted = how.by == input_wait::means::level  ? mask::level
                                    : how.by == input_wait::means::edge ? mask::edge
                                                                        : mask::hangup;
                if (out.wanted != wanted) out.change(wanted, s.w.input);
                s.at = at::wait;
                return;
            }
            case at::wait: {
                if (out.take_event(s.w.input)) {
                    s.heard_hangup = s.w.input.writers == 0;
                    s.pending      = true;
                }
                s.pending |= out.sigio;
                out.sigio = false;
                woken(s, 0);
                return;
            }
            case at::hung:
                s.found         = {.what = input_event::kind::looked, .at = 1};
                s.found.hung_up = s.heard_hangup && s.w.input.writers == 0;
                s.at            = (s.in.asked || s.found.hung_up) && !Decides::small_copy ? at::room : at::tee;
                return;
            case at::room:
                s.copy_slots = s.w.input.size;
                s.at         = at::tee;
                return;
            case at::tee: {
                const std::string copy = s.w.input.copy(s.copy_slots);
                if (copy.empty() && s.w.input.writers == 0) s.found.what = input_event::kind::end;
                s.found.bytes   = copy.size();
                s.found.no_room = (s.in.asked || s.found.hung_up) && s.w.input.slots.size() >= s.copy_slots;
                s.memory        = s.memory.substr(0, s.in.owned) + copy;
                return decide(s, s.found);
            }
            case at::take:
                s.w.input.drop(s.next.take);
                s.taken += s.next.take;
                s.next.take = 0;
                return go_on(s);
            case at::ask:
                out.async = s.w.kernel == model::kernel::since_5_14;
                return decide(s, {.what = input_event::kind::watching, .announced = out.async});
            case at::grow: {
                const bool grows = of_.grows && s.w.input.size < most_slots;
                if (grows) s.w.input.size = s.w.input.size < 2 ? 2 : most_slots;
                s.may_take |= !grows;
                return decide(s, {.what = grows ? input_event::kind::enlarged : input_event::kind::full});
            }
            case at::retry: s.at = at::log; return;
            case at::log: {
                s.memory.resize(s.in.owned + s.in.seen);
                std::size_t ready = s.last ? s.memory.size() : ready_bytes(s.memory, s.inside, of_.longest);
                s.log += s.memory.substr(0, ready);
                if (s.last) {
                    s.log   = whole(s.log);
                    s.at    = at::ended;
                    s.taken = s.w.written.size();
                    s.w.input.drop(s.taken);
                    return;
                }
                if (ready > 0) s.inside = s.memory[ready - 1] != '\n';
                decide(s, {.what = input_event::kind::logged, .bytes = ready});
                s.memory.erase(0, ready);
                return;
            }
            case at::ended:
            case at::left: return;
        }
    }

    void woken(state& s, ticks when) {
        s.pending = false;
        decide(s, {.what = input_event::kind::woken, .at = when});
    }

    void decide(state& s, const input_event& e) {
        s.next = Decides::next(s.in, e);
        if (s.next.take > 0) {
            s.at = at::take;
        } else {
            go_on(s);
        }
    }

    void go_on(state& s) {
        switch (s.next.then) {
            case input_action::kind::wait: s.at = at::listen; return;
            case input_action::kind::look: s.at = at::hung; return;
            case input_action::kind::watch: s.at = at::ask; return;
            case input_action::kind::grow: s.at = at::grow; return;
            case input_action::kind::log: s.at = at::log; return;
            case input_action::kind::end:
                s.last = true;
                s.at   = at::log;
                return;
        }
    }

    // SIGTERM: what another logger can read is left to it.
    void leave(state& s) {
        if (!stays_in_pipe(s.in, s.w.input.writers > 0)) {
            s.log += s.memory.substr(0, s.in.owned) + s.w.input.copy(s.w.input.size).substr(0, s.in.held);
            s.log = whole(s.log);
            s.taken += s.in.held;
            s.w.input.drop(s.in.held);
        }
        s.at = at::left;
    }

    static constexpr std::size_t most_slots = 4;

    const setting&                  of_;
    std::unordered_set<std::string> seen_;
    bool                            needed_deadline_ = false;
};

constexpr std::array all_kernels{model::kernel::before_5_5, model::kernel::since_5_5, model::kernel::since_5_14};

operation write(std::string bytes) { return {operation::kind::write, std::move(bytes), 0}; }
operation try_write(std::string bytes) { return {operation::kind::try_write, std::move(bytes), 0}; }
operation packet(std::string bytes) { return {operation::kind::packet, std::move(bytes), 0}; }
operation splice(std::string bytes) { return {operation::kind::splice, std::move(bytes), 0}; }
operation resize(std::size_t slots) { return {operation::kind::resize, "", slots}; }

const std::vector<operation> menu{write("a"),  write("bc\n"), write("d\nefghijklmno"), try_write("pq\nrstuvw"),
                                  packet("x"), splice("yz"),  splice("A\nBCDEFGHI"),   resize(1),
                                  resize(4)};

// The shortest list that has shown every fault so far.
const std::vector<operation> short_menu{write("a"), write("d\nefghijklmno"), splice("A\nBCDEFGHI"), resize(1)};

// Every script of so many operations from the menu.
std::vector<script> scripts(const std::vector<operation>& from, std::size_t length, bool closes = true) {
    std::vector<script> all{{{}, closes}};
    for (std::size_t i = 0; i < length; ++i) {
        std::vector<script> longer;
        for (const script& s : all) {
            for (const operation& o : from) {
                longer.push_back(s);
                longer.back().operations.push_back(o);
            }
        }
        all = std::move(longer);
    }
    return all;
}

bool moves_slots(const setting& of) {
    for (const script& s : of.writers)
        for (const operation& o : s.operations)
            if (o.what == operation::kind::resize) return true;
    return false;
}

template <class Decides>
void expect_no_fault(const setting& of) {
    explorer<Decides> all{of};
    const std::string wrong = all.walk();
    std::string       told;
    for (const script& s : of.writers) {
        for (const operation& o : s.operations)
            told += std::to_string(static_cast<int>(o.what)) + ":" + o.bytes + std::to_string(o.slots) + " ";
        told += "; ";
    }
    ASSERT_EQ(wrong, "") << "kernel " << static_cast<int>(of.kernel) << ", slots " << of.slots << ": " << told;
    if (of.kernel != model::kernel::since_5_14 || moves_slots(of)) return;
    ASSERT_FALSE(all.needed_deadline()) << "SIGIO tells of every write; slots " << of.slots << ": " << told;
}

bool hangs_in_former(const setting& of) { return explorer<former>{of}.walk().starts_with("asleep"); }

// More than that (three operations of the whole menu, two writers with two and one) takes minutes.
TEST(log_input, no_story_of_one_writer_ends_with_a_hang_or_a_lost_byte) {
    for (const model::kernel k : all_kernels)
        for (const std::size_t slots : {1U, 2U})
            for (const bool closes : {true, false})
                for (const script& s : scripts(menu, 2, closes))
                    ASSERT_NO_FATAL_FAILURE(expect_no_fault<present>({.kernel = k, .slots = slots, .writers = {s}}));
}

TEST(log_input, nor_where_svlogd_may_enlarge_the_pipe) {
    for (const model::kernel k : all_kernels)
        for (const std::size_t slots : {1U, 2U})
            for (const script& s : scripts(short_menu, 2))
                ASSERT_NO_FATAL_FAILURE(
                    expect_no_fault<present>({.kernel = k, .slots = slots, .writers = {s}, .grows = true}));
}

TEST(log_input, nor_of_two_writers) {
    for (const model::kernel k : all_kernels)
        for (const script& one : scripts(short_menu, 1))
            for (const script& other : scripts(short_menu, 1))
                ASSERT_NO_FATAL_FAILURE(expect_no_fault<present>({.kernel = k, .writers = {one, other}}));
}

TEST(log_input, nor_with_a_stuck_directory_long_lines_or_a_sigterm_in_between) {
    for (const model::kernel k : all_kernels)
        for (const std::size_t longest : {2U, 100U})
            for (const script& s : scripts(short_menu, 2))
                ASSERT_NO_FATAL_FAILURE(expect_no_fault<present>(
                    {.kernel = k, .longest = longest, .writers = {s}, .stuck = true, .term = true}));
}

// The command of the fault: the beginning of a line, and behind it more than the pipe has room for.
const setting large_write_behind_a_held_line{.writers = {{{write("a"), write("d\nefghijklmno")}}}};

TEST(log_input, the_model_shows_the_hang_that_an_edge_triggered_wait_had) {
    setting of = large_write_behind_a_held_line;
    EXPECT_TRUE(hangs_in_former(of));
    of.kernel = model::kernel::since_5_5;
    EXPECT_TRUE(hangs_in_former(of));
    of.kernel = model::kernel::before_5_5;
    EXPECT_FALSE(hangs_in_former(of)) << "that kernel wakes a reader before the writer sleeps";
    of.writers = {{{write("a"), resize(1), write("efghijk\n")}}};
    EXPECT_TRUE(hangs_in_former(of)) << "but not when the pipe was made smaller";
}

}  // namespace
}  // namespace runwell
