#include "sys/wait.hh"

#include <poll.h>

#include <ctime>

#include "sys/clock.hh"
#include "sys/coverage.hh"

namespace runwell::sys {

bool wait_for(std::span<pollfd> ready, std::optional<ticks> deadline) noexcept {
    timespec  left{};
    timespec* limit = nullptr;
    if (deadline) {
        const ticks nanos = *deadline - monotonic();
        if (nanos > 0) {
            left.tv_sec  = nanos / one_second;
            left.tv_nsec = nanos % one_second;
        }
        limit = &left;
    }
    for (pollfd& p : ready) p.revents = 0;
    keep_counts();
    return ::ppoll(ready.data(), ready.size(), limit, nullptr) > 0;
}

}  // namespace runwell::sys
