// runsvdir — look after a directory of services: one runsv for each.
//
//     dir/web ──▶ /etc/sv/web        runsvdir ─┬─ runsv web
//     dir/db  ──▶ /etc/sv/db                   └─ runsv db
//
// What to start and what to end is decided in core/roster; here the directory is looked at, and processes are started
// and told to end. Changes of the directory, and of whatever its path and its links go through, are heard of through
// inotify and the mount table; a look every five seconds is left for where these cannot see.
//
//   setup()   may fail, and then runsvdir never began;
//   run()     may not: from here on every error is a warning and a retry.
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "core/error_words.hh"
#include "core/proctitle.hh"
#include "core/roster.hh"
#include "core/tai.hh"
#include "core/version.hh"
#include "parts/supervise.hh"
#include "sys/clock.hh"
#include "sys/dir.hh"
#include "sys/files.hh"
#include "sys/other_ends.hh"
#include "sys/say.hh"
#include "sys/signals.hh"
#include "sys/spawn.hh"
#include "sys/table.hh"
#include "sys/trails.hh"
#include "sys/wait.hh"

using namespace runwell;

namespace {

constexpr ticks one_millisecond = one_second / 1000;
constexpr ticks settles_in      = 100 * one_millisecond;  // without a change, a directory being filled is complete
constexpr ticks gives_up_in     = one_second;             // … and one without a ./run is not going to get it
constexpr ticks slow_look       = 5 * one_second;         // as runit does, where changes cannot be heard of
constexpr ticks lets_go_in      = 10 * one_millisecond;   // who has closed its ears is about to end
constexpr ticks fork_again      = one_second;
constexpr ticks execute_again   = 5 * one_second;
constexpr ticks a_dot_every     = 900 * one_second;
constexpr int   most_starts     = 32;  // before signals are looked at again
constexpr int   spare_files     = 7;   // descriptors above the highest that is spent on another's runsv
constexpr int   no_directory    = -1;  // beside errno: there is something, and it is passed over
constexpr int   the_directory   = -1;  // an owner of trails, beside the indexes of entries

// -- the command line -------------------------------------------------------------------------------------------------

struct options {
    bool        session   = false;  // -P
    bool        wait      = false;  // -W
    const char* directory = nullptr;
    char*       log       = nullptr;
};

// runit reads one option, takes whatever begins with -P for -P, and any other word for the directory.
std::optional<options> parse(char** words) noexcept {
    options chosen;
    for (; *words != nullptr; ++words) {
        const std::string_view word = *words;
        if (!chosen.wait && (word == "-W" || word == "--wait")) {
            chosen.wait = true;
        } else if (!chosen.wait && !chosen.session && (word == "-PW" || word == "-WP")) {
            chosen.wait = chosen.session = true;
        } else if (!chosen.session && word.starts_with("-P") && (!chosen.wait || word == "-P")) {
            chosen.session = true;
        } else {
            const bool none_yet = !chosen.session && !chosen.wait;
            if ((none_yet && word.starts_with("--")) || (chosen.wait && word == "--")) ++words;
            break;
        }
    }
    if (*words == nullptr) return std::nullopt;
    chosen.directory = *words++;
    chosen.log       = *words;
    return chosen;
}

int usage(const char* program) noexcept {
    sys::say({"usage: ", program, " [-P] dir\n"});
    return 1;
}

// -- the log in the process title -------------------------------------------------------------------------------------

// Standard error of this process and of all it starts, shown in the last argument.
class title_log {
public:
    title_log() noexcept = default;

    static result<title_log> begin(std::span<char> text) noexcept {
        title_log      log;
        sys::pipe_ends ends = TRY(sys::make_pipe());
        if (::fcntl(ends.read.value(), F_SETFL, O_NONBLOCK) != 0 ||
            ::dup2(ends.write.value(), STDERR_FILENO) != STDERR_FILENO)
            return trouble{"unable to set up the log pipe", "", errno};
        log.messages_ = std::move(ends.read);
        log.title_    = proctitle{text};
        log.dot();
        return log;
    }

    const sys::unique_fd& messages() const noexcept { return messages_; }

