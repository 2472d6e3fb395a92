#include "prog/runsvdir/title_log.hh"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "sys/clock.hh"
#include "sys/files.hh"

namespace runwell::runsvdir {

constexpr ticks a_dot_every = 900 * one_second;

result<title_log> title_log::begin(std::span<char> text) noexcept {
    title_log      log;
    sys::pipe_ends ends = TRY(sys::make_pipe());
    if (::fcntl(ends.read.value(), F_SETFL, O_NONBLOCK) != 0 ||
        ::dup2(ends.write.value(), STDERR_FILENO) != STDERR_FILENO)
        return error{"unable to set up the log pipe", "", errno};
    log.messages_ = std::move(ends.read);
    log.title_    = proctitle{text};
    log.dot();
    return log;
}

void title_log::take_in() noexcept {
    std::array<char, 4096> bytes;
    const ssize_t          size = ::read(messages_.value(), bytes.data(), bytes.size());
    if (size > 0) title_.scroll({bytes.data(), static_cast<std::size_t>(size)});
}

void title_log::dot() noexcept {
    title_.scroll(".");
    next_dot_ = sys::monotonic() + a_dot_every;
}

}  // namespace runwell::runsvdir
