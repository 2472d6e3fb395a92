#include "parts/users.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "core/text.hh"
#include "sys/files.hh"
#include "sys/spawn.hh"

namespace runwell::parts {
namespace {

constexpr std::size_t most_groups = 65536;    // NGROUPS_MAX, limits.h of Linux
constexpr std::size_t longest     = 1 << 20;  // of what getent says; a group may have many members

// Text that was read, and the memory it is in.
struct content {
    sys::pages       room;
    std::string_view text;
};

// Everything that comes from a descriptor, as far as there is room; nothing when it cannot be read.
result<content> read_all(int fd, std::size_t size) noexcept {
    content     all{TRY(sys::pages::make(size)), {}};
    const auto  room = all.room.bytes();
    std::size_t have = 0;
    while (have < room.size()) {
        const ssize_t got = ::read(fd, room.data() + have, room.size() - have);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return error{"unable to read", "", errno};
        if (got == 0) break;
        have += static_cast<std::size_t>(got);
    }
    all.text = {room.data(), have};
    return all;
}

// Whether no other user can have written what the descriptor is open on.
bool is_roots_word(int file) noexcept {
    struct stat info {};
    return ::fstat(file, &info) == 0 && info.st_uid == 0 && (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

bool is_roots_directory(const char* path) noexcept {
    const auto directory = sys::hold_directory(AT_FDCWD, path);
    return directory && is_roots_word(directory->value());
}

result<content> read_file(const char* path, user_database in) noexcept {
    const sys::unique_fd file = TRY(sys::open_at(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
    struct stat          info {};
    if (in == user_database::new_root &&
        !(is_roots_directory("/") && is_roots_directory("/etc") && is_roots_word(file.value())))
        return error{"unable to open ", path, EPERM};
    if (::fstat(file.value(), &info) != 0) return error{"unable to stat ", path, errno};
    return read_all(file.value(), static_cast<std::size_t>(info.st_size) + 1);
}

// getent takes a number for an id and a dash for an option; to chpst both are names.
bool may_be_asked(std::string_view name) noexcept {
    if (name.empty() || name[0] == '-' || name[0] == '+' || name[0] == ' ') return false;
    return name.find_first_not_of("0123456789") != std::string_view::npos;
}

// What `getent DATABASE NAME` prints; nothing when it knows nothing, or there is no getent.
content ask_getent(const char* database, std::string_view name) noexcept {
    char asked[256];  // LOGIN_NAME_MAX
    if (!may_be_asked(name) || name.size() >= sizeof asked) return {};
    std::memcpy(asked, name.data(), name.size());
    asked[name.size()] = '\0';

    auto pipe = sys::make_pipe();
    if (!pipe) return {};
    const char* const arguments[] = {"getent", database, asked, nullptr};
    char              path[]      = "PATH=/usr/bin:/bin:/usr/local/bin:/run/current-system/sw/bin";
    char* const       variables[] = {path, nullptr};

    const sys::spawned child =
        sys::spawn({.path = "getent", .argv = arguments, .envp = variables, .fd_for_1 = pipe->write.value()});
    pipe->write.reset();
    if (child.pid <= 0) return {};
    auto answer = read_all(pipe->read.value(), longest);
    pipe->read.reset();
    int status = 0;
    while (::waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {}
    if (!answer || status != 0) return {};
    return std::move(*answer);
}

// The name in an answer, which may be written otherwise than it was asked for.
std::string_view name_in(std::string_view line) noexcept { return split(line, ':').head; }

// :uid:gid[:gid]…
result<sys::identity> by_numbers(const char* text) noexcept {
    const error   invalid{"invalid uid/gids: ", text + 1};
    sys::identity who{.room = TRY(sys::pages::make(most_groups * sizeof(id_number)))};
    group_list    groups{who.room.as<id_number>()};
    two_parts     part = split(text + 1, ':');
    const auto    uid  = id_in(part.head);
    if (!uid || !part.found) return invalid;
    while (part.found) {
        part           = split(part.rest, ':');
        const auto gid = id_in(part.head);
        if (!gid || !groups.add(*gid)) return invalid;
    }
    who.uid   = *uid;
    who.count = groups.groups().size();
    return who;
}

// One resolution: both files are read at most once, and the errno of one that could not be is kept for the end.
class search {
public:
    search(naming form, user_database in) noexcept : form_{form}, in_{in} {}

    result<sys::identity> by_names(const char* text, bool init_groups) noexcept;

private:
    std::string_view         passwd() noexcept { return file(passwd_, "/etc/passwd"); }
    std::string_view         group() noexcept { return file(group_, "/etc/group"); }
    std::string_view         file(content& known, const char* path) noexcept;
    std::optional<account>   user(std::string_view name) noexcept;
    std::optional<id_number> group_named(std::string_view name) noexcept;
    content                  ask(const char* database, std::string_view name) const noexcept;
    bool                     add_memberships(std::string_view name, group_list& into) noexcept;
    error                    unknown(const char* text) const noexcept;

    naming        form_;
    user_database in_;
    content       passwd_, group_;
    bool          of_passwd_ = false;  // the user is of /etc/passwd
    int           error_     = 0;
};

std::string_view search::file(content& known, const char* path) noexcept {
    if (known.text.data() == nullptr) {
        auto read = read_file(path, in_);
        if (!read) {
            error_ = read.why().code;
            return {};
        }
        known = std::move(*read);
    }
    return known.text;
}

content search::ask(const char* database, std::string_view name) const noexcept {
    return in_ == user_database::system ? ask_getent(database, name) : content{};
}

std::optional<account> search::user(std::string_view name) noexcept {
    const auto local = find_account(passwd(), name);
    of_passwd_       = local.has_value();
    if (local) return local;
    const content answer = ask("passwd", name);
    return find_account(answer.text, name_in(answer.text));
}

std::optional<id_number> search::group_named(std::string_view name) noexcept {
    if (const auto local = find_group(group(), name)) return local;
    const content answer = ask("group", name);
    return find_group(answer.text, name_in(answer.text));
}

bool search::add_memberships(std::string_view name, group_list& into) noexcept {
    if (of_passwd_) return add_groups_of(group(), name, into);
    const content answer = ask("initgroups", name);
    return add_groups_said(answer.text, into);
}

error search::unknown(const char* text) const noexcept {
    const bool account = form_ == naming::account;
    if (error_ != 0)
        return {account ? "unable to get password file entry" : "unable to get password/group file entry", "", error_};
    return {account ? "unknown account: " : "unknown user/group: ", text};
}

result<sys::identity> search::by_names(const char* text, bool init_groups) noexcept {
    sys::identity who{.room = TRY(sys::pages::make(most_groups * sizeof(id_number)))};
    group_list    groups{who.room.as<id_number>()};
    two_parts     part = form_ == naming::account ? two_parts{text} : split(text, ':');

    const std::string_view name  = part.head;
    const auto             found = user(name);
    if (!found) return unknown(text);
    if (!part.found) groups.add(found->gid);
    while (part.found) {
        part           = split(part.rest, ':');
        const auto gid = group_named(part.head);
        if (!gid) return unknown(text);
        if (!groups.add(*gid)) return error{"unable to setgroups", "", EINVAL};
    }
    if (init_groups && !add_memberships(name, groups)) return error{"unable to setgroups", "", EINVAL};
    who.uid   = found->uid;
    who.count = groups.groups().size();
    return who;
}

}  // namespace

result<sys::identity> find_identity(const char* text, naming form, bool init_groups, user_database in) noexcept {
    if (form == naming::user_groups && *text == ':') return by_numbers(text);
    return search{form, in}.by_names(text, init_groups);
}

}  // namespace runwell::parts
