#include "sys/signals.hh"

#include <sys/signalfd.h>
#include <sys/wait.h>

#include <cerrno>

namespace runwell::sys {

result<unique_fd> listen_to(std::initializer_list<int> signals) noexcept {
    sigset_t mask;
    sigemptyset(&mask);
    for (const int s : signals) {
        sigaddset(&mask, s);
        static_cast<void>(::signal(s, SIG_DFL));
    }
    unique_fd listener{::signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK)};
    if (!listener) return trouble{"unable to listen to signals", "", errno};
    sigaddset(&mask, SIGPIPE);
    ::sigprocmask(SIG_BLOCK, &mask, nullptr);
    return listener;
}

int next_signal(const unique_fd& listener) noexcept {
    signalfd_siginfo info;
    const ssize_t    got = ::read(listener.value(), &info, sizeof info);
    return got == static_cast<ssize_t>(sizeof info) ? static_cast<int>(info.ssi_signo) : 0;
}

ended_child reap() noexcept {
    ended_child child;
    child.pid = ::waitpid(-1, &child.status, WNOHANG);
    if (child.pid < 0) child.pid = 0;
    return child;
}

}  // namespace runwell::sys
