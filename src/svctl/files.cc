#include "svctl/files.hh"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "svctl/errors.hh"
#include "sys/trust.hh"

namespace runwell::svctl {

namespace fs = std::filesystem;

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

bool file_info::hidden() const { return !about && code != ENOENT && code != ENOTDIR && code != ELOOP; }

file_info file_info_of(const std::string& path) {
    struct stat about {};
    if (::stat(path.c_str(), &about) == 0) return {about, 0};
    return {std::nullopt, errno};
}

bool is_present(const std::string& path) {
    struct stat about {};
    return ::lstat(path.c_str(), &about) == 0;
}

bool is_same_file(const std::string& one, const std::string& other) {
    const file_info a = file_info_of(one), b = file_info_of(other);
    return a.exists() && b.exists() && a.about->st_dev == b.about->st_dev && a.about->st_ino == b.about->st_ino;
}

bool is_mounted_with(const std::string& path, unsigned long flag) {
    struct statvfs system {};
    return ::statvfs(path.c_str(), &system) == 0 && (system.f_flag & flag) != 0;
}

std::vector<std::string> names_in(const std::string& directory) {
    std::vector<std::string> all;
    std::error_code          none;
    for (fs::directory_iterator entry{directory, none}, end; entry != end; entry.increment(none))
        all.push_back(entry->path().filename().string());
    std::sort(all.begin(), all.end());
    return all;
}

std::vector<std::string> control_scripts_in(const std::string& directory) {
    std::vector<std::string> all = names_in(directory + "/control");
    for (std::string& one : all) one.insert(0, "control/");
    return all;
}

void write_all(int fd, std::string_view text, const std::string& path) {
    while (!text.empty()) {
        const ssize_t wrote = ::write(fd, text.data(), text.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) throw system_failure(errno, "write", path);
        text.remove_prefix(static_cast<std::size_t>(wrote));
    }
}

removed_directory::~removed_directory() {
    std::error_code none;
    if (!kept_) fs::remove_all(path_, none);
}

}  // namespace runwell::svctl
