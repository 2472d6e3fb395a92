// pair.hh — a service and its logger: who starts first, who leaves last.
//
//     begin:   logger first, then the service                       (the pipe between them is the supervisor's)
//     exit:    service down ──▶ the logger's input ends ──▶ the logger has drained and ended ──▶ leave
//
// While the logger drains, the service is held: an `up` that arrives now is kept, and obeyed after the drain, with
// the logger started again. A logger that was down because its second was not over, or that ends before it has emptied
// the pipe, is started once more, so that the rest reaches the log: each time if it was killed, else as long as the
// rest shrinks.
#pragma once

#include <cstddef>
#include <optional>

#include "core/service.hh"

namespace runwell {

enum class member : std::uint8_t { main, log };

struct pair {
    service main;
    service log{.is_log = true};
    bool    has_log  = false;
    bool    draining = false;  // the logger's input has ended; `leave`, or all over again, follows its end

    std::size_t unread = 0;  // draining: bytes that the logger left in the pipe when it ended last; 0: it has not ended

    friend constexpr bool operator==(const pair&, const pair&) = default;
};

// An action, and the member that it is for.
struct member_action {
    member         who = member::main;
    service_action what;
};
using member_actions = fixed_list<member_action, 12>;

// Something happened to one of the two. The actions are to be done in order.
member_actions step(pair& of, member who, const event& happened) noexcept;

// The next moment at which a tick would start or kill something, if there is one.
std::optional<ticks> next_tick(const pair& of) noexcept;

}  // namespace runwell
