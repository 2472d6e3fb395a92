#include "prog/runsv/post.hh"

#include <csignal>

namespace runwell {

void worker::send(int signal) const noexcept {
    if (orphan)
        orphan.send(signal);
    else if (pid > 0)
        ::kill(pid, signal);
}

const sys::supervise_names& names_of(member who) noexcept {
    return who == member::main ? sys::names_of_service : sys::names_of_log;
}

}  // namespace runwell
