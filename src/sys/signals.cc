#include "sys/signals.hh"

#include <sys/signalfd.h>
#include <sys/wait.h>

#include <cerrno>

namespace runwell::sys {

result<unique_fd> listen_to(std::initializer_list<int> signals) noexcept {
    sigset_t mask;
    sigemptyset(&mask);
    for (const int s : signals) sigaddset(&mask, s);
    return listen_to(mask);
}

result<unique_fd> listen_to(sigset_t signals) noexcept {
    for (int s = 1; s < NSIG; ++s)
        if (sigismember(&signals, s) == 1) static_cast<void>(::signal(s, SIG_DFL));
    unique_fd listener{::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK)};
    if (!listener) return trouble{"unable to listen to signals", "", errno};
    sigaddset(&signals, SIGPIPE);
    ::sigprocmask(SIG_BLOCK, &signals, nullptr);
    return listener;
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