    void take_in() noexcept {
        std::array<char, 4096> bytes;
        const ssize_t          size = ::read(messages_.value(), bytes.data(), bytes.size());
        if (size > 0) title_.scroll({bytes.data(), static_cast<std::size_t>(size)});
    }

    // Old messages expire: a dot now and then. Until when there is none to be written; nothing without a log.
    std::optional<ticks> next_dot() const noexcept {
        return messages_ ? std::optional<ticks>{next_dot_} : std::nullopt;
    }
    void dot() noexcept {
        title_.scroll(".");
        next_dot_ = sys::monotonic() + a_dot_every;
    }

private:
    sys::unique_fd messages_;
    proctitle      title_;
    ticks          next_dot_ = 0;
};

// -- looking at files -------------------------------------------------------------------------------------------------

place place_of(const struct stat& found) noexcept { return {found.st_dev, found.st_ino}; }

// Whether changes may be made that this kernel does not hear of: network file systems, and FUSE.
bool is_remote(int dir) noexcept {
    struct statfs on;
    if (::fstatfs(dir, &on) != 0) return true;
    constexpr std::array<unsigned long, 12> remote{
        0x6969,      // NFS
        0x517B,      // SMB
        0xFF534D42,  // CIFS
        0xFE534D42,  // SMB2
        0x01021997,  // 9P
        0x65735546,  // FUSE
        0x5346414F,  // AFS
        0x6B414653,  // kAFS
        0x00C36400,  // Ceph
        0x73757245,  // Coda
        0x564C,      // NCP
        0x0BD00BD0,  // Lustre
    };
    return std::ranges::find(remote, static_cast<unsigned long>(on.f_type) & 0xFFFFFFFFUL) != remote.end();
}

// A file in a service directory: NAME/…
using service_path = fixed_text<300>;

service_path below(std::string_view name, std::string_view rest) noexcept {
    service_path path;
    path.append(name);
    path.append(rest);
    return path;
}

parts::supervise_client supervise_of(int dir, const char* name) noexcept {
    return {dir, below(name, "/supervise").c_str()};
}

// supervise/control of the service, open for writing; none, where no supervisor reads it.
sys::unique_fd control_of(int dir, const char* name) noexcept {
    auto control = supervise_of(dir, name).open_control();
    return control ? std::move(*control) : sys::unique_fd{};
}

// A supervisor that holds the lock need not read commands (yet, or any more).
bool is_locked(int dir, const char* name) noexcept { return supervise_of(dir, name).is_locked(); }

void tell_to_exit(int control) noexcept { static_cast<void>(::write(control, "x", 1) < 0); }

// -- the supervisor ---------------------------------------------------------------------------------------------------

class supervisor {
public:
    supervisor() noexcept = default;

    static result<supervisor> setup(const options& chosen) noexcept;
    // Returns the exit code.
    int run() noexcept;

private:
    // How an entry came to be where it is.
    enum class arrival {
        found,     // a look at everything
        made,      // created in place: a directory may still be filled
        complete,  // moved there, or linked
    };

    sys::voice voice() const noexcept { return {"runsvdir", directory_}; }

    // Looking.
    void           look_everywhere() noexcept;
    void           look_slowly() noexcept;
    void           look_at(int dir, const char* name, arrival how) noexcept;
    void           look_again_at_stale(int dir) noexcept;
    int            follow_link(int dir, std::size_t i, const char* name, struct stat& found, bool anew) noexcept;
    void           wait_until_filled(int dir, std::size_t i) noexcept;
    void           forget(std::size_t i) noexcept;
    bool           make_room() noexcept;
    sys::unique_fd enter() noexcept;
    void           watch_the_way() noexcept;

    // Hearing.
    void               read_changes() noexcept;
    void               read_other_ends() noexcept;
    std::optional<int> read_signals() noexcept;
    std::optional<int> end(int exit_code) noexcept;
    void               rescan_by_force() noexcept;

    // Doing.
    void                 act() noexcept;
    bool                 start(int dir, std::size_t i) noexcept;
    bool                 is_held_by_another(int dir, std::size_t i) noexcept;
    void                 tell_to_leave(std::size_t i) noexcept;
    void                 look_at_other(std::size_t i) noexcept;
    std::optional<ticks> next_deadline() const noexcept;

    const char*        directory_ = nullptr;
    bool               session_   = false;
    bool               wait_      = false;
    std::optional<int> ending_;  // the exit code, once every runsv has ended

