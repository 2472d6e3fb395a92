// privileges.hh — what a process may do: its user, its groups, its capabilities.
#pragma once

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/passwd.hh"
#include "core/result.hh"
#include "sys/pages.hh"

namespace runwell::sys {

// A user and the groups to be in; the first of them is the group id. Never without a group.
struct identity {
    id_number                  uid   = 0;
    std::size_t                count = 0;
    pages                      room;
    std::span<const id_number> groups() const noexcept { return room.as<id_number>().first(count); }
};

// setgroups(2), setgid(2), setuid(2), in this order.
result<void> become_user(const identity& who) noexcept;

// Takes capabilities out of the bounding set: neither this process nor what it executes can gain them again, whatever
// file it executes. With keep_others, the rest outlives the change of user until set_capabilities().
result<void> drop_from_bounding_set(std::uint64_t capabilities, bool keep_others) noexcept;

// Of the capabilities that this process has, those in the mask stay. With `ambient` they also survive execve(2)
// and a change of user: then the process must have each that is named (bit 63: all that it has).
result<void> set_capabilities(std::uint64_t stay, bool ambient) noexcept;

result<void> refuse_new_privileges() noexcept;  // PR_SET_NO_NEW_PRIVS

// The kernel sends the signal when the parent of this process has ended; at once, when it has ended since it was
// `parent`.
result<void> die_with_parent(int signal, pid_t parent) noexcept;

}  // namespace runwell::sys
