// users.hh — who a name is: /etc/passwd and /etc/group first, then the system's own getent(1).
//
// After a change of root only the files of that root are read, and only where no user but root can have written them:
// a user who can write them decides which user a name is, and `getent` would run there with our rights.
//
// A static program has no name service switch. The files are read as they are; a name that is not in them may be known
// to LDAP, sssd or systemd, and `getent` is asked for it. Where there is no getent, the name is unknown.
#pragma once

#include "core/result.hh"
#include "sys/privileges.hh"

namespace runwell::parts {

// What a name may mean.
enum class naming : unsigned char {
    account,      // the name of a user
    user_groups,  // user[:group]…, or numbers, :uid:gid[:gid]… (chpst(8), -u)
};

// Where the files are that names are looked up in.
enum class user_database : unsigned char {
    system,    // this system's, and getent(1)
    new_root,  // those of a root directory that was changed to: files alone, and only root's
};

// Trouble, in runit's words: "unknown account: ", "unknown user/group: ", "invalid uid/gids: ", "unable to get
// password/group file entry" with the errno of a file that could not be read; EPERM for one that is not root's word. An
// empty number is refused: runit takes it for 0, so that a trailing colon grants the group of root. With `init_groups`,
// the groups that the user is a member of follow those that are named.
result<sys::identity> find_identity(const char* text, naming form, bool init_groups, user_database in) noexcept;

}  // namespace runwell::parts