    sys::unique_fd  signals_, mounts_;
    sys::trails     trails_;
    sys::other_ends others_;
    title_log       log_;

    roster                 roster_;
    sys::table<entry>      entries_;
    sys::table<entry_name> names_;

    sys::trails::path_text base_;                    // the directory, free of links
    struct stat            seen_ {};                 // … when it was last looked at
    std::optional<ticks>   slow_at_;                 // the next look, when something cannot be heard of
    bool                   missing_        = true;   // there is no such directory (now)
    bool                   blind_          = true;   // somewhere a watch is missing
    bool                   warned_         = false;  // … and it was said
    ticks                  no_fork_before_ = 0;
};

result<supervisor> supervisor::setup(const options& chosen) noexcept {
    supervisor made;
    made.directory_ = chosen.directory;
    made.session_   = chosen.session;
    made.wait_      = chosen.wait;
    made.signals_   = TRY(sys::listen_to({SIGCHLD, SIGTERM, SIGHUP, SIGALRM}));
    if (chosen.log != nullptr) {
        const std::span<char> text{chosen.log, std::strlen(chosen.log)};
        if (text.size() < proctitle::shortest) {
            made.voice().warn({"log must have at least seven characters."});
            made.voice().warn({"log service disabled."});
        } else {
            made.log_ = TRY(title_log::begin(text));
        }
    }
    if (auto mounts = sys::open_at(AT_FDCWD, "/proc/self/mountinfo", O_RDONLY)) made.mounts_ = std::move(*mounts);
    return made;
}

// -- looking ----------------------------------------------------------------------------------------------------------

// The services directory. Nothing, said and to be tried again, when it is not there: then what runs is kept.
sys::unique_fd supervisor::enter() noexcept {
    struct stat found;
    trouble     why{"unable to stat ", directory_, 0};
    if (::stat(directory_, &found) == 0) {
        auto dir = sys::open_directory(AT_FDCWD, directory_);
        if (dir && ::faccessat(dir->value(), ".", F_OK, 0) == 0) return std::move(*dir);
        why.error             = dir ? errno : dir.why().error;
        const bool searchable = !dir && why.error != ENOTDIR && ::access(directory_, X_OK) == 0;
        why.what              = searchable ? "unable to open directory " : "unable to change directory to ";
    } else {
        why.error = errno;
    }
    voice().warn(why);
    missing_ = true;
    slow_at_ = sys::monotonic() + slow_look;
    return {};
}

// Two slots: one for a name, one for what it stood for before.
bool supervisor::make_room() noexcept {
    if (roster_.room() >= 2) return true;
    const std::size_t count = roster_.size() + std::max<std::size_t>(roster_.size(), 16);
    if (!entries_.grow(count) || !names_.grow(count)) {
        voice().warn(trouble{"unable to grow the list of services", "", ENOMEM});
        blind_ = true;
        return false;
    }
    const std::size_t both = std::min(entries_.all().size(), names_.all().size());
    roster_.give_room(entries_.all().first(both), names_.all().first(both));
    return true;
}

void supervisor::forget(std::size_t i) noexcept {
    trails_.release(static_cast<int>(i));
    roster_.unlist(i);
}

void supervisor::watch_the_way() noexcept {
    constexpr std::uint32_t entries = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
    if (!trails_.fd()) {
        auto made = sys::trails::make();
        if (made)
            trails_ = std::move(*made);
        else if (!std::exchange(warned_, true))
            voice().warn(made.why());
    }
    const bool way = trails_.follow(the_directory, "", directory_, &base_);
    blind_         = !(way && (trails_.watch_entries(the_directory, directory_, entries) || missing_));
}

void supervisor::look_everywhere() noexcept {
    const bool follow_all = blind_;
    watch_the_way();
    const sys::unique_fd dir = enter();
    if (!dir) return;
    missing_ = false;
    ::fstat(dir.value(), &seen_);
    roster_.begin_look();
    if (follow_all)
        for (std::size_t i = 0; i < roster_.size(); ++i) roster_[i].stale = true;
    const outcome read = sys::each_name(dir.value(), [&](const char* name, unsigned char type) {
        if (name[0] == '.' || (type != DT_DIR && type != DT_LNK && type != DT_UNKNOWN)) return;
        look_at(dir.value(), name, arrival::found);
    });
    if (read) {
        for (std::size_t i = 0; i < roster_.size(); ++i)
            if (roster_[i].listed && !roster_[i].seen) forget(i);
    } else {
        voice().warn(trouble{"unable to read directory ", directory_, read.why().error});
        blind_ = true;
    }
    roster_.settle();
    slow_at_.reset();
    if (blind_ || is_remote(dir.value())) slow_at_ = sys::monotonic() + slow_look;
}

// Where only the modification time tells of changes. It is trusted when it is old enough to have ticked since.
void supervisor::look_slowly() noexcept {
    struct stat found;
    const bool  same = !missing_ && !blind_ && ::stat(directory_, &found) == 0 && place_of(found) == place_of(seen_) &&
                      found.st_mtim.tv_sec == seen_.st_mtim.tv_sec && found.st_mtim.tv_nsec == seen_.st_mtim.tv_nsec &&
                      sys::wall().seconds - found.st_mtim.tv_sec > 2 * (slow_look / one_second);
    if (same)
        slow_at_ = sys::monotonic() + slow_look;
    else
        look_everywhere();
}

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
    const bool        anew    = how != arrival::found || roster_[i].stale || roster_[i].now == entry::stage::astray;
    roster_[i].stale          = false;
    int error                 = 0;
    if (is_link)
        error = follow_link(dir, i, name, found, anew);
    else if (how != arrival::made || roster_[i].where != place_of(found))
        trails_.release(static_cast<int>(i));

