// supervise.hh — the directory through which a supervisor speaks with the world.
//
//     supervise/   0700   a directory, or a link to one that is made when it is not there (text below 256 bytes)
//       lock       0600   locked by the supervisor of this service; its record of processes: core/ledger.hh
//       control    0600   a FIFO: commands, one byte each
//       ok         0600   a FIFO that is open for reading as long as the supervisor lives
//       status     0644   20 bytes
//       stat       0644   the same in words; its modification time is that of the last change
//       pid        0644   "123\n", or nothing
//
// A reader of the last three has what was true before or what is true now: docs/decisions/0003-status-files.md.
//
// runsv never changes the mode or owner of an existing file and never makes it again, so the settings of an
// administrator survive. A user who may write to supervise/ cannot lead runsv out of it: it opens none of its files
// through a link. It uses descriptors for everything: a service directory that is renamed stays supervised. Source:
// runsv(8), measured.
#pragma once

#include <sys/types.h>

#include <optional>
#include <utility>

#include "core/ledger.hh"
#include "core/result.hh"
#include "core/status.hh"
#include "sys/fd.hh"

namespace runwell::sys {

// The names as error messages have them: supervise/… and log/supervise/….
struct supervise_names {
    const char *link_too_long, *lock, *control, *control_is_no_fifo, *ok, *pid_new, *stat_new, *status_new;
};
inline constexpr supervise_names names_of_service{"./supervise: name too long",
                                                  "supervise/lock",
                                                  "supervise/control",
                                                  "supervise/control exists but is not a fifo",
                                                  "supervise/ok",
                                                  "supervise/pid.new",
                                                  "supervise/stat.new",
                                                  "supervise/status.new"};
inline constexpr supervise_names names_of_log{"./log/supervise: name too long",
                                              "log/supervise/lock",
                                              "log/supervise/control",
                                              "log/supervise/control exists but is not a fifo",
                                              "log/supervise/ok",
                                              "log/supervise/pid.new",
                                              "log/supervise/stat.new",
                                              "log/supervise/status.new"};

class supervise {
public:
    supervise() noexcept = default;

    // Opens supervise/ below `service`, made if it does not exist, and takes its lock. EAGAIN: another process has
    // it; then with `wait`, waits until it is free.
    static result<supervise> lock(int service, const supervise_names& names, bool wait = false) noexcept;

    // What a supervisor has open and hands over when it becomes another program; -1: none.
    struct hold {
        int  directory = -1, lock = -1, control = -1, ok = -1, pid = -1, stat = -1, status = -1;
        bool published = false;  // the last three say what is true
    };
    hold held() const noexcept;

    // The same again in that program. `now` is what is true.
    static supervise handed_over(int service, const supervise_names& names, const hold& held,
                                 const status& now) noexcept;

    // The lock file, open for reading and writing, and whether it may hold the record of our processes: no other user
    // can write to it or replace it, and it has no second name.
    int  lock_file() const noexcept { return lock_.value(); }
    bool is_trusted() const noexcept { return trusted_; }
    bool keeps_ledger() const noexcept { return trusted_ && one_name_; }
    // Empties the lock file, whichever process has written it.
    void forget_record() const noexcept;

    // What was published last, here or by a predecessor. Nothing when there is no such file.
    std::optional<status> last_said() const noexcept;
    // The file that says it: another supervisor makes another one.
    file_identity status_file() const noexcept;
    // Writes to that file from now on, as if this supervisor had made it; false where it cannot.
    bool go_on_with_status() noexcept;
    // A new one was made since this was asked last.
    bool has_new_status() noexcept { return std::exchange(new_status_, false); }

    // Opens control and ok, made if they do not exist. From now on clients can reach this supervisor.
    result<void> open_fifos() noexcept;

    // The next control byte; nothing when there is none (now).
    std::optional<char> next_command() const noexcept;
    const unique_fd&    control() const noexcept { return control_; }

    // Lets the files say this, where they do not yet. On a full disk they are overwritten where they lie; a status that
    // cannot be written is removed. After a failure call again to try again.
    result<void> publish(const status& now) noexcept;

    // The directory has been removed, or the lock: nobody can reach this supervisor any more, or another can come
    // beside it.
    bool removed() const noexcept;
    // `supervise` in this service directory still leads to our lock, and control and ok have not been removed.
    bool is_intact_in(int service) const noexcept;
    // The lock file there is the one that we hold.
    bool holds_lock_in(int service) const noexcept;

private:
    static result<supervise> open(int service, const supervise_names& names) noexcept;
    void                     hold_lock(int service, unique_fd lock) noexcept;

    result<void> publish_pid(std::uint32_t pid) noexcept;
    result<void> publish_words(const status_words& text, std::size_t size) noexcept;
    result<void> publish_record(const status_record& record) noexcept;

    const supervise_names* names_ = nullptr;
    unique_fd              directory_, lock_, control_, ok_;
    bool                   trusted_ = false, one_name_ = false;  // the lock file
    unique_fd              pid_, stat_, status_;                 // as made by this supervisor, and by nobody else
    bool                   new_status_ = false;
    std::size_t            pid_size_   = 0;  // of what that file has held when it was not empty
    std::optional<status>  published_;       // nothing: what the files say is not known
};

}  // namespace runwell::sys
