#include "sys/signals.hh"

#include <sys/signalfd.h>
#include <sys/wait.h>

#include <cerrno>

namespace runwell::sys {

namespace {

sigset_t set_of(std::initializer_list<int> signals) noexcept {
    sigset_t set;
    sigemptyset(&set);
    for (const int s : signals) sigaddset(&set, s);
    return set;
}

void give_default(const sigset_t& signals) noexcept {
    for (int s = 1; s < NSIG; ++s)
        if (sigismember(&signals, s) == 1) static_cast<void>(::signal(s, SIG_DFL));
}

// A blocked signal waits to be read, even if it is ignored: signal(7).
result<unique_fd> make_readable(sigset_t signals) noexcept {
    unique_fd listener{::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK)};
    if (!listener) return error{"unable to listen to signals", "", errno};
    sigaddset(&signals, SIGPIPE);
    ::sigprocmask(SIG_BLOCK, &signals, nullptr);
    return listener;
}

}  // namespace

result<unique_fd> listen_to(std::initializer_list<int> signals, std::initializer_list<int> as_they_are) noexcept {
    sigset_t all = set_of(signals);
    give_default(all);
    for (const int s : as_they_are) sigaddset(&all, s);
    return make_readable(all);
}

result<unique_fd> listen_to(sigset_t signals) noexcept {
    give_default(signals);
    return make_readable(signals);
}

int next_signal(const unique_fd& listener) noexcept { return next_heard(listener).number; }

heard_signal next_heard(const unique_fd& listener) noexcept {
    signalfd_siginfo info;
    const ssize_t    got = ::read(listener.value(), &info, sizeof info);
    if (got != static_cast<ssize_t>(sizeof info)) return {};
    return {static_cast<int>(info.ssi_signo), info.ssi_int};
}

ended_child reap() noexcept {
    ended_child child;
    child.pid = ::waitpid(-1, &child.status, WNOHANG);
    if (child.pid < 0) child.pid = 0;
    return child;
}

}  // namespace runwell::sys
