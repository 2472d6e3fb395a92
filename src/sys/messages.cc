#include "sys/messages.hh"

#include <poll.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "core/error_words.hh"

namespace runwell::sys {
namespace {

constexpr std::size_t most_parts = 16;

// The parts of one line, as the kernel wants them. What does not fit is left out.
struct line {
    std::array<iovec, most_parts> parts{};
    std::size_t                   count = 0;

    void add(std::string_view text) noexcept {
        if (!text.empty() && count < most_parts) parts[count++] = {const_cast<char*>(text.data()), text.size()};
    }
};

void say_now(const line& what) noexcept {
    pollfd out{STDERR_FILENO, POLLOUT, 0};
    if (::poll(&out, 1, 0) == 1 && (out.revents & POLLOUT) != 0)
        static_cast<void>(::writev(STDERR_FILENO, what.parts.data(), static_cast<int>(what.count)) < 0);
}

void begin(line& what, const messages& who, std::string_view manner) noexcept {
    what.add(who.program);
    if (!who.about.empty()) what.add(" ");
    what.add(who.about);
    what.add(manner);
}

void speak(const messages& who, std::string_view manner, const error& why) noexcept {
    line what;
    begin(what, who, manner);
    what.add(why.what);
    what.add(why.subject);
    if (why.code != 0) {
        what.add(": ");
        what.add(error_words(why.code));
    }
    what.add("\n");
    say_now(what);
}

}  // namespace

void say(std::initializer_list<std::string_view> parts) noexcept {
    line what;
    for (const std::string_view part : parts) what.add(part);
    what.add("\n");
    say_now(what);
}

bool print(int fd, std::initializer_list<std::string_view> parts) noexcept {
    for (std::string_view part : parts) {
        while (!part.empty()) {
            const ssize_t wrote = ::write(fd, part.data(), part.size());
            if (wrote < 0 && errno == EINTR) continue;
            if (wrote < 0) return false;
            part.remove_prefix(static_cast<std::size_t>(wrote));
        }
    }
    return true;
}

void messages::warn(const runwell::error& why) const noexcept { speak(*this, ": warning: ", why); }

void messages::warn(std::initializer_list<std::string_view> words) const noexcept {
    line what;
    begin(what, *this, ": warning: ");
    for (const std::string_view word : words) what.add(word);
    what.add("\n");
    say_now(what);
}

void messages::error(const runwell::error& why) const noexcept { speak(*this, ": fatal: ", why); }

int messages::fatal(const runwell::error& why, int exit_code) const noexcept {
    speak(*this, ": fatal: ", why);
    return exit_code;
}

}  // namespace runwell::sys
