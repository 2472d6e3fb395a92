// trust.hh — how far a process may believe a name in a directory.
//
//     who can put a name into the directory      the entry                                      trust
//     only this user and root                    anything                                       full
//     everybody; sticky, owner root or we        a directory of ours or of root                 full
//     other users                                regular file or FIFO, one name, no link        content
//                                                anything else                                  none
//
//     full:     the name is as good as our own word: follow links, run commands, believe records
//     content:  another user may have put this file here: read or write these bytes, for what they are worth to that
//               user, and nothing more
//     none:     do not open it
//
// The owner of a file says nothing about its name: a user who can write to a directory can rename root's own files into
// place. In a sticky directory other users cannot remove or replace our files, but rename(2) still brings one of our
// files in from another directory under a free name. A directory cannot be brought in: its ".." would change, and for
// that rename(2) asks for the right to write to the directory itself.
//
// A POSIX ACL needs no look of its own: where it lets another user write, the mode shows the mask in the bits of the
// group. A group counts as other users, whatever its name: no kernel interface says who its members are.
#pragma once

#include <cstdint>

namespace runwell {

// A directory, as fstat(2) reports it.
struct directory_facts {
    std::uint32_t owner = 0;
    std::uint32_t mode  = 0;  // permission bits and the sticky bit
};

enum class file_type : std::uint8_t { regular, fifo, directory, link, socket, device };

// An entry of a directory, as fstatat(2) reports it without following a link.
struct entry_facts {
    std::uint32_t owner = 0;
    file_type     type  = file_type::regular;
    std::uint64_t names = 1;  // st_nlink
};

// Who can put a name into a directory, or exchange one there.
enum class writers : std::uint8_t {
    only_us,  // this user and root
    anybody,  // everybody, but only this user and root can remove or replace our files: a sticky directory
    others,   // another user, or a group
};

enum class trust : std::uint8_t { none, content, full };

// For a process whose effective user is `us`.
writers writers_of(directory_facts directory, std::uint32_t us) noexcept;

// The trust that an entry deserves in a directory with these writers.
trust trust_in(writers who, entry_facts entry, std::uint32_t us) noexcept;

}  // namespace runwell
