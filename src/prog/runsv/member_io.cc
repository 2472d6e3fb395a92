#include "prog/runsv/member_io.hh"

#include <cerrno>
#include <csignal>
#include <utility>

#include "sys/files.hh"

namespace runwell {

void supervised_process::send(int signal) const noexcept {
    if (foreign) return;
    if (orphan)
        orphan.send(signal);
    else if (pid > 0)
        ::kill(pid, signal);
}

void supervised_process::has_ended() noexcept {
    pid     = 0;
    orphan  = {};
    foreign = false;
}

const sys::supervise_names& names_of(member who) noexcept {
    return who == member::main ? sys::names_of_service : sys::names_of_log;
}

result<sys::unique_fd> open_service_directory(int dir, const char* path) noexcept {
    auto opened = sys::open_directory(dir, path);
    return opened || opened.why().code != EACCES ? std::move(opened) : sys::hold_directory(dir, path);
}

}  // namespace runwell
