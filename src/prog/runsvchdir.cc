// runsvchdir — changes the services directory that runsvdir supervises.
//
//     /etc/service ──▶ /etc/runit/runsvdir/current ──▶ dir          previous ──▶ old current
//
// `current` is replaced by a rename, so that runsvdir never finds it missing.
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "core/fixed.hh"
#include "core/result.hh"
#include "core/version.hh"
#include "sys/messages.hh"

namespace runwell {
namespace {

constexpr int         wrong_usage = 1;
constexpr int         failed      = 111;
constexpr const char* home        = "/etc/runit/runsvdir";  // where RUNSVDIR does not say otherwise

using path_text = fixed_text<4096>;  // PATH_MAX

bool same_file(const struct stat& a, const struct stat& b) noexcept {
    return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

// What the link says; empty when it is none.
path_text link_target(const char* link) noexcept {
    std::array<char, 4096> bytes;
    const ssize_t          size = ::readlink(link, bytes.data(), bytes.size());
    path_text              target;
    if (size > 0) target.append({bytes.data(), static_cast<std::size_t>(size)});
    return target;
}

result<void> remove_old(const char* name) noexcept {
    if (::unlink(name) != 0 && errno != ENOENT) return error{"unable to unlink: ", name, errno};
    return {};
}

// `current` becomes a link to dir, and `previous` what current was.
result<void> change(const char* dir) noexcept {
    static_cast<void>(TRY(remove_old("current.new")));
    if (::symlink(dir, "current.new") != 0) return error{"unable to create: current.new -> ", dir, errno};
    static_cast<void>(TRY(remove_old("previous")));

    const path_text was = link_target("current");
    const bool copied   = was.empty() ? ::rename("current", "previous") == 0 : ::symlink(was.c_str(), "previous") == 0;
    if (!copied) return error{"unable to copy: current to ", "previous", errno};
    if (::rename("current.new", "current") == 0) return {};
    const int code = errno;
    if (was.empty() && ::rename("previous", "current") != 0)
        return error{"unable to move previous back to ", "current", errno};
    return error{"unable to move: current.new to ", "current", code};
}

struct change_made {
    bool already = false;  // dir is what current is
};

result<change_made> change_to(const char* dir) noexcept {
    if (*dir == '.') return error{dir, ": must not start with a dot."};
    const char* const said = std::getenv("RUNSVDIR");
    const char* const base = said != nullptr ? said : home;
    if (::chdir(base) != 0) return error{"unable to chdir: ", base, errno};

    struct stat wanted {};
    struct stat current {};
    if (::stat(dir, &wanted) != 0) return error{dir, "", errno};
    if (!S_ISDIR(wanted.st_mode)) return error{dir, ": not a directory."};
    if (::stat("current", &current) != 0) return error{"unable to stat: ", "current", errno};
    if (same_file(wanted, current)) return change_made{.already = true};

    // "previous" is about to mean something else: the way back is to where it leads now.
    const path_text back = std::string_view{dir} == "previous" ? link_target(dir) : path_text{};
    static_cast<void>(TRY(change(back.empty() ? dir : back.c_str())));
    return change_made{};
}

int usage(std::string_view program) noexcept {
    sys::say({"usage: ", program, " dir\n"});
    return wrong_usage;
}

}  // namespace
}  // namespace runwell

int main(int argc, char** argv) {
    using namespace runwell;
    const std::string_view program = argc > 0 ? argv[0] : "runsvchdir";
    if (argc < 2) return usage(program);
    const char* const dir  = argv[1];
    const auto        made = change_to(dir);
    if (!made && made.why().code == ENOENT && asks_for_version(argc, argv)) {
        sys::say({version_words});
        return usage(program);
    }
    if (!made) return sys::messages{program}.fatal(made.why(), failed);
    return sys::print(STDOUT_FILENO, {"runsvchdir: ", dir, made->already ? ": current.\n" : ": now current.\n"})
               ? 0
               : failed;
}
