// pipe_model.hh — a pipe as Linux keeps it, the processes that write to it, and epoll: small enough to walk through
// every interleaving.
//
// Source: fs/pipe.c, fs/splice.c and fs/eventpoll.c. Three kernels differ in whom pipe_write() wakes:
//
//                    before it sleeps                           at the end of the call
//     before_5_5     epoll, SIGIO if it has written something   epoll, SIGIO if it has written something
//     since_5_5      epoll, SIGIO if the pipe was empty         the same
//     since_5_14     epoll if the pipe was empty; SIGIO always  epoll (the pipe has been polled), SIGIO always
//
// `was empty` is looked at when the call begins and whenever it goes on after a sleep. splice(2) and tee(2) into a pipe
// sleep only before they have moved anything, and then wake epoll and send SIGIO, in every kernel. A pipe is full when
// its slots are used up; a small write is merged into the last slot's page, unless that was filled by splice(2) or the
// pipe is in packet mode (O_DIRECT). F_SETPIPE_SZ wakes writers, never readers.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace runwell::model {

enum class kernel : char { before_5_5, since_5_5, since_5_14 };

inline constexpr std::size_t page = 3;  // bytes of a slot

struct slot {
    std::string bytes;
    bool        mergeable = true;
};

struct pipe {
    std::vector<slot> slots;
    std::size_t       size    = 2;  // slots
    int               writers = 0;

    bool        full() const { return slots.size() >= size; }
    std::size_t bytes() const {
        std::size_t sum = 0;
        for (const slot& s : slots) sum += s.bytes.size();
        return sum;
    }
    // Up to so many slots of it, as tee(2) copies them.
    std::string copy(std::size_t most) const {
        std::string all;
        for (std::size_t i = 0; i < std::min(most, slots.size()); ++i) all += slots[i].bytes;
        return all;
    }
    void drop(std::size_t n) {
        while (n > 0 && !slots.empty()) {
            std::string&      first = slots.front().bytes;
            const std::size_t gone  = std::min(n, first.size());
            first.erase(0, gone);
            n -= gone;
            if (first.empty()) slots.erase(slots.begin());
        }
    }
};

// The reader's side: an epoll set with the pipe in it, and SIGIO.
struct reader {
    enum class mask : char { none, level, edge, hangup };  // hangup: EPOLLET alone

    mask wanted = mask::none;
    bool ready  = false;  // on the ready list
    bool async  = false;  // O_ASYNC
    bool sigio  = false;  // pending

    bool polls(const pipe& of) const {
        return (of.writers == 0 && wanted != mask::none) ||
               ((wanted == mask::level || wanted == mask::edge) && !of.slots.empty());
    }
    void change(mask to, const pipe& of) {
        wanted = to;
        if (polls(of)) ready = true;
    }
    void wake(bool for_close = false) {
        if (wanted == mask::level || wanted == mask::edge || (for_close && wanted == mask::hangup)) ready = true;
    }
    void signal() { sigio |= async; }
    // epoll_wait: whether it returns now.
    bool take_event(const pipe& of) {
        if (ready && !polls(of)) ready = false;
        const bool here = ready;
        if (wanted != mask::level) ready = false;
        return here;
    }
    bool would_wake(const pipe& of) const { return sigio || (ready && polls(of)); }
};

struct operation {
    enum class kind : char { write, try_write, packet, splice, resize };  // try_write: O_NONBLOCK
    kind        what = kind::write;
    std::string bytes;
    std::size_t slots = 0;  // resize
};

// A process that does its operations, one after the other, and then closes its end, if it does.
struct writer {
    enum class state : char { between, going_to_sleep, asleep, leaving_call, closed };

    std::size_t next = 0;  // operation
    std::string left;      // of its bytes
    state       now       = state::between;
    bool        was_empty = false;
    bool        wrote     = false;  // since it last woke the reader
};

struct script {
    std::vector<operation> operations;
    bool                   closes = true;
};

