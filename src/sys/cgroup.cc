#include "sys/cgroup.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cerrno>

#include "core/text.hh"
#include "sys/files.hh"
#include "sys/kernel.hh"

namespace runwell::sys {
namespace {

using name_text = fixed_text<4096>;  // PATH_MAX

// Where hierarchies of version 2 are mounted: alone, or next to those of version 1 (systemd's hybrid layout).
result<unique_fd> open_hierarchy() noexcept {
    for (const char* const place : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
        auto          dir = open_directory(AT_FDCWD, place);
        struct statfs info {};
        if (dir && ::fstatfs(dir->value(), &info) == 0 &&
            static_cast<std::uint64_t>(info.f_type) == kernel::cgroup2_magic)
            return dir;
    }
    return error{"unable to find the cgroups", "", ENOSYS};
}

// The path of this process in the hierarchy, without the slash before it: the line "0::/PATH" of /proc/self/cgroup.
result<name_text> own_path() noexcept {
    const unique_fd file = TRY(open_at(AT_FDCWD, "/proc/self/cgroup", O_RDONLY));
    char            bytes[8192];
    const ssize_t   got = ::read(file.value(), bytes, sizeof bytes);
    if (got < 0) return error{"unable to read ", "/proc/self/cgroup", errno};
    std::string_view text{bytes, static_cast<std::size_t>(got)};
    while (!text.starts_with("0::/")) {
        if (text.empty()) return error{"unable to find the cgroups", "", ENOSYS};
        text = split(text, '\n').rest;
    }
    name_text path;
    text.remove_prefix(4);
    if (!path.append(split(text, '\n').head)) return error{"unable to find the cgroups", "", ENAMETOOLONG};
    return path;
}

bool write_at(int dir, const char* file, std::string_view text) noexcept {
    const unique_fd to{::openat(dir, file, O_WRONLY | O_CLOEXEC)};
    return to && ::write(to.value(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// Lets the children of a cgroup have the controllers that the settings are of. Where that is not possible, the file of
// the setting will not be there, and set() says so.
void hand_down(int dir, std::span<const change> settings) noexcept {
    for (const change& each : settings) {
        if (each.what != change_kind::cgroup_set) continue;
        fixed_text<64> order;
        if (order.append('+') && order.append(split(each.text, '.').head))
            static_cast<void>(write_at(dir, "cgroup.subtree_control", order.view()));
    }
}

}  // namespace

result<unique_fd> own_cgroup() noexcept {
    unique_fd       top = TRY(open_hierarchy());
    const name_text own = TRY(own_path());
    if (own.empty()) return top;
    return open_directory(top.value(), own.c_str());
}

result<cgroup> cgroup::make(const char* path, std::span<const change> settings) noexcept {
    const auto why = [&](int code) { return error{"unable to create the cgroup ", path, code}; };

    cgroup           made;
    std::string_view rest     = path;
    const bool       from_top = rest.starts_with('/');
    if (from_top) rest.remove_prefix(1);
    made.dir_ = TRY(from_top ? open_hierarchy() : own_cgroup());
    while (!rest.empty()) {
        const two_parts parts = split(rest, '/');
        name_text       name;
        if (!name.append(parts.head)) return why(ENAMETOOLONG);
        rest = parts.rest;

        hand_down(made.dir_.value(), settings);
        if (::mkdirat(made.dir_.value(), name.c_str(), 0755) != 0 && errno != EEXIST) return why(errno);
        unique_fd below{::openat(made.dir_.value(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
        if (!below) return why(errno);
        made.dir_ = std::move(below);
    }
    return made;
}

result<void> cgroup::set(const char* setting) const noexcept {
    const two_parts parts = split(setting, '=');
    name_text       file;
    const bool      fits = file.append(parts.head);
    if (!fits || !write_at(dir_.value(), file.c_str(), parts.rest))
        return error{"unable to set in the cgroup: ", setting, fits ? errno : ENAMETOOLONG};
    return {};
}

result<void> cgroup::enter() const noexcept {
    if (!write_at(dir_.value(), "cgroup.procs", "0")) return error{"unable to enter the cgroup", "", errno};
    return {};
}

}  // namespace runwell::sys
