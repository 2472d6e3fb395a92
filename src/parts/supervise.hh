// supervise.hh — the client side of supervise/: asks whether a runsv runs, reads its report, sends commands.
//
//     client        supervise/            runsv
//     has_reader()  ─▶ ok       FIFO      holds it open for reading, and control, too
//     read_status() ◀─ status   20 bytes  core/status.hh
//     send()        ─▶ control  FIFO      reads single bytes
//     is_locked()   ─▶ lock     flock(2)  held exclusively
//
// Every program that asks or commands a runsv does it here. Another user may own the directory, so nothing in it is
// opened through a symbolic link, nothing blocks, nothing is written except to a FIFO, and `ok` and `control` are not
// even opened for writing before their type is known: a watchdog device starts its countdown when it is opened.
//
// supervise itself may be a link: Debian and Void let it lead to /run. It is followed where only this user and root can
// write to the service directory (core/trust.hh). Elsewhere it is followed only to a directory of the user who made the
// link, where that user could have acted without us.
#pragma once

#include <optional>
#include <string_view>

#include "core/ledger.hh"
#include "core/result.hh"
#include "core/status.hh"
#include "core/tai.hh"
#include "sys/fd.hh"

namespace runwell::parts {

// The errors name the file: "unable to open supervise/ok" with an errno. Their category is no_runsv, and the errno
// ENXIO, if no runsv runs.
class supervise_client {
public:
    // `path` leads from the open directory `dir` to supervise: "web/supervise", or "supervise" alone. Where it cannot
    // be entered, every function below fails.
    supervise_client(int dir, const char* path) noexcept;

    // Asks runsvdir for a runsv. A runsv that exited on request has no successor for some seconds, unless a client asks
    // for it: runsvdir watches supervise/control, and this touches it. That takes the right to write there, and no
    // reader. Without supervise/ the service directory is touched. `service` leads from `dir` to that directory. False:
    // nothing could be touched. It may be too early for runsvdir to have noticed, so ask again until a runsv runs.
    static bool ask_for_runsv(int dir, const char* service) noexcept;

    // A process has the FIFO `ok` open for reading. A process that opens `ok` alone is no runsv: where this user may
    // open `control`, that has a reader, too.
    result<void> has_reader() const noexcept;

    // The same as sv(8) means it: a regular file `ok` that this user may write to counts, too.
    result<void> is_supervised() const noexcept;

    // What runsv wrote last, whether or not it still runs. "bad format" where that is not a status.
    result<status> read_status() const noexcept;

    // The file that says it. A runsv that succeeds another one makes a new file; Debian's makes one for each change.
    file_identity status_file() const noexcept;

    // When runsv wrote it last; nothing where that is not known.
    std::optional<moment> status_written() const noexcept;

    // `control`, open for writing.
    result<sys::unique_fd> open_control() const noexcept;

    // Writes control bytes. Fails with no_runsv, too, if runsv exits at this moment; with ENOSPC if the FIFO is full.
    result<void> send(std::string_view bytes) const noexcept;

    // Whether runsv has read every byte that was sent. True, too, where that cannot be known.
    bool has_read_all() const noexcept;

    // `lock`, open for reading: a regular file.
    result<sys::unique_fd> open_lock() const noexcept;

    // Whether a process holds `lock`, although it may not read commands (yet, or any more). Takes the lock for a
    // moment. Nothing: that cannot be found out.
    std::optional<bool> is_locked() const noexcept;

private:
    struct entry;
    error find(entry& file) const noexcept;

    sys::unique_fd directory_;
    int            error_ = 0;  // why there is none
};

}  // namespace runwell::parts
