// Looking at the directory: which names it has, where they lead, and what of it is watched.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "prog/runsvdir/service_files.hh"
#include "prog/runsvdir/supervisor.hh"
#include "sys/clock.hh"
#include "sys/dir.hh"
#include "sys/files.hh"

namespace runwell::runsvdir {
namespace {

constexpr ticks slow_look    = 5 * one_second;  // as runit does, where changes are not reported
constexpr int   no_directory = -1;              // beside errno: something that is no directory, and is passed over

}  // namespace

// The services directory. If it is missing: nothing, with a message and another try later; services go on running.
sys::unique_fd supervisor::enter() noexcept {
    struct stat found;
    error       why{"unable to stat ", directory_, 0};
    if (::stat(directory_, &found) == 0) {
        auto dir = sys::open_directory(AT_FDCWD, directory_);
        if (dir && ::faccessat(dir->value(), ".", F_OK, 0) == 0) return std::move(*dir);
        why.code              = dir ? errno : dir.why().code;
        const bool searchable = !dir && why.code != ENOTDIR && ::access(directory_, X_OK) == 0;
        why.what              = searchable ? "unable to open directory " : "unable to change directory to ";
    } else {
        why.code = errno;
    }
    messages().warn(why);
    missing_ = true;
    slow_at_ = sys::monotonic() + slow_look;
    return {};
}

// Two slots: one for a name, one for what it stood for before.
bool supervisor::make_room() noexcept {
    if (roster_.room() >= 2) return true;
    const std::size_t count = roster_.size() + std::max<std::size_t>(roster_.size(), 16);
    if (!entries_.grow(count) || !names_.grow(count)) {
        messages().warn(error{"unable to grow the list of services", "", ENOMEM});
        blind_ = true;
        return false;
    }
    const std::size_t both = std::min(entries_.all().size(), names_.all().size());
    roster_.give_room(entries_.all().first(both), names_.all().first(both));
    return true;
}

void supervisor::forget(std::size_t i) noexcept {
    watches_.release(static_cast<int>(i));
    roster_.unlist(i);
}

// The paths of entries that were forgotten are dropped when there are many.
void supervisor::keep_path(std::size_t i, const parts::path_watch::path_text& path) noexcept {
    roster_[i].path = paths_.keep(roster_[i].path, path.view());
    if (!paths_.is_wasteful()) return;
    const path_store old = paths_.begin_again();
    for (std::size_t k = 0; k < roster_.size(); ++k) roster_[k].path = paths_.move_from(old, roster_[k].path);
}

// -- what is watched --------------------------------------------------------------------------------------------------

void supervisor::watch_the_way() noexcept {
    constexpr std::uint32_t entries = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
    if (!watches_.fd()) {
        auto made = parts::path_watch::make();
        if (made) {
            watches_ = std::move(*made);
            for (std::size_t i = 0; i < roster_.size(); ++i) roster_[i].unwatched = roster_[i].listed;
        } else if (!std::exchange(warned_, true)) {
            messages().warn(made.why());
            // Two limits have this errno. Only that of open files refuses one more descriptor, too.
            const sys::unique_fd one_more{::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)};
            messages().warn(
                {"changes are found every five seconds only; to watch for them: ",
                 one_more ? "sysctl -w fs.inotify.max_user_instances=1024" : "raise the limit of open files"});
        }
    }
    const auto by  = from_above_ || missing_ ? parts::path_watch::removal::above : parts::path_watch::removal::none;
    const bool way = watches_.follow(the_directory, "", directory_, by, &base_);
    blind_         = !(way && (watches_.watch_entries(the_directory, directory_, entries) || missing_));
}

bool supervisor::all_is_watched() const noexcept {
    if (blind_ || !watches_.fd()) return false;
    for (std::size_t i = 0; i < roster_.size(); ++i)
        if (roster_[i].listed && roster_[i].unwatched) return false;
    return true;
}

// Once, until all is watched again.
void supervisor::complain_of_watches() noexcept {
    const int code = watches_.next_error();
    if (!watches_.fd() || warned_ || (code != ENOSPC && code != ENOMEM)) return;
    warned_ = true;
    messages().warn({"unable to watch all services for changes: too few inotify watches"});
    messages().warn({"the others are looked at every five seconds; to watch them: ",
                     "sysctl -w fs.inotify.max_user_watches=524288"});
}

