// member_io.hh — the directory, the files and the processes of one of the two that a runsv supervises.
#pragma once

#include <sys/types.h>

#include <optional>

#include "core/ledger.hh"
#include "core/pair.hh"
#include "sys/fd.hh"
#include "sys/orphan.hh"
#include "sys/supervise.hh"

namespace runwell {

// A child, or an orphan that a supervisor before this one has left.
struct supervised_process {
    pid_t                         pid = 0;          // 0: none lives
    std::optional<process_record> record;           // of the last one that was started
    sys::orphan                   orphan;           // what watches it when it is not a child
    bool                          foreign = false;  // it may be ours: it is waited for, and never signalled

    void send(int signal) const noexcept;
    void has_ended() noexcept;
    bool is_mine(pid_t child) const noexcept { return pid == child && pid != 0 && !foreign; }
    // Foreign, and no pidfd reports its exit.
    bool must_be_polled() const noexcept { return foreign && !orphan; }
};

struct member_io {
    sys::unique_fd     directory;
    sys::supervise     files;
    sys::unique_fd     record_file;  // where the record of processes lies when it is not in supervise/lock
    supervised_process process;      // of ./run or ./finish
    supervised_process script;       // of a control script

    std::optional<process_record> stop;  // that ./run is killed, and when: core/ledger.hh

    file_identity                status_file;  // the status file that this supervisor has made or goes on with
    std::optional<ledger_header> recorded;     // what the record says; nothing: it is to be written as a whole

    bool has_orphans() const noexcept { return process.orphan || script.orphan; }

    // Where the record lies, or -1.
    int ledger() const noexcept {
        return record_file ? record_file.value() : files.keeps_ledger() ? files.lock_file() : -1;
    }
};

const sys::supervise_names& names_of(member who) noexcept;

// A service directory is opened for reading where that is allowed: only then can it be watched.
result<sys::unique_fd> open_service_directory(int dir, const char* path) noexcept;

}  // namespace runwell
