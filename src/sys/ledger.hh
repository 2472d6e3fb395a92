// ledger.hh — the ledger of a supervisor (core/ledger.hh) in its lock file.
//
// `lock` is supervise/lock, open for reading and writing, or -1: then, and where it cannot be written, a successor
// finds nobody, as after an orderly end.
#pragma once

#include "core/ledger.hh"
#include "sys/fd.hh"

namespace runwell::sys {

// This boot, this pid namespace, this moment. Nothing where /proc does not tell.
std::optional<origin> here_and_now() noexcept;

ledger read_ledger(int lock) noexcept;

// From now on the ledger is from here; its entries stay, or go.
void begin_ledger(int lock, const origin& from, bool keep_entries) noexcept;

void enter(int lock, role as, const birth& of) noexcept;

// This is the pipe between the service and its logger.
void note_pipe(int lock, const unique_fd& pipe) noexcept;

// Nobody is left behind.
void empty_ledger(int lock) noexcept;

}  // namespace runwell::sys
