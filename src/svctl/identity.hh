// identity.hh — the user and groups that a program runs as, and whether they may write to a directory.
//
//     identity_of("log:adm")                      as for chpst -u; also ":1000:4" in numbers
//     supervisor_of("/etc/service/web/log")       the user of its runsv
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace runwell::svctl {

struct identity {
    uid_t              uid = 0;
    std::vector<gid_t> groups;
};

// Nothing where there is no such user or group.
std::optional<identity> identity_of(std::string_view account);
std::string             name_of(uid_t uid);
// The owner of what runsv has made, else of the service.
identity supervisor_of(const std::filesystem::path& service);
bool     may_write_to(const struct stat& directory, const identity& who);

}  // namespace runwell::svctl