    if (error > 0 && error != roster_[i].trouble) voice().warn(trouble{"unable to stat ", name, error});
    if (error != 0) {
        roster_.leads_nowhere(i);
        roster_[i].trouble = error;
        return;
    }
    roster_[i].trouble = 0;
    roster_.leads_to(i, place_of(found), 0);
    roster_[i].settling = false;
    if (!is_link && how == arrival::made) wait_until_filled(dir, i);
}

// Where a link leads, watched before it is read when `anew`. Returns errno, or no_directory, which is none.
int supervisor::follow_link(int dir, std::size_t i, const char* name, struct stat& found, bool anew) noexcept {
    if (anew) {
        std::array<char, 4096> target;
        const ssize_t          size = ::readlinkat(dir, name, target.data(), target.size());
        const std::string_view text{target.data(), size < 0 ? 0 : static_cast<std::size_t>(size)};
        if (!trails_.follow(static_cast<int>(i), base_.view(), text)) blind_ = true;
    }
    if (::fstatat(dir, name, &found, 0) != 0) return errno;
    return S_ISDIR(found.st_mode) ? 0 : no_directory;
}

// A directory that was made in place gets its files one by one. It is complete once it has been quiet for a moment.
void supervisor::wait_until_filled(int dir, std::size_t i) noexcept {
    if (roster_[i].now != entry::stage::waiting || roster_[i].started != 0) return;
    constexpr std::uint32_t anything =
        IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB;
    sys::trails::path_text path = base_;
    path.append('/');
    path.append(roster_.name(i));
    const bool heard = trails_.watch_entries(static_cast<int>(i), path.c_str(), anything);
    if (path.append("/log")) trails_.watch_entries(static_cast<int>(i), path.c_str(), anything);

    const bool runs     = ::faccessat(dir, below(roster_.name(i), "/run").c_str(), F_OK, 0) == 0;
    roster_[i].settling = true;
    roster_.postpone(i, sys::monotonic() + (heard && runs ? settles_in : gives_up_in));
}

void supervisor::look_again_at_stale(int dir) noexcept {
    for (std::size_t i = 0; i < roster_.size(); ++i) {
        if (!roster_[i].stale || !roster_[i].listed) continue;
        entry_name name;  // the list may move while it is looked at
        std::memcpy(name.data(), roster_.name_text(i), name.size());
        look_at(dir, name.data(), roster_[i].settling ? arrival::made : arrival::complete);
    }
}

// -- hearing ----------------------------------------------------------------------------------------------------------

