// supervisor.hh — runsvdir itself: it looks at the directory, hears of changes, and starts and ends runsv processes.
//
//     look.cc     the directory and its entries ──▶ core/roster
//     hear.cc     inotify, the mount table, signals ──▶ a look, or core/roster
//     act.cc      core/roster ──▶ a runsv that is started, or sent TERM
//     foreign.cc  the same for a runsv that is not our child
#pragma once

#include <sys/resource.h>
#include <sys/stat.h>

#include <cstddef>
#include <optional>

#include "core/end_report.hh"
#include "core/roster.hh"
#include "core/runsvdir_options.hh"
#include "core/work_budget.hh"
#include "parts/path_watch.hh"
#include "prog/runsvdir/path_store.hh"
#include "prog/runsvdir/title_log.hh"
#include "sys/hangup_set.hh"
#include "sys/messages.hh"
#include "sys/table.hh"

namespace runwell::runsvdir {

class supervisor {
public:
    supervisor() noexcept = default;

    // May fail, and then runsvdir never began.
    static result<supervisor> setup(const runsvdir_options& chosen) noexcept;
    // May not: from here on every error is a warning and a retry. Returns the exit code.
    int run() noexcept;

private:
    // How an entry came to be where it is.
    enum class arrival {
        found,     // a look at everything
        made,      // created in place: a directory may still be filled
        complete,  // moved there, or linked
    };

    // Owners of watches beside the indexes of entries: the directory, and from here on downwards foreign runsv.
    static constexpr int the_directory = -1;
    static constexpr int first_foreign = -10;

    sys::messages messages() const noexcept { return {"runsvdir", directory_}; }

    // Looking.
    void           look_everywhere() noexcept;
    void           look_slowly() noexcept;
    void           look_at(int dir, const char* name, arrival how) noexcept;
    void           look_again_at_stale(int dir) noexcept;
    int            follow_link(int dir, std::size_t i, const char* name, struct stat& found, bool anew) noexcept;
    void           wait_until_filled(int dir, std::size_t i) noexcept;
    void           listen_for_requests(std::size_t i) noexcept;
    bool           stop_listening(int dir, std::size_t i) noexcept;
    void           forget(std::size_t i) noexcept;
    bool           make_room() noexcept;
    void           keep_path(std::size_t i, const parts::path_watch::path_text& path) noexcept;
    sys::unique_fd enter() noexcept;
    void           watch_the_way() noexcept;
    void           complain_of_watches() noexcept;
    bool           all_is_watched() const noexcept;

    // Hearing.
    void               read_changes() noexcept;
    void               heard_of_entry(int dir, std::size_t i, const sys::change& what) noexcept;
    std::optional<int> read_signals() noexcept;
    void               reap() noexcept;
    std::optional<int> end(int exit_code) noexcept;
    std::size_t        left() const noexcept;
    void               report_left() noexcept;
    void               rescan_by_force() noexcept;

    // Doing.
    void                 act() noexcept;
    bool                 start(int dir, std::size_t i) noexcept;
    void                 start_to_stop(std::size_t i) noexcept;
    bool                 spawn_runsv(int dir, std::size_t i, const char* name, bool to_stop) noexcept;
    void                 tell_to_leave(std::size_t i) noexcept;
    sys::unique_fd       reach(std::size_t i) const noexcept;
    std::optional<ticks> next_deadline() const noexcept;

    // Foreign runsv.
    bool  is_held_by_another(int dir, const char* name, std::size_t i) noexcept;
    void  tell_foreign_to_leave(std::size_t i) noexcept;
    void  look_at_foreign(std::size_t i) noexcept;
    void  foreign_ended(std::size_t i) noexcept;
    void  read_hangups() noexcept;
    ticks watch_foreign(std::size_t i) noexcept;
    void  unwatch_foreign(place where) noexcept;
    void  heard_of_foreign(int owner) noexcept;

    const char*        directory_ = nullptr;
    bool               session_   = false;
    bool               wait_      = false;
    std::optional<int> ending_;   // the exit code, once every runsv has ended
    end_report         report_;   // whom that waits for
    rlimit             files_{};  // what runsvdir was started with, and what it starts is

    sys::unique_fd    signals_, mounts_;
    parts::path_watch watches_;
    sys::hangup_set   hangups_;
    title_log         log_;

    roster                 roster_;
    sys::table<entry>      entries_;
    sys::table<entry_name> names_;
    path_store             paths_;
    sys::table<place>      foreign_;  // whose supervise/ is watched; zero: free

    parts::path_watch::path_text base_;                    // the directory, free of links
    struct stat                  seen_ {};                 // … when it was last looked at
    std::optional<ticks>         slow_at_;                 // the next look, when something is not reported
    work_budget                  work_;                    // for what changes of files and of mounts cause
    bool                         missing_        = false;  // there is no such directory (now)
    bool                         blind_          = true;   // changes of the directory itself are not reported
    bool                         look_again_     = true;   // at the stale
    bool                         forced_         = false;  // directories in the making are started, too
    bool                         from_above_     = false;  // the directory above is watched
    bool                         warned_         = false;  // that something is not reported
    ticks                        no_fork_before_ = 0;
};

}  // namespace runwell::runsvdir
