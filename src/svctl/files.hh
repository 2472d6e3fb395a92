// files.hh — files and directories as svctl needs them: read within bounds, compared, listed, written completely.
//
//     read_file("/etc/service/web/run")      text, or the errno that says why there is none
//     file_info_of("/etc/service/web/run")   what stat(2) reports: exists, does not exist, hidden from this user
//     names_in("/etc/service/web/control")   "h", "t"
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace runwell::svctl {

struct file_content {
    std::string text;
    int         code = 0;

    explicit operator bool() const noexcept { return code == 0; }
};

constexpr std::size_t longest_script = std::size_t{1} << 20;  // bytes; more of a script is not looked at

// At most `most` bytes of a regular file; never blocks. In a directory that other users can write to, a link or a
// second name is not opened (core/trust.hh), so that root does not show them what only root may read. `path` is
// relative to the open directory `base`, or to the working directory (AT_FDCWD).
file_content read_file(int base, const std::string& path, std::size_t most);
file_content read_file(const std::string& path, std::size_t most = longest_script);

// What stat(2) reports of a path: a file that exists, one that does not, or one that this user may not look for.
struct file_info {
    std::optional<struct stat> about;
    int                        code = 0;

    bool exists() const { return about.has_value(); }
    bool hidden() const;
    bool is_directory() const { return about && S_ISDIR(about->st_mode); }
    bool is_regular() const { return about && S_ISREG(about->st_mode); }
    bool is_executable() const { return is_regular() && (about->st_mode & 0111) != 0; }
};
file_info file_info_of(const std::string& path);

inline bool is_directory(const std::string& path) { return file_info_of(path).is_directory(); }
// Whether the path exists, be it a link that leads nowhere.
bool is_present(const std::string& path);
// Whether both paths lead to the same existing file.
bool is_same_file(const std::string& one, const std::string& other);
// Whether the file system of an existing path has a flag of statvfs(3): ST_RDONLY, ST_NOEXEC.
bool is_mounted_with(const std::string& path, unsigned long flag);

// The names in a directory, sorted; none where it cannot be read.
std::vector<std::string> names_in(const std::string& directory);
// The control scripts of a service directory, sorted: "control/h", "control/t".
std::vector<std::string> control_scripts_in(const std::string& directory);

// Writes all of the text. Throws a failure that names `path`.
void write_all(int fd, std::string_view text, const std::string& path);

// Removes a directory and everything in it at its end, unless it is kept.
class removed_directory {
public:
    explicit removed_directory(std::filesystem::path path) : path_{std::move(path)} {}
    ~removed_directory();
    removed_directory(const removed_directory&)            = delete;
    removed_directory& operator=(const removed_directory&) = delete;

    const std::filesystem::path& path() const { return path_; }
    void                         keep() { kept_ = true; }

private:
    std::filesystem::path path_;
    bool                  kept_ = false;
};

}  // namespace runwell::svctl
