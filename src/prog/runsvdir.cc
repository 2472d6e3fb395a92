// runsvdir — supervise a directory of services: one runsv for each.
//
//     dir/web ──▶ /etc/sv/web        runsvdir ─┬─ runsv web
//     dir/db  ──▶ /etc/sv/db                   └─ runsv db
//
// core/roster decides what to start and what to end; prog/runsvdir looks at the directory, starts processes, and sends
// them the command to exit. Changes of the directory, and of whatever its path and its links go through, are reported
// by inotify and by the mount table; a look every five seconds is left for where these report nothing.
//
//   setup()   may fail, and then runsvdir never began;
//   run()     may not: from here on every error is a warning and a retry.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <span>
#include <utility>

#include "core/version.hh"
#include "prog/runsvdir/supervisor.hh"
#include "sys/clock.hh"
#include "sys/files.hh"
#include "sys/signals.hh"
#include "sys/wait.hh"

namespace runwell::runsvdir {
namespace {

int usage(const char* program) noexcept {
    sys::say({"usage: ", program, " [-P] dir\n"});
    return 1;
}

// Foreign runsv take a descriptor each. Every runsv gets the limit that runsvdir was started with.
rlimit raise_limit_of_files() noexcept {
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const rlimit raised{before.rlim_max, before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &raised);
    return before;
}

}  // namespace

result<supervisor> supervisor::setup(const runsvdir_options& chosen) noexcept {
    supervisor made;
    made.directory_ = chosen.directory;
    made.session_   = chosen.session;
    made.wait_      = chosen.wait;
    made.files_     = raise_limit_of_files();
    made.signals_   = TRY(sys::listen_to({SIGCHLD, SIGTERM, SIGHUP, SIGALRM}));
    if (chosen.log != nullptr) {
        const std::span<char> text{chosen.log, std::strlen(chosen.log)};
        if (text.size() < proctitle::shortest) {
            made.messages().warn({"log must have at least seven characters."});
            made.messages().warn({"log service disabled."});
        } else {
            made.log_ = TRY(title_log::begin(text));
        }
    }
    if (auto mounts = sys::open_at(AT_FDCWD, "/proc/self/mountinfo", O_RDONLY)) made.mounts_ = std::move(*mounts);
    return made;
}

int supervisor::run() noexcept {
    look_everywhere();
    for (;;) {
        act();
        if (ending_ && roster_.empty()) return *ending_;
        if (ending_) report_left();
        if (look_again_ && !ending_ && !missing_) {
            const sys::unique_fd dir = enter();
            if (dir) look_again_at_stale(dir.value());
            roster_.settle();
            if (dir) act();
        }

        // Changes wait where they are while there is no credit for them.
        const ticks before  = sys::monotonic();
        const bool  rests   = work_.ready_at() > before;
        const auto  if_busy = [&](int fd) { return rests ? -1 : fd; };
        std::array  ready{
            pollfd{signals_.value(), POLLIN, 0},
            pollfd{log_.messages().value(), POLLIN, 0},
            pollfd{hangups_.fd().value(), POLLIN, 0},
            pollfd{if_busy(watches_.fd().value()), POLLIN, 0},
            pollfd{if_busy(ending_ ? -1 : mounts_.value()), POLLPRI, 0},
        };
        const auto& [signal, message, other, change, mount] = ready;
        std::optional<ticks> deadline                       = next_deadline();
        if (rests && (!deadline || work_.ready_at() < *deadline)) deadline = work_.ready_at();
        sys::wait_for(ready, deadline);

        if (signal.revents != 0)
            if (const auto leave = read_signals()) return *leave;
        if (message.revents != 0) log_.take_in();
        if (other.revents != 0) read_hangups();
        const bool  looks = change.revents != 0 || mount.revents != 0;
        const ticks used  = looks ? sys::used() : 0;
        if (change.revents != 0) read_changes();
        if (mount.revents != 0 && !ending_) look_everywhere();
        if (looks) work_.spent(sys::monotonic(), sys::used() - used);

        const ticks now = sys::monotonic();
        if (slow_at_ && *slow_at_ <= now && !ending_) look_slowly();
        if (const auto dot = log_.next_dot(); dot && *dot <= now) log_.dot();
    }
}

}  // namespace runwell::runsvdir

int main(int argc, char** argv) {
    using namespace runwell;
    sys::occupy_standard_descriptors();
    if (argc == 2 && asks_for_version(argc, argv) && ::access(argv[1], F_OK) != 0) {
        sys::say({version_words});
        return runsvdir::usage(argv[0]);
    }
    const std::span all{argv, static_cast<std::size_t>(argc)};
    const auto      chosen = runsvdir_options_of(all.last(all.empty() ? 0 : all.size() - 1));
    if (!chosen) return runsvdir::usage(argc > 0 ? argv[0] : "runsvdir");
    auto ready = runsvdir::supervisor::setup(*chosen);
    if (!ready) return sys::messages{"runsvdir", chosen->directory}.fatal(ready.why(), 100);
    return ready->run();
}