void supervisor::read_changes() noexcept {
    bool                 everywhere = missing_;
    const sys::unique_fd dir        = missing_ ? sys::unique_fd{} : enter();
    trails_.each(
        [&](int owner) {
            if (owner == the_directory)
                everywhere = true;
            else
                roster_[static_cast<std::size_t>(owner)].stale = true;
        },
        [&](int owner, const sys::change& what) {
            if (!dir) return;
            if (owner != the_directory) {
                wait_until_filled(dir.value(), static_cast<std::size_t>(owner));
            } else if (!what.name.starts_with('.')) {
                const bool moved_in = (what.mask & IN_MOVED_TO) != 0;
                look_at(dir.value(), what.name.data(), moved_in ? arrival::complete : arrival::made);
            }
        },
        [&] { everywhere = blind_ = true; });
    if (everywhere || !dir) return look_everywhere();
    look_again_at_stale(dir.value());
    roster_.settle();
    if (blind_ && !slow_at_) slow_at_ = sys::monotonic() + slow_look;
}

// Somebody else's runsv has ended.
void supervisor::read_other_ends() noexcept {
    for (int control = others_.next(); control >= 0; control = others_.next()) {
        if (const auto i = roster_.signed_by(control)) roster_.released(*i);
        ::close(control);
    }
}

std::optional<int> supervisor::read_signals() noexcept {
    for (int signal = sys::next_signal(signals_); signal != 0; signal = sys::next_signal(signals_)) {
        std::optional<int> leave;
        switch (signal) {
            case SIGTERM: leave = wait_ ? end(0) : 0; break;
            case SIGHUP: leave = end(111); break;
            case SIGALRM: rescan_by_force(); break;
            default:
                for (auto child = sys::reap(); child.pid != 0; child = sys::reap()) roster_.ended(child.pid);
        }
        if (leave) return leave;
    }
    return std::nullopt;
}

// Every runsv is told to end. The exit code, when that is all; nothing, when their end is waited for.
std::optional<int> supervisor::end(int exit_code) noexcept {
    if (ending_) return exit_code;
    roster_.unlist_all();
    roster_.settle();
    ending_ = exit_code;
    act();
    return wait_ ? std::nullopt : ending_;
}

// Debian's runit: packages send ALRM, and wait for the file.
void supervisor::rescan_by_force() noexcept {
    if (ending_) return;
    look_everywhere();
    act();
    const sys::unique_fd dir = missing_ ? sys::unique_fd{} : enter();
    if (!dir) return;
    const auto label = tai::label(sys::wall());
    const auto wrote = sys::replace_file(dir.value(), ".forced-rescan", ".forced-rescan.new",
                                         std::as_bytes(std::span{label.c_str(), label.size()}));
    if (!wrote) voice().warn(wrote.why());
}

// -- doing ------------------------------------------------------------------------------------------------------------

void supervisor::act() noexcept {
    ticks now = sys::monotonic();
    for (std::size_t i = 0; i < roster_.size(); ++i) {
        if (roster_.must_leave(i)) tell_to_leave(i);
        if (roster_.must_look(i, now)) look_at_other(i);
    }
    if (missing_ || ending_ || now < no_fork_before_) return;
    sys::unique_fd dir;
    int            starts = 0;
    for (std::size_t i = 0; i < roster_.size() && starts < most_starts; ++i) {
        if (!roster_.may_start(i, now)) continue;
        if (!dir) dir = enter();
        if (!dir || !start(dir.value(), i)) return;
        ++starts;
    }
}

// False when no more can be started now.
bool supervisor::start(int dir, std::size_t i) noexcept {
    if (roster_[i].settling) trails_.release(static_cast<int>(i));
    roster_[i].settling = false;
    if (is_held_by_another(dir, i)) return true;

    const char* const     name   = roster_.name_text(i);
    const char* const     argv[] = {"runsv", name, nullptr};
    const sys::child_plan plan{.path = "runsv", .argv = argv, .envp = environ, .dir = dir, .session = session_};
    const sys::spawned    what = sys::spawn(plan);
    const ticks           now  = sys::monotonic();
    if (what.pid > 0) {
        roster_.started(i, what.pid, now);
        return true;
    }
    if (what.pid < 0) {
        voice().warn({"unable to fork for ", name, ": ", error_words(what.error)});
        no_fork_before_ = now + fork_again;
        return false;
    }
    voice().fatal(trouble{"unable to start runsv ", name, what.error}, 0);
    roster_.postpone(i, now + execute_again);
    return true;
}