class world {
public:
    model::kernel       kernel = kernel::since_5_14;
    pipe                input;
    reader              out;
    std::vector<writer> writers;
    std::string         written;  // every byte that was ever in the pipe

    bool done(std::size_t i, const script& of) const {
        const writer& w = writers[i];
        return w.now == writer::state::closed ||
               (w.now == writer::state::between && w.next == of.operations.size() && !of.closes);
    }

    // Whether writer i can take a step: it has something to do, and is not asleep on a full pipe.
    bool can_move(std::size_t i, const script& of) const {
        if (done(i, of)) return false;
        const writer& w = writers[i];
        return w.now != writer::state::asleep || !input.full();
    }

    // One step: what the kernel does under the pipe's lock, or a wake-up after that.
    void move(std::size_t i, const script& of) {
        writer& w = writers[i];
        switch (w.now) {
            case writer::state::between:
                if (w.next == of.operations.size()) return close(w);
                return begin(w, of.operations[w.next]);
            case writer::state::going_to_sleep:
                wake_before_sleep(w, of.operations[w.next]);
                w.now = writer::state::asleep;
                return;
            case writer::state::asleep: w.was_empty = input.slots.empty(); return fill(w, of.operations[w.next]);
            case writer::state::leaving_call:
                wake_at_end(w, of.operations[w.next]);
                if (w.left.empty() || of.operations[w.next].what == operation::kind::try_write) ++w.next;
                w.now = writer::state::between;
                return;
            case writer::state::closed: return;
        }
    }

private:
    void close(writer& w) {
        w.now = writer::state::closed;
        if (--input.writers > 0) return;
        out.wake(true);
        out.signal();
    }

    void begin(writer& w, const operation& does) {
        if (does.what == operation::kind::resize) {
            if (does.slots >= input.slots.size()) input.size = does.slots;
            ++w.next;
            return;
        }
        if (w.left.empty()) w.left = does.bytes;
        w.was_empty = input.slots.empty();
        w.wrote     = false;
        // The bytes beyond whole pages go to the last page, if they fit there.
        const std::size_t part = w.left.size() % page;
        if ((does.what == operation::kind::write || does.what == operation::kind::try_write) && part > 0 &&
            !w.was_empty) {
            slot& last = input.slots.back();
            if (last.mergeable && last.bytes.size() + part <= page) put(w, last, part);
        }
        fill(w, does);
    }

    void put(writer& w, slot& into, std::size_t n) {
        into.bytes += w.left.substr(0, n);
        written += w.left.substr(0, n);
        w.left.erase(0, n);
        w.wrote = true;
    }

    void fill(writer& w, const operation& does) {
        const bool merges = does.what == operation::kind::write || does.what == operation::kind::try_write;
        while (!w.left.empty() && !input.full()) {
            input.slots.push_back({"", merges});
            put(w, input.slots.back(), std::min(page, w.left.size()));
        }
        const bool sleeps = !w.left.empty() && does.what != operation::kind::try_write &&
                            !(does.what == operation::kind::splice && w.wrote);
        if (sleeps) {
            w.now = writer::state::going_to_sleep;
            return;
        }
        if (does.what == operation::kind::try_write) w.left.clear();
        w.now = writer::state::leaving_call;
    }

    void wake_before_sleep(writer& w, const operation& does) {
        if (does.what == operation::kind::splice) return;
        const bool wakes = kernel == kernel::before_5_5 ? w.wrote : w.was_empty;
        if (wakes) out.wake();
        if (wakes || kernel == kernel::since_5_14) out.signal();
        w.wrote = false;
    }

    void wake_at_end(writer& w, const operation& does) {
        const bool wakes = does.what == operation::kind::splice || kernel == kernel::since_5_14 ||
                           (kernel == kernel::before_5_5 ? w.wrote : w.was_empty);
        if (!wakes) return;
        out.wake();
        out.signal();
    }
};

}  // namespace runwell::model
