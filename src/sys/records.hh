// records.hh — where the record of a supervisor's processes lies when supervise/ is not only ours to write.
//
//     root           /run/runwell/records/DEVICE.INODE.BIRTH               of the service directory; 0700
//     another user   $XDG_RUNTIME_DIR/runwell/records/DEVICE.INODE.BIRTH
//
// An inode is used again for another directory; its birth, where the file system has it, is another one then. A
// directory that another user could have made, or can write to, is not used. A boot empties both.
#pragma once

#include "core/result.hh"
#include "sys/fd.hh"

namespace runwell::sys {

// The record file of this service directory, open for reading and writing; made where it is not there if `create`.
// Trouble: there is none (ENOENT), or no place for it.
result<unique_fd> open_record(int service, bool create) noexcept;

// It is not needed any more.
void remove_record(int service) noexcept;

}  // namespace runwell::sys
