#include "sys/watch.hh"

#include <unistd.h>

#include <cerrno>

namespace runwell::sys {

result<watch> watch::make() noexcept {
    watch made;
    made.fd_.reset(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!made.fd_) return error{"unable to watch for changes", "", errno};
    return made;
}

result<int> watch::add(const char* path, std::uint32_t mask) const noexcept {
    const int where = ::inotify_add_watch(fd_.value(), path, mask);
    if (where < 0) return error{"unable to watch ", path, errno};
    return where;
}

void watch::remove(int where) const noexcept { ::inotify_rm_watch(fd_.value(), where); }

std::size_t watch::read(std::array<char, 4096>& bytes) const noexcept {
    const ssize_t got = ::read(fd_.value(), bytes.data(), bytes.size());
    return got > 0 ? static_cast<std::size_t>(got) : 0;
}

}  // namespace runwell::sys