// -- all of it --------------------------------------------------------------------------------------------------------

void supervisor::look_everywhere() noexcept {
    const bool follow_all = blind_;
    watch_the_way();
    const sys::unique_fd dir = enter();
    if (!dir) return;
    missing_ = false;
    ::fstat(dir.value(), &seen_);
    rlimit files = files_;
    ::getrlimit(RLIMIT_NOFILE, &files);
    constexpr rlim_t spare = 16;  // what runsvdir needs itself
    roster_.give_descriptors(files.rlim_cur > spare ? static_cast<std::size_t>(files.rlim_cur - spare) : 0);

    roster_.begin_look();
    if (follow_all)
        for (std::size_t i = 0; i < roster_.size(); ++i) roster_[i].stale = true;
    const result<void> read = sys::each_name(dir.value(), [&](const char* name, unsigned char type) {
        if (name[0] == '.' || (type != DT_DIR && type != DT_LNK && type != DT_UNKNOWN)) return;
        look_at(dir.value(), name, arrival::found);
    });
    if (read) {
        for (std::size_t i = 0; i < roster_.size(); ++i)
            if (roster_[i].listed && !roster_[i].seen) forget(i);
    } else {
        messages().warn(error{"unable to read directory ", directory_, read.why().code});
        blind_ = true;
    }
    roster_.settle();
    slow_at_.reset();
    // An empty directory may be removed, which only the directory above reports.
    if (from_above_ == roster_.lists_any()) {
        from_above_ = !from_above_;
        watch_the_way();
        struct stat now;
        if (from_above_ && (::stat(directory_, &now) != 0 || place_of(now) != place_of(seen_)))
            return look_everywhere();
    }
    complain_of_watches();
    const bool all = all_is_watched();
    if (all) warned_ = false;
    if (!all || is_remote(dir.value())) slow_at_ = sys::monotonic() + slow_look;
}

// For a directory whose modification time alone shows changes. It counts once it is old enough to have ticked since.
void supervisor::look_slowly() noexcept {
    struct stat found;
    const bool  same = !missing_ && all_is_watched() && ::stat(directory_, &found) == 0 &&
                      place_of(found) == place_of(seen_) && found.st_mtim.tv_sec == seen_.st_mtim.tv_sec &&
                      found.st_mtim.tv_nsec == seen_.st_mtim.tv_nsec &&
                      sys::wall().seconds - found.st_mtim.tv_sec > 2 * (slow_look / one_second);
    if (same)
        slow_at_ = sys::monotonic() + slow_look;
    else
        look_everywhere();
}

// -- one name ---------------------------------------------------------------------------------------------------------

// Looks at one name, which may be new, gone, or lead elsewhere. To be followed by roster_.settle().
void supervisor::look_at(int dir, const char* name, arrival how) noexcept {
    struct stat found;
    const bool  there = ::fstatat(dir, name, &found, AT_SYMLINK_NOFOLLOW) == 0;
    if (!there || (!S_ISDIR(found.st_mode) && !S_ISLNK(found.st_mode))) {
        if (const auto known = roster_.find(name)) forget(*known);
        return;
    }
    if (!make_room()) return;
    const std::size_t i       = roster_.list(name);
    const bool        is_link = S_ISLNK(found.st_mode);
    const bool        is_new  = roster_[i].now == entry::state::dangling;
    const bool        anew    = how != arrival::found || roster_[i].stale || roster_[i].unwatched || is_new;
    roster_[i].stale          = false;
    if (how == arrival::found && !forced_ && roster_[i].settling && roster_[i].where == place_of(found)) return;
    int code = 0;
    if (is_link) {
        code = follow_link(dir, i, name, found, anew);
    } else {
        if (!roster_[i].listening && (how != arrival::made || roster_[i].where != place_of(found)))
            watches_.release(static_cast<int>(i));
        roster_[i].unwatched = false;
    }

    if (code > 0 && code != roster_[i].error) messages().warn(error{"unable to stat ", name, code});
    if (code != 0) {
        roster_.leads_nowhere(i);
        roster_[i].error = code;
        return;
    }
    roster_[i].error = 0;
    roster_.leads_to(i, place_of(found));
    if (how != arrival::found) roster_.ask(i);
    if (is_link) return;
    parts::path_watch::path_text path = base_;
    if (path.append('/') && path.append(name)) keep_path(i, path);
    if (how == arrival::made) wait_until_filled(dir, i);
}

