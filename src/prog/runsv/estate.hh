// estate.hh — what a supervisor takes over from one that was killed, or that it was itself before renewal.hh.
//
//     supervise/lock ──▶ whose processes?  ──▶ which of them live?  ──▶ core/succession: how does it go on?
//                          this boot, this        children of ours, or orphans
//                          pid namespace          to be watched
//
// What lives and cannot be watched, or has a log pipe that cannot be had back, is ended before anything is started:
// there are never two.
#pragma once

#include "core/succession.hh"
#include "prog/runsv/post.hh"
#include "sys/say.hh"

namespace runwell {

// Fills `state` and the workers of the posts, which hold their locks, with what is found; `pipe` with the pipe between
// the two, if it has none yet and somebody still holds it. Begins the ledgers of this supervisor. What was not left by
// anybody stays as it is. The answer is what has to be told first to the service, and to its logger.
struct news {
    std::optional<event> of_main, of_log;
};
news take_over(pair& state, post& main, post& log, sys::pipe_ends& pipe, const sys::voice& say) noexcept;

}  // namespace runwell
