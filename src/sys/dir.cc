#include "sys/dir.hh"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace runwell::sys {

result<std::size_t> read_names(int dir, std::array<std::byte, 4096>& bytes) noexcept {
    const long size = ::syscall(SYS_getdents64, dir, bytes.data(), bytes.size());
    if (size < 0) return error{"unable to read directory ", "", errno};
    return static_cast<std::size_t>(size);
}

}  // namespace runwell::sys
