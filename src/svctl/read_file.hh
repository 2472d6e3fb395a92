// read_file.hh — the beginning of a regular file, read as core/trust.hh allows: never waits, never grows.
//
//     read_file("/etc/service/web/run")      text, or the errno that says why there is none
//
// In a directory that other users can write to, a link or a second name is not opened, so that root does not show them
// what only root may read.
#pragma once

#include <cstddef>
#include <string>

namespace runwell::svctl {

struct file_content {
    std::string text;
    int         code = 0;

    explicit operator bool() const noexcept { return code == 0; }
};

constexpr std::size_t longest_script = std::size_t{1} << 20;  // bytes; more of a script is not looked at

// At most `most` bytes. `path` is relative to the open directory `base`, or to the working directory (AT_FDCWD).
file_content read_file(int base, const std::string& path, std::size_t most);
file_content read_file(const std::string& path, std::size_t most = longest_script);

}  // namespace runwell::svctl
