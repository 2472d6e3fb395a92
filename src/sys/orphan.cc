#include "sys/orphan.hh"

#include <poll.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <string_view>
#include <utility>

#include "core/proc_stat.hh"
#include "core/text.hh"
#include "sys/clock.hh"
#include "sys/files.hh"
#include "sys/kernel.hh"
#include "sys/proc.hh"

namespace runwell::sys {
namespace {

// The part of /proc/PID/stat that interests here; proc_pid_stat(5).
struct process_stat {
    char          state   = 'X';
    std::uint64_t threads = 0;
    ticks         began   = 0;  // rounded down to the resolution of the kernel

    // A process whose first thread has ended shows as a zombie for as long as its other threads live.
    bool has_ended() const noexcept { return state == 'X' || (state == 'Z' && threads <= 1); }
};

std::optional<process_stat> stat_of(std::uint32_t pid) noexcept {
    char            bytes[512];
    const proc_stat line{read_once(AT_FDCWD, proc_path(pid, "/stat").c_str(), bytes)};
    if (!line) return std::nullopt;
    process_stat is{.state = line.field(3).front()};
    is.threads = line.number(20);
    is.began   = static_cast<ticks>(line.number(22)) * tick_of_proc();
    return is;
}

// The inode of a pidfd: that of no other process of this boot. 0 where all have the same: before Linux 6.9.
std::uint64_t id_of(const unique_fd& process) noexcept {
    struct statfs on;
    struct stat   is;
    if (::fstatfs(process.value(), &on) != 0 || static_cast<std::uint64_t>(on.f_type) != kernel::pidfs_magic) return 0;
    return ::fstat(process.value(), &is) == 0 ? is.st_ino : 0;
}

void pass(ticks time) noexcept {
    timespec left{.tv_sec = 0, .tv_nsec = time};
    while (::nanosleep(&left, &left) != 0 && errno == EINTR) {}
}

}  // namespace

// A single number in NSpid says so: it is that of the namespace that /proc belongs to. (Before Linux 4.1 there is no
// such line.)
bool proc_is_ours() noexcept {
    char                   bytes[2048];
    const std::string_view all  = read_once(AT_FDCWD, "/proc/self/status", bytes);
    const std::string_view name = "\nNSpid:\t";
    const std::size_t      at   = all.find(name);
    if (at == std::string_view::npos) return false;
    const std::string_view line = split(after(all, at + name.size()), '\n').head;
    return whole_number(line) == static_cast<std::uint64_t>(::getpid());
}

ticks tick_of_proc() noexcept { return one_second / ::sysconf(_SC_CLK_TCK); }

std::uint64_t process_id(pid_t pid) noexcept {
    const unique_fd process{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
    return process ? id_of(process) : 0;
}

std::optional<ticks> start_of(std::uint32_t pid) noexcept {
    if (!proc_is_ours()) return std::nullopt;
    const auto is = stat_of(pid);
    if (!is) return std::nullopt;
    return is->began;
}

sighting sight(const process_record& of, orphan& watched) noexcept {
    const auto pid = static_cast<pid_t>(of.pid);
    sighting   seen{.child = is_child(pid)};
    watched          = orphan::open(pid);
    seen.watchable   = static_cast<bool>(watched);
    seen.exists      = seen.watchable || ::kill(pid, 0) == 0 || errno == EPERM;
    const bool known = seen.exists && proc_is_ours();
    const auto is    = known ? stat_of(of.pid) : std::nullopt;
    if (is) seen.began = is->began;
    if (seen.watchable) {  // asked last: whatever was read of this pid is of the process that the descriptor means
        seen.id    = id_of(watched.fd());
        seen.ended = watched.has_ended();
    } else {
        seen.ended = is && is->has_ended();
    }
    return seen;
}

bool is_child(pid_t pid) noexcept {
    siginfo_t info;
    return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

namespace {

// Whether the process of this record is still alive, according to /proc.
bool lives(const process_record& of) noexcept {
    const auto is = stat_of(of.pid);
    return is && is->began <= of.born && !is->has_ended();
}

}  // namespace

bool wait_for_end(const process_record& of, std::optional<ticks> patience) noexcept {
    constexpr ticks step  = one_second / 50;
    const ticks     until = monotonic() + patience.value_or(0);
    while (lives(of)) {
        if (patience && monotonic() >= until) return false;
        pass(step);
    }
    return true;
}

void end(const process_record& of, ticks patience) noexcept {
    const auto pid = static_cast<pid_t>(of.pid);
    ::kill(pid, SIGTERM);
    ::kill(pid, SIGCONT);
    if (wait_for_end(of, patience)) return;
    ::kill(pid, SIGKILL);
    wait_for_end(of, std::nullopt);
}

namespace {

// Descriptor `number` of the process, with its open file description (pidfd_getfd(2)); -1: not permitted, or none.
unique_fd shared(std::uint32_t pid, int number) noexcept {
    const unique_fd process{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
    return unique_fd{process ? static_cast<int>(::syscall(SYS_pidfd_getfd, process.value(), number, 0)) : -1};
}

bool reads_only(const unique_fd& file) noexcept { return (::fcntl(file.value(), F_GETFL) & O_ACCMODE) == O_RDONLY; }

}  // namespace

// The service may exchange the file behind its descriptor at any moment: this process holds the file that it has
// checked, and opens that one again. It shares the logger's end where it may: svlogd leaves the beginning of a line in
// the pipe at TERM if another process shares its open file description.
result<pipe_ends> reopen_pipe(std::uint32_t holder, const file_identity& pipe) noexcept {
    int code = ENOENT;
    for (int number = 0; number <= 2; ++number) {
        fixed_text<8> name;
        name.append("/fd/");
        name.append(decimal{static_cast<std::uint64_t>(number)}.view());
        const auto held = open_at(AT_FDCWD, proc_path(holder, name.view()).c_str(), O_PATH);
        if (!held) {
            if (held.why().code != ENOENT) code = held.why().code;
            continue;
        }
        const auto is_it = [&](const unique_fd& file) {
            struct stat is;
            return ::fstat(file.value(), &is) == 0 && S_ISFIFO(is.st_mode) && is.st_ino == pipe.inode &&
                   is.st_dev == pipe.other;
        };
        if (!is_it(*held)) continue;
        fixed_text<40> path;
        path.append("/proc/self/fd/");
        path.append(decimal{static_cast<std::uint64_t>(held->value())}.view());
        auto read  = open_at(AT_FDCWD, path.c_str(), O_RDONLY | O_NONBLOCK);
        auto write = open_at(AT_FDCWD, path.c_str(), O_WRONLY | O_NONBLOCK);
        if (read && write && is_it(*read) && is_it(*write)) {
            for (const unique_fd* each : {&*read, &*write}) ::fcntl(each->value(), F_SETFL, 0);
            if (unique_fd its = shared(holder, number); its && is_it(its) && reads_only(its)) *read = std::move(its);
            return pipe_ends{std::move(*read), std::move(*write)};
        }
        code = !read ? read.why().code : !write ? write.why().code : ESTALE;
    }
    return error{"unable to reopen the log pipe", "", code};
}

orphan orphan::open(pid_t pid) noexcept {
    orphan found;
    found.process_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    return found;
}

orphan orphan::handed_over(int fd, std::optional<ticks> reaped_by) noexcept {
    orphan its;
    its.process_.reset(fd);
    its.reaped_by_ = reaped_by;
    return its;
}

bool orphan::has_ended() const noexcept {
    pollfd is{process_.value(), POLLIN, 0};
    return ::poll(&is, 1, 0) == 1;
}

short orphan::events() const noexcept { return reaped_by_ ? 0 : POLLIN; }

void orphan::send(int signal) const noexcept { ::syscall(SYS_pidfd_send_signal, process_.value(), signal, nullptr, 0); }

std::optional<int> orphan::ended(ticks now) noexcept {
    if (!has_ended()) return std::nullopt;

    kernel::pidfd_info info{.mask = kernel::pidfd_tells_exit};
    const bool         asked = ::syscall(SYS_ioctl, process_.value(), kernel::pidfd_get_info, &info) == 0;
    if (asked && (info.mask & kernel::pidfd_tells_exit) != 0) return info.exit_code;
    if (!reaped_by_) reaped_by_ = now + one_second;
    if (asked && now < *reaped_by_) return std::nullopt;
    return unknown_status;
}

}  // namespace runwell::sys
