// ledger.hh — the record of a supervisor's processes (core/ledger.hh) in a file, and what the kernel says to compare it
// with.
//
// `file` is supervise/lock, a file of sys/records.hh, or -1: then there is no record, and nothing is written.
#pragma once

#include "core/ledger.hh"
#include "core/takeover.hh"
#include "sys/fd.hh"

namespace runwell::sys {

// This life of this PID namespace. A value that /proc does not have is 0.
boot_scope scope_now() noexcept;
// The same, by clocks that have been read: the wall clock, and the time since the boot.
boot_scope scope_at(const moment& at, ticks boot) noexcept;

// The record of this process, which was started no earlier than `earliest`. Makes system calls only: for a child that
// borrows the memory of its parent.
process_record record_of_self(char what, ticks earliest) noexcept;

ledger read_ledger(int file) noexcept;

// Each is one write. False: it is not written, with the reason in errno.
bool write_ledger(int file, const ledger& whole) noexcept;
bool write_header(int file, const ledger_header& of) noexcept;
bool enter(int file, role as, const process_record& of) noexcept;

// Removes all records: no process is left behind.
void empty_ledger(int file) noexcept;

// Which file it is, by its device or by the birth of its inode; a path of "" is the directory itself. Nothing ({}) for
// what cannot be looked at.
file_identity identity_by_device(int file) noexcept;
file_identity identity_by_birth(int dir, const char* path) noexcept;

}  // namespace runwell::sys