// An earlier runsvdir was killed, or somebody started a runsv by hand: it is left alone for as long as it lives.
bool supervisor::is_held_by_another(int dir, std::size_t i) noexcept {
    sys::unique_fd control = control_of(dir, roster_.name_text(i));
    if (!control && !is_locked(dir, roster_.name_text(i))) return false;
    rlimit     files{};
    const bool keep = control && ::getrlimit(RLIMIT_NOFILE, &files) == 0 &&
                      (files.rlim_cur == RLIM_INFINITY ||
                       static_cast<rlim_t>(control.value()) + rlim_t{spare_files} < files.rlim_cur) &&
                      others_.add(control.value());
    const ticks again = control ? one_second : lets_go_in;
    roster_.held_by_another(i, keep ? control.release() : -1, sys::monotonic() + again);
    return true;
}

void supervisor::tell_to_leave(std::size_t i) noexcept {
    const entry& e = roster_[i];
    if (e.now == entry::stage::running) {
        ::kill(e.pid, SIGTERM);
    } else if (e.sign >= 0) {
        tell_to_exit(e.sign);
    } else if (const auto dir = sys::open_directory(AT_FDCWD, directory_)) {
        if (const auto control = control_of(dir->value(), roster_.name_text(i))) tell_to_exit(control.value());
    }
    roster_.told(i);
}

// There was no descriptor to keep for it, or it has the lock and does not listen.
void supervisor::look_at_other(std::size_t i) noexcept {
    const auto        dir  = sys::open_directory(AT_FDCWD, directory_);
    const char* const name = roster_.name_text(i);
    if (dir && (control_of(dir->value(), name) || is_locked(dir->value(), name)))
        roster_.postpone(i, sys::monotonic() + one_second);
    else
        roster_.released(i);
}

std::optional<ticks> supervisor::next_deadline() const noexcept {
    std::optional<ticks> soonest = ending_ || !missing_ ? roster_.next() : std::nullopt;
    if (soonest) soonest = std::max(*soonest, no_fork_before_);
    for (const std::optional<ticks> other : {ending_ ? std::nullopt : slow_at_, log_.next_dot()})
        if (other && (!soonest || *other < *soonest)) soonest = other;
    return soonest;
}

int supervisor::run() noexcept {
    look_everywhere();
    for (;;) {
        act();
        if (ending_ && roster_.living() == 0) return *ending_;

        const auto unless_ending = [&](const sys::unique_fd& fd) { return ending_ ? -1 : fd.value(); };
        std::array ready{
            pollfd{signals_.value(), POLLIN, 0},        pollfd{log_.messages().value(), POLLIN, 0},
            pollfd{others_.fd().value(), POLLIN, 0},    pollfd{unless_ending(trails_.fd()), POLLIN, 0},
            pollfd{unless_ending(mounts_), POLLPRI, 0},
        };
        const auto& [signal, message, other, change, mount] = ready;
        sys::wait_for(ready, next_deadline());

        if (signal.revents != 0)
            if (const auto leave = read_signals()) return *leave;
        if (message.revents != 0) log_.take_in();
        if (other.revents != 0) read_other_ends();
        if (change.revents != 0 && !ending_) read_changes();
        if (mount.revents != 0 && !ending_) look_everywhere();

        const ticks now = sys::monotonic();
        if (slow_at_ && *slow_at_ <= now && !ending_) look_slowly();
        if (const auto dot = log_.next_dot(); dot && *dot <= now) log_.dot();
    }
}

}  // namespace

int main(int argc, char** argv) {
    sys::occupy_standard_descriptors();
    if (argc == 2 && asks_for_version(argc, argv) && ::access(argv[1], F_OK) != 0) {
        sys::say({version_words});
        return usage(argv[0]);
    }
    const auto chosen = parse(argv + (argc > 0 ? 1 : 0));
    if (!chosen) return usage(argc > 0 ? argv[0] : "runsvdir");
    auto ready = supervisor::setup(*chosen);
    if (!ready) return sys::voice{"runsvdir", chosen->directory}.fatal(ready.why(), 100);
    return ready->run();
}
