// takeover.hh — what a supervisor takes over from one that was killed.
//
//     the record ──▶ the evidence for each process ──▶ core/takeover: judge() ──▶ adopt, end first, wait, or no one
//                                                                        resume() ──▶ how the service goes on
//
// The record is in supervise/lock if no other user can have written it, otherwise where sys/records.hh says. A record
// that another user may have written still keeps a second copy from being started; it gets nothing signalled or
// adopted.
#pragma once

#include "core/takeover.hh"
#include "prog/runsv/member_io.hh"
#include "sys/messages.hh"

namespace runwell {

// Fills `state` and the processes of both members, which hold their locks, with what is found; `pipe` with the pipe
// between the two, if one of the processes still has it. Opens the file for the record of this supervisor, and writes
// nothing yet. Without a record it changes nothing. Returns the first events of the service and of its logger.
struct initial_events {
    std::optional<event> of_main, of_log;
};
initial_events take_over(pair& state, member_io& main, member_io& log, sys::pipe_ends& pipe, const boot_scope& now,
                         const sys::messages& say) noexcept;

// Opens the file for the record of this member, and says where there is none.
void open_ledger(member_io& its, const sys::messages& say) noexcept;

// Writes the record, or its header where nothing else has changed. False: it could not be written, with the reason in
// errno.
bool write_record(member_io& its, const ledger_header& now) noexcept;

// Removes the record, unless it names a process that is still waited for.
void clear_record(member_io& its) noexcept;

}  // namespace runwell
