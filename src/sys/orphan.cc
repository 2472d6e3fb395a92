#include "sys/orphan.hh"

#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <string_view>
#include <utility>

#include "core/text.hh"
#include "sys/clock.hh"
#include "sys/files.hh"
#include "sys/kernel.hh"

namespace runwell::sys {
namespace {

fixed_text<40> path_of(std::uint32_t pid, std::string_view name) noexcept {
    fixed_text<40> path;
    path.append("/proc/");
    path.append(decimal{pid}.view());
    path.append(name);
    return path;
}

// The part of /proc/PID/stat that interests here; proc_pid_stat(5).
struct process_stat {
    char  state = 'X';
    ticks began = 0;  // rounded down to what the kernel tells
};

std::optional<process_stat> stat_of(std::uint32_t pid) noexcept {
    const auto file = open_at(AT_FDCWD, path_of(pid, "/stat").c_str(), O_RDONLY);
    if (!file) return std::nullopt;
    char          bytes[512];
    const ssize_t size = ::read(file->value(), bytes, sizeof bytes);
    if (size <= 0) return std::nullopt;

    // The name of the program is in brackets, and may hold anything.
    const std::string_view all{bytes, static_cast<std::size_t>(size)};
    const std::size_t      name_ends = all.rfind(')');
    if (name_ends == std::string_view::npos || name_ends + 2 >= all.size()) return std::nullopt;
    std::string_view rest = after(all, name_ends + 2);
    process_stat     is{.state = rest[0]};
    for (int field = 3; field < 22; ++field) rest = split(rest, ' ').rest;
    const long per_second = ::sysconf(_SC_CLK_TCK);
    is.began              = static_cast<ticks>(scan_number(rest).value) * (one_second / per_second);
    return is;
}

void pass(ticks time) noexcept {
    timespec left{.tv_sec = 0, .tv_nsec = time};
    while (::nanosleep(&left, &left) != 0 && errno == EINTR) {}
}

}  // namespace

bool lives(const birth& of) noexcept {
    const auto is = stat_of(of.pid);
    return is && is->began <= of.born && is->state != 'Z' && is->state != 'X';
}

bool is_child(pid_t pid) noexcept {
    siginfo_t info;
    return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

bool wait_for_end(const birth& of, std::optional<ticks> patience) noexcept {
    constexpr ticks step  = one_second / 50;
    const ticks     until = monotonic() + patience.value_or(0);
    while (lives(of)) {
        if (patience && monotonic() >= until) return false;
        pass(step);
    }
    return true;
}

void end(const birth& of, ticks patience) noexcept {
    const auto pid = static_cast<pid_t>(of.pid);
    ::kill(pid, SIGTERM);
    ::kill(pid, SIGCONT);
    if (wait_for_end(of, patience)) return;
    ::kill(pid, SIGKILL);
    wait_for_end(of, std::nullopt);
}

result<pipe_ends> reopen_pipe(std::uint32_t holder, std::uint64_t inode) noexcept {
    int error = ENOENT;
    for (const std::string_view name : {"/fd/0", "/fd/1", "/fd/2"}) {
        const auto  path = path_of(holder, name);
        struct stat is;
        if (::stat(path.c_str(), &is) != 0) {
            if (errno != ENOENT) error = errno;
            continue;
        }
        if (!S_ISFIFO(is.st_mode) || is.st_ino != inode) continue;
        auto read  = open_at(AT_FDCWD, path.c_str(), O_RDONLY);
        auto write = open_at(AT_FDCWD, path.c_str(), O_WRONLY);
        if (read && write) return pipe_ends{std::move(*read), std::move(*write)};
        error = errno;
    }
    return trouble{"unable to reopen the log pipe", "", error};
}

std::optional<ticks> namespace_began() noexcept {
    const auto is = stat_of(1);
    if (!is) return std::nullopt;
    return is->began;
}

result<orphan> orphan::watch(const birth& of) noexcept {
    orphan found;
    found.process_.reset(static_cast<int>(::syscall(SYS_pidfd_open, of.pid, 0)));
    if (!found) return trouble{"unable to watch a process that was left", "", errno};
    // Asked now: whatever has this pid at this moment is what the descriptor means.
    if (!lives(of)) return trouble{"unable to watch a process that was left", "", ESRCH};
    return found;
}

short orphan::events() const noexcept { return reaped_by_ ? 0 : POLLIN; }

void orphan::send(int signal) const noexcept { ::syscall(SYS_pidfd_send_signal, process_.value(), signal, nullptr, 0); }

std::optional<int> orphan::ended(ticks now) noexcept {
    pollfd is{process_.value(), POLLIN, 0};
    if (::poll(&is, 1, 0) != 1) return std::nullopt;

    kernel::pidfd_info info{.mask = kernel::pidfd_tells_exit};
    const bool         asked = ::syscall(SYS_ioctl, process_.value(), kernel::pidfd_get_info, &info) == 0;
    if (asked && (info.mask & kernel::pidfd_tells_exit) != 0) return info.exit_code;
    if (!reaped_by_) reaped_by_ = now + one_second;
    if (asked && now < *reaped_by_) return std::nullopt;
    return unknown_status;
}

}  // namespace runwell::sys
