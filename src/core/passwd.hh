// passwd.hh — users and groups, as the text of /etc/passwd and /etc/group has them.
//
//     passwd(5)  name:password:uid:gid:…
//     group(5)   name:password:gid:member,member,…
//
// Lines that are not of this form are passed over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace runwell {

using id_number = std::uint32_t;  // of a user or a group; 0xffffffff is none

struct account {
    id_number uid = 0;
    id_number gid = 0;
};

// The user of this name; the first, when there are several.
std::optional<account> find_account(std::string_view passwd, std::string_view name) noexcept;

// The number of the group of this name.
std::optional<id_number> find_group(std::string_view group, std::string_view name) noexcept;

// Numbers of groups, in the order in which they were added, in room that is lent.
class group_list {
public:
    explicit group_list(std::span<id_number> room) noexcept : room_{room} {}

    bool                       add(id_number group) noexcept;  // false: no room
    std::span<const id_number> groups() const noexcept { return room_.first(size_); }

private:
    std::span<id_number> room_;
    std::size_t          size_ = 0;
};

// Adds the groups that have this member and are not in the list already (initgroups(3)). False when there was no room
// for all of them.
bool add_groups_of(std::string_view group, std::string_view member, group_list& into) noexcept;

// The same for an answer of `getent initgroups NAME`: the name, then numbers.
bool add_groups_said(std::string_view answer, group_list& into) noexcept;

// A decimal that is the number of a user or a group: digits only, and less than 0xffffffff.
std::optional<id_number> id_in(std::string_view text) noexcept;

}  // namespace runwell
