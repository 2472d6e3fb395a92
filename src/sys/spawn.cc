#include "sys/spawn.hh"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "sys/clock.hh"
#include "sys/coverage.hh"
#include "sys/ledger.hh"

namespace runwell::sys {
namespace {

// Written by the child, read by the parent: vfork shares the memory. The object itself must be volatile: of volatile
// members alone, g++ 12 -O2 keeps the parent's copy as it was before the vfork.
struct report {
    int            code    = 0;
    spawned::stage failed  = spawned::stage::none;
    ticks          born    = 0;
    std::uint64_t  id      = 0;
    bool           outside = false;
};

[[noreturn]] void give_up(volatile report& to, spawned::stage at) noexcept {
    to.code   = errno;
    to.failed = at;
    ::_exit(111);
}

// Makes `from` descriptor `to`, open in the program to come.
bool place(int from, int to) noexcept {
    if (from < 0) return true;
    if (from == to) return ::fcntl(from, F_SETFD, 0) == 0;
    return ::dup2(from, to) == to;
}

// Makes this process group the foreground one of the terminal on descriptor 0, if that is our controlling terminal.
void come_to_front() noexcept {
    sigset_t from_the_background;
    sigemptyset(&from_the_background);
    sigaddset(&from_the_background, SIGTTOU);
    ::sigprocmask(SIG_BLOCK, &from_the_background, nullptr);
    ::tcsetpgrp(STDIN_FILENO, ::getpid());
}

[[noreturn]] void become(const child_plan& plan, ticks earliest, volatile report& to) noexcept {
    // Before the program can do anything, so that a supervisor that is killed right now has still left its name.
    if (plan.recorded) {
        const process_record self = record_of_self(plan.entry, earliest);
        to.born                   = self.born;
        to.id                     = self.id;
        if (plan.ledger >= 0) enter(plan.ledger, plan.entered, self);
    }
    if (plan.cgroup >= 0) to.outside = ::write(plan.cgroup, "0", 1) != 1;
    if (plan.session) ::setsid();
    if (plan.front) ::setpgid(0, 0);
    if (plan.dir >= 0 && ::fchdir(plan.dir) != 0) give_up(to, spawned::stage::directory);
    if (!place(plan.fd_for_0, 0) || !place(plan.fd_for_1, 1) || !place(plan.fd_for_2, 2))
        give_up(to, spawned::stage::descriptors);
    for (const placement& p : plan.also)
        if (!place(p.from, p.to)) give_up(to, spawned::stage::descriptors);
    if (plan.front) come_to_front();

    if (plan.files != nullptr) ::setrlimit(RLIMIT_NOFILE, plan.files);

    sigset_t blocked;
    sigemptyset(&blocked);
    if (plan.term_waits) sigaddset(&blocked, SIGTERM);
    ::sigprocmask(SIG_SETMASK, &blocked, nullptr);
    errno = execute(plan.path, plan.argv, plan.envp);
    give_up(to, spawned::stage::execute);
}

// Apart from execute(), so that only those who search pay for the buffer: a child borrows the stack of its parent.
[[gnu::noinline]] int execute_from_path(const char* path, char* const* argv, char* const* envp,
                                        const char* search) noexcept {
    constexpr std::size_t longest = 4096;  // PATH_MAX
    char                  candidate[longest];
    const std::size_t     name = std::strlen(path);
    int                   code = ENOENT;
    const char*           next = search;
    for (bool more = true; more;) {
        const char* const element = next;
        const std::size_t length  = ::strcspn(element, ":");
        next                      = element + length + 1;
        more                      = element[length] == ':';
        if (length + name + 2 > longest) continue;

        char* end = candidate;
        if (length == 0) *end++ = '.';
        std::memcpy(end, element, length);
        end += length;
        *end++ = '/';
        std::memcpy(end, path, name + 1);
        ::execve(candidate, argv, envp);
        if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) return errno;
        if (errno == EACCES) code = EACCES;
    }
    return code;
}

}  // namespace

const char* search_path(char* const* envp) noexcept {
    for (; *envp != nullptr; ++envp)
        if (std::strncmp(*envp, "PATH=", 5) == 0) return *envp + 5;
    return "/bin:/usr/bin";
}

int execute(const char* path, const char* const* argv, char* const* envp) noexcept {
    return execute(path, argv, envp, search_path(envp));
}

int execute(const char* path, const char* const* argv, char* const* envp, const char* search) noexcept {
    char* const* const arguments = const_cast<char* const*>(argv);  // execve(2) changes neither
    if (std::strchr(path, '/') == nullptr) return execute_from_path(path, arguments, envp, search);
    ::execve(path, arguments, envp);
    return errno;
}

spawned spawn(const child_plan& plan) noexcept {
    volatile report said;
    const ticks     earliest = plan.recorded ? since_boot() : 0;
    const pid_t     pid      = ::vfork();        // NOLINT(clang-analyzer-security.insecureAPI.vfork)
    if (pid == 0) become(plan, earliest, said);  // NOLINT(clang-analyzer-unix.Vfork): it never returns

    spawned what{.pid = pid};
    if (pid > 0) what.record = {plan.entry, static_cast<std::uint32_t>(pid), earliest, said.born, said.id};
    what.outside = said.outside;
    if (what.pid < 0) {
        what.code = errno;
        return what;
    }
    keep_counts();
    if (said.failed == spawned::stage::none) return what;
    while (::waitpid(what.pid, nullptr, 0) < 0 && errno == EINTR) {}
    what.pid    = 0;
    what.code   = said.code;
    what.failed = said.failed;
    return what;
}

}  // namespace runwell::sys
