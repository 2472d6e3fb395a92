#include "core/passwd.hh"

#include "core/text.hh"

namespace runwell {
namespace {

// The first part of the text up to `end`, which is taken off together with it.
std::string_view take(std::string_view& text, char end) noexcept {
    const two_parts parts = split(text, end);
    text                  = parts.rest;
    return parts.head;
}

bool add_missing(id_number group, std::span<const id_number> known, group_list& into) noexcept {
    for (const id_number k : known)
        if (k == group) return true;
    return into.add(group);
}

}  // namespace

std::optional<account> find_account(std::string_view passwd, std::string_view name) noexcept {
    while (!passwd.empty()) {
        std::string_view line = take(passwd, '\n');
        if (take(line, ':') != name) continue;
        take(line, ':');
        const auto uid = id_in(take(line, ':'));
        const auto gid = id_in(take(line, ':'));
        if (uid && gid) return account{*uid, *gid};
    }
    return std::nullopt;
}

std::optional<id_number> find_group(std::string_view group, std::string_view name) noexcept {
    while (!group.empty()) {
        std::string_view line = take(group, '\n');
        if (take(line, ':') != name) continue;
        take(line, ':');
        if (const auto gid = id_in(take(line, ':'))) return gid;
    }
    return std::nullopt;
}

bool group_list::add(id_number group) noexcept {
    if (size_ == room_.size()) return false;
    room_[size_++] = group;
    return true;
}

bool add_groups_of(std::string_view group, std::string_view member, group_list& into) noexcept {
    const auto known = into.groups();
    while (!group.empty()) {
        std::string_view line = take(group, '\n');
        take(line, ':');
        take(line, ':');
        const auto gid = id_in(take(line, ':'));
        while (gid && !line.empty())
            if (take(line, ',') == member && !add_missing(*gid, known, into)) return false;
    }
    return true;
}

bool add_groups_said(std::string_view answer, group_list& into) noexcept {
    const auto       known = into.groups();
    std::string_view line  = take(answer, '\n');
    take(line, ' ');
    while (!line.empty()) {
        const auto gid = id_in(take(line, ' '));
        if (gid && !add_missing(*gid, known, into)) return false;
    }
    return true;
}

std::optional<id_number> id_in(std::string_view text) noexcept {
    const auto number = whole_number(text);
    if (!number || *number >= 0xffffffffU) return std::nullopt;
    return static_cast<id_number>(*number);
}

}  // namespace runwell