// Where a link leads; with `anew` it is watched before it is read. Returns errno, or no_directory, which is none.
int supervisor::follow_link(int dir, std::size_t i, const char* name, struct stat& found, bool anew) noexcept {
    parts::path_watch::path_text path;
    if (anew) {
        std::array<char, 4096> target;
        const ssize_t          size = ::readlinkat(dir, name, target.data(), target.size());
        const std::string_view text{target.data(), size < 0 ? 0 : static_cast<std::size_t>(size)};
        const auto             by = parts::path_watch::removal::run_file;
        roster_[i].unwatched      = !watches_.follow(static_cast<int>(i), base_.view(), text, by, &path);
        roster_[i].listening      = false;
    }
    if (::fstatat(dir, name, &found, 0) != 0) return errno;
    if (!S_ISDIR(found.st_mode)) return no_directory;
    // leads_to() comes first: the entry of the directory before it keeps its own path.
    if (anew) {
        roster_.leads_to(i, place_of(found));
        keep_path(i, path);
    }
    return 0;
}

// A directory that was made in place gets its files one by one.
void supervisor::wait_until_filled(int dir, std::size_t i) noexcept {
    if (roster_[i].now != entry::state::waiting || roster_[i].started != 0) return;
    constexpr std::uint32_t anything =
        IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB;
    parts::path_watch::path_text path = base_;
    path.append('/');
    path.append(roster_.name(i));
    const bool heard = watches_.watch_entries(static_cast<int>(i), path.c_str(), anything);
    if (path.append("/log")) watches_.watch_entries(static_cast<int>(i), path.c_str(), anything);
    roster_.still_changes(i, sys::monotonic(), heard, has_run(dir, roster_.name_text(i)));
}

void supervisor::look_again_at_stale(int dir) noexcept {
    look_again_ = false;
    for (std::size_t i = 0; i < roster_.size(); ++i) {
        if (!roster_[i].stale || !roster_[i].listed) continue;
        entry_name name;  // the list may move while it is looked at
        std::memcpy(name.data(), roster_.name_text(i), name.size());
        look_at(dir, name.data(), roster_[i].settling ? arrival::made : arrival::found);
    }
}

// -- what asks for a runsv that has left ------------------------------------------------------------------------------

// A change in the directory, or a client that touches supervise/control, as sv does: for that it needs no more than the
// right to write there. Without a watch the runsv comes when its rest is over.
void supervisor::listen_for_requests(std::size_t i) noexcept {
    roster_[i].listening   = true;
    const char* const path = paths_.at(roster_[i].path);
    if (path == nullptr) return;
    parts::path_watch::path_text below;
    if (!below.append(path) || !below.append("/supervise")) return;
    watches_.watch_entries(static_cast<int>(i), path, IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_ATTRIB);
    watches_.watch_entries(static_cast<int>(i), below.c_str(), IN_ATTRIB);
}

// False when the name leads elsewhere by now, and is to be looked at first.
bool supervisor::stop_listening(int dir, std::size_t i) noexcept {
    watches_.release(static_cast<int>(i));
    roster_[i].listening    = false;
    const place       where = roster_[i].where;
    const char* const name  = roster_.name_text(i);
    struct stat       found;
    if (::fstatat(dir, name, &found, AT_SYMLINK_NOFOLLOW) != 0) return false;
    if (!S_ISLNK(found.st_mode)) return place_of(found) == where;
    std::array<char, 4096> target;
    const ssize_t          size = ::readlinkat(dir, name, target.data(), target.size());
    const std::string_view text{target.data(), size < 0 ? 0 : static_cast<std::size_t>(size)};
    roster_[i].unwatched =
        !watches_.follow(static_cast<int>(i), base_.view(), text, parts::path_watch::removal::run_file, nullptr);
    return ::fstatat(dir, name, &found, 0) == 0 && place_of(found) == where;
}

}  // namespace runwell::runsvdir
