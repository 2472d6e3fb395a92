#include "svctl/read_file.hh"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "sys/trust.hh"

namespace runwell::svctl {

file_content read_file(int base, const std::string& path, std::size_t most) {
    constexpr std::size_t block = 65'536;
    const auto            file  = sys::open_trusted_path(base, path.c_str(), sys::expected::regular, O_RDONLY);
    if (!file) return {{}, file.why().code};

    file_content found;
    for (bool more = true; more && found.text.size() < most;) {
        const std::size_t size = found.text.size(), room = std::min(block, most - size);
        found.text.resize(size + room);
        const auto got = sys::read_up_to(file->file.value(), std::span{found.text}.subspan(size));
        if (!got) return {{}, got.why().code};
        found.text.resize(size + *got);
        more = *got == room;
    }
    return found;
}

file_content read_file(const std::string& path, std::size_t most) { return read_file(AT_FDCWD, path, most); }

}  // namespace runwell::svctl
