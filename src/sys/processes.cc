#include "sys/processes.hh"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <string_view>

#include "core/fixed.hh"
#include "sys/files.hh"

namespace runwell::sys {
namespace {

bool is_same(const struct stat& file, int dir, const char* path) noexcept {
    struct stat other;
    return ::fstatat(dir, path, &other, 0) == 0 && other.st_dev == file.st_dev && other.st_ino == file.st_ino;
}

// The first bytes of a small file.
template <std::size_t N>
std::string_view first_bytes(int dir, const char* path, std::array<char, N>& into) noexcept {
    const auto file = open_at(dir, path, O_RDONLY);
    if (!file) return {};
    const ssize_t size = ::read(file->value(), into.data(), into.size());
    return {into.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

bool is_called(int process, std::string_view name) noexcept {
    std::array<char, 64> bytes;
    std::string_view     comm = first_bytes(process, "comm", bytes);
    if (!comm.empty()) comm.remove_suffix(1);
    return !comm.empty() && comm == name;
}

// Calls `use` with the directory in /proc of every process of that name, until it returns true.
template <class Use>
bool any_process(std::string_view name, const Use& use) noexcept {
    DIR* const all = ::opendir("/proc");
    if (all == nullptr) return false;
    bool found = false;
    while (!found) {
        const dirent* const entry = ::readdir(all);
        if (entry == nullptr) break;
        if (entry->d_name[0] < '0' || entry->d_name[0] > '9') continue;
        const auto process = open_at(::dirfd(all), entry->d_name, O_PATH | O_DIRECTORY);
        found              = process && is_called(process->value(), name) && use(process->value());
    }
    ::closedir(all);
    return found;
}

// `process` is its directory in /proc; paths on its command line are as seen from where it works.
bool works_on(int process, const struct stat& directory) noexcept {
    std::array<char, 4096> bytes;
    if (is_same(directory, process, "cwd")) return true;

    const auto cwd = open_at(process, "cwd", O_PATH | O_DIRECTORY);
    if (!cwd) return false;
    std::string_view line = first_bytes(process, "cmdline", bytes);
    while (!line.empty()) {
        const std::size_t end = line.find('\0');
        if (end == std::string_view::npos) return false;  // not all of it
        if (is_same(directory, cwd->value(), line.data())) return true;
        line.remove_prefix(end + 1);
    }
    return false;
}

}  // namespace

bool anyone_works_on(const char* name, const char* directory) noexcept {
    struct stat wanted;
    if (::stat(directory, &wanted) != 0) return false;
    return any_process(name, [&](int process) { return works_on(process, wanted); });
}

fixed_text<4096> directory_of(const char* name, const char* member) noexcept {
    fixed_text<4096> found;
    any_process(name, [&](int process) {
        struct stat file;
        found.clear();
        if (::fstat(process, &file) != 0 || file.st_uid != ::geteuid()) return false;
        std::array<char, 4096> bytes;
        std::string_view       line = first_bytes(process, "cmdline", bytes);
        while (!line.empty()) {
            const std::size_t end = line.find('\0');
            if (end == std::string_view::npos) break;
            if (line.front() == '/' && ::stat(line.data(), &file) == 0 && S_ISDIR(file.st_mode)) {
                found.clear();
                found.append_cut(line.substr(0, end));
            }
            line.remove_prefix(end + 1);
        }
        if (found.empty()) {
            const ssize_t size = ::readlinkat(process, "cwd", bytes.data(), bytes.size());
            if (size > 0) found.append_cut({bytes.data(), static_cast<std::size_t>(size)});
        }
        const auto dir = open_at(AT_FDCWD, found.c_str(), O_PATH | O_DIRECTORY);
        return dir && ::fstatat(dir->value(), member, &file, 0) == 0;
    });
    return found;
}

}  // namespace runwell::sys
