#include "svctl/identity.hh"

#include <grp.h>
#include <pwd.h>

#include <algorithm>

#include "core/text.hh"
#include "svctl/files.hh"

namespace runwell::svctl {

namespace fs = std::filesystem;

std::optional<identity> identity_of(std::string_view account) {
    const bool numeric = !account.empty() && account.front() == ':';
    if (numeric) account.remove_prefix(1);
    std::vector<std::string> parts;
    for (two_parts rest = split(account, ':');; rest = split(rest.rest, ':')) {
        parts.emplace_back(rest.head);
        if (!rest.found) break;
    }
    identity found;
    if (numeric) {
        const auto uid = whole_number(parts[0]);
        if (!uid) return std::nullopt;
        found.uid = static_cast<uid_t>(*uid);
    } else {
        const passwd* user = ::getpwnam(parts[0].c_str());
        if (user == nullptr) return std::nullopt;
        found.uid = user->pw_uid;
        if (parts.size() == 1) found.groups.push_back(user->pw_gid);
    }
    for (std::size_t i = 1; i < parts.size(); ++i) {
        const group* its = numeric ? nullptr : ::getgrnam(parts[i].c_str());
        const auto   gid = whole_number(parts[i]);
        if (its == nullptr && !(numeric && gid)) return std::nullopt;
        found.groups.push_back(its != nullptr ? its->gr_gid : static_cast<gid_t>(*gid));
    }
    return found;
}

std::string name_of(uid_t uid) {
    const passwd* user = ::getpwuid(uid);
    return user != nullptr ? user->pw_name : std::to_string(uid);
}

identity supervisor_of(const fs::path& service) {
    for (const fs::path& path : {service / "supervise", service})
        if (const file_info file = file_info_of(path.string()); file.exists()) {
            identity      found{.uid = file.about->st_uid, .groups = {}};
            const passwd* user = ::getpwuid(found.uid);
            if (user != nullptr) found.groups.push_back(user->pw_gid);
            return found;
        }
    return {};
}

bool may_write_to(const struct stat& directory, const identity& who) {
    constexpr mode_t write_and_search = 3;
    if (who.uid == 0) return true;
    const bool member = std::find(who.groups.begin(), who.groups.end(), directory.st_gid) != who.groups.end();
    const int  shift  = directory.st_uid == who.uid ? 6 : member ? 3 : 0;
    return (directory.st_mode >> shift & write_and_search) == write_and_search;
}

}  // namespace runwell::svctl
