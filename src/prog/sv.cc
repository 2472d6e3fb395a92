// sv — sends commands to services, waits until they have taken effect, and reports that. Source: sv(8).
//
//     for each service:   open its directory, give the command, or say why not
//     until all settled:  wait for a change of supervise/  ──▶  look again  ──▶  ok: …   timeout: …
//
// Nothing is asked of runsv but what it has always done: it renames supervise/status into place when something has
// changed, and closes supervise/ok when it exits. inotify reports both, but any process may close supervise/ok: then sv
// looks. A look every 420 ms, as runit's own, covers what inotify cannot report. A ./check runs beside the loop, and
// never holds it up.
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <new>
#include <span>

#include "core/advice.hh"
#include "core/error_words.hh"
#include "core/near_name.hh"
#include "core/options.hh"
#include "core/session.hh"
#include "core/text.hh"
#include "core/verdict.hh"
#include "core/version.hh"
#include "parts/supervise.hh"
#include "sys/clock.hh"
#include "sys/files.hh"
#include "sys/messages.hh"
#include "sys/processes.hh"
#include "sys/signals.hh"
#include "sys/spawn.hh"
#include "sys/trust.hh"
#include "sys/wait.hh"
#include "sys/watch.hh"

using namespace runwell;

namespace {

constexpr ticks millisecond = 1'000'000;

// Most answers come within a millisecond or two, and to close an inotify descriptor can take fifteen: only after so
// long a pause is it worth while.
constexpr ticks pause_worth_listening = 8 * millisecond;

// How long a service that is to be started may be without a runsv.
constexpr ticks newcomers_time = 500 * millisecond;

// Standard output, gathered: the answers for a thousand services are one write.
class answer {
public:
    void add(std::initializer_list<std::string_view> parts) noexcept {
        for (const std::string_view part : parts) {
            if (part.size() > sizeof bytes_ - size_) flush();
            if (part.size() > sizeof bytes_) {
                sys::print(STDOUT_FILENO, {part});
                continue;
            }
            std::copy(part.begin(), part.end(), bytes_ + size_);
            size_ += part.size();
        }
    }
    void flush() noexcept {
        sys::print(STDOUT_FILENO, {{bytes_, size_}});
        size_ = 0;
    }

private:
    char        bytes_[65536]{};
    std::size_t size_ = 0;
};
constinit answer out{};

// One service of the command line.
struct service_entry {
    const char* name;
    session     its;
    int         watch   = 0;      // 0: none
    pid_t       check   = 0;      // ./check runs; 0: it does not
    bool        stirred = false;  // something has happened: look now
    bool        warned  = false;  // that ./check cannot be seen

    bool          ok_closed = false;  // a process, perhaps runsv, has closed supervise/ok
    file_identity file      = {};     // goal::gone: supervise/status, before the command was given
};
static_assert(std::is_trivially_destructible_v<service_entry>);

// What the command line says.
struct request {
    order            given    = {};
    std::string_view program  = "sv";   // as it calls itself
    const char*      command  = "";     // as it was typed
    bool             lsb      = false;  // an init script, which is one service
    bool             waits    = false;
    std::uint64_t    seconds  = 7;
    const char*      services = RUNWELL_SERVICE_DIR;
    std::span<char*> names    = {};

    const char* name(std::size_t i) const noexcept { return lsb ? program.data() : names[i]; }
};

// Where the files of a service are: below a directory that is open, or below a name in it. By name, a service is read
// without being opened, which is a third of the work.
class place {
public:
    explicit place(int dir) noexcept : dir_{dir} {}
    place(int dir, std::string_view name) noexcept : dir_{dir}, stands_{!name.empty() && path_.append(name)} {
        stands_ = stands_ && path_.append('/');
        stem_   = path_.size();
    }

    int dir() const noexcept { return dir_; }

    // The path of `file` from dir(), until the next call; an empty one, which leads nowhere, if it would be too long.
    const char* path(std::string_view file) noexcept {
        path_.shrink(stem_);
        return stands_ && path_.append(file) ? path_.c_str() : "";
    }

private:
    int              dir_;
    fixed_text<4096> path_;  // PATH_MAX
    std::size_t      stem_   = 0;
    bool             stands_ = true;
};

class client {
public:
    client(const request& asked, std::span<service_entry> entries) noexcept;

    // Each returns the exit code.
    int tell_status() noexcept;
    int command() noexcept;

private:
    // The result of one look at a service, and the errors on the way.
    struct sight {
        sys::unique_fd dir;
        status         now;
        error          why{""};        // what the last event was about, where it says that something is missing
        bool           tried = false;  // to give the command
    };

    int                    base_of(std::string_view name) const noexcept;
    result<sys::unique_fd> open_service(const char* name) const noexcept;

    void complain(const char* name, const error& why, std::string_view below = {}) noexcept;
    void tell(std::string_view prefix, std::string_view name, place& at, const status& of) noexcept;
    void tell_with_status(std::string_view prefix, std::string_view name, const sight& last) noexcept;

    void consider(const char* name, circumstances of) noexcept;
    void give_advice() noexcept;

    fixed_text<4096>        home_of(std::string_view name) const noexcept;
    fixed_text<4096>        path_of(const char* name) const noexcept;
    static fixed_text<4096> other_services(const char* member) noexcept;

    int  tell_status_of(const char* name) noexcept;
    void tell_status_of_log(const char* name, place& service) noexcept;

    session_event look(service_entry& at, sight& of) noexcept;
    session_event give(sight& of) const noexcept;
    session_event run_check(service_entry& of, int dir) noexcept;
    void          go_on(service_entry& with, session_action next) noexcept;
    void          settle(service_entry& of, const sight& last) noexcept;
    void          give_up(service_entry& on, const sight& last) noexcept;

    void wait() noexcept;
    void listen_to(service_entry& of) noexcept;
    void read_changes() noexcept;
    void hear_children() noexcept;
    void read_children() noexcept;

    const request&           asked_;
    std::span<service_entry> entries_;
    result<sys::unique_fd>   services_;  // the directory of that name
    sys::watch               watch_;     // of every supervise/ that is waited for
    sys::unique_fd           children_;  // readable when a ./check has ended
    moment                   wall_;
    ticks                    now_;
    session_rules            rules_;
    std::size_t              failures_ = 0;

    // For the user at the terminal, if there is one: the likely cause, and the first service that it applies to.
    struct remedy {
        advice           what;
        const char*      service;
        fixed_text<4096> services;  // the directory that it is looked for in, or is to be linked into
        fixed_text<4096> other;     // the name or directory that was probably meant
    };
    fixed_list<remedy, 2> remedies_;

    static void find_what_was_meant(const char* name, circumstances& of, remedy& its) noexcept;
    static bool is_linked_into(const fixed_text<4096>& services, const char* name) noexcept;
};

// The one error that runit calls a failure, where the others are warnings.
error cannot_enter(int code) noexcept {
    return {"unable to change to service directory", "", code, error_category::no_service_directory};
}

bool is_absent(const error& why) noexcept { return why.about == error_category::no_runsv; }
bool is_unentered(const error& why) noexcept { return why.about == error_category::no_service_directory; }

parts::supervise_client supervise_of(place& of) noexcept { return {of.dir(), of.path("supervise")}; }
parts::supervise_client supervise_of(int service) noexcept { return {service, "supervise"}; }

// supervise/status, provided that there is a runsv to keep it true.
result<status> read_status(const parts::supervise_client& of) noexcept {
    TRY(of.is_supervised());
    return of.read_status();
}

// There is no runsv, or it has not made its files yet.
bool has_not_come(const error& why) noexcept { return why.code == ENOENT || is_absent(why); }

bool is_refused(const error& why) noexcept { return why.code == EACCES || why.code == EPERM; }

// A runsv that was asked to leave has no successor for a while, unless something asks for it: runsvdir watches
// supervise/control for this. It takes the right to write there, and no reader. Where supervise/ has been removed the
// service directory is touched. False when nothing could be touched.
bool ask_for_runsv(int dir) noexcept {
    struct stat is;
    if (::fstatat(dir, "supervise/control", &is, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT && ::utimensat(dir, ".", nullptr, 0) == 0;
    return S_ISFIFO(is.st_mode) && ::utimensat(dir, "supervise/control", nullptr, AT_SYMLINK_NOFOLLOW) == 0;
}

bool has_down_file(place& of) noexcept {
    struct stat file;
    return ::fstatat(of.dir(), of.path("down"), &file, 0) == 0;
}

// A name is looked up in the services directory unless it says itself where it is.
bool says_where(std::string_view name) noexcept {
    return name.starts_with('/') || name.starts_with('.') || name.ends_with('/');
}

circumstances::failure failure_of(const error& why) noexcept {
    using failure = circumstances::failure;
    if (is_refused(why)) return failure::refused;
    if (is_unentered(why)) return why.code == ENOENT ? failure::no_directory : failure::other;
    return has_not_come(why) ? failure::no_runsv : failure::other;
}

// The circumstances of a service that has not reached the requested state in time.
circumstances lateness_of(int dir, const status& now, const order& given) noexcept {
    using run_file      = circumstances::run_file;
    const bool    alive = now.pid != 0 && now.now == phase::run;
    circumstances of{.what = circumstances::failure::timed_out};
    if (::faccessat(dir, "run", X_OK, 0) != 0) of.run = errno == ENOENT ? run_file::missing : run_file::not_executable;
    of.runs      = alive && now.wanted == want::up;
    of.has_check = ::faccessat(dir, "check", F_OK, 0) == 0;
    of.got_term  = alive && now.got_term;
    of.killed    = given.kills;
    return of;
}

// Looks that nothing has caused cover what inotify cannot tell.
session_rules rules_of(const request& asked, ticks at) noexcept {
    const bool waits_for_newcomers = welcomes_a_newcomer(asked.given) && asked.seconds != 0;
    return {.bytes         = asked.given.bytes,
            .until         = asked.given.until,
            .waits         = asked.waits,
            .newcomer      = waits_for_newcomers ? newcomers_time : 0,
            .deadline      = at + patience(asked.seconds),
            .checks        = {10 * millisecond, 420 * millisecond},
            .looks_absent  = {millisecond, 20 * millisecond},
            .looks_checked = {10 * millisecond, 420 * millisecond},
            .looks_watched = {420 * millisecond, 420 * millisecond},
            .looks_blind   = {millisecond / 4, 100 * millisecond}};
}

client::client(const request& asked, std::span<service_entry> entries) noexcept
    : asked_{asked},
      entries_{entries},
      services_{sys::open_at(AT_FDCWD, asked.services, O_PATH | O_DIRECTORY)},
      wall_{sys::wall()},
      now_{sys::monotonic()},
      rules_{rules_of(asked, now_)} {}

// The directory that a name is looked up in; -1 when that cannot be entered.
int client::base_of(std::string_view name) const noexcept { return says_where(name) ? AT_FDCWD : services_->value(); }

result<sys::unique_fd> client::open_service(const char* name) const noexcept {
    const int base = base_of(name);
    if (base == -1) return cannot_enter(services_.why().code);
    auto dir = sys::open_at(base, name, O_PATH | O_DIRECTORY);
    if (!dir) return cannot_enter(dir.why().code);
    if (::faccessat(dir->value(), ".", F_OK, 0) != 0) return cannot_enter(errno);
    return dir;
}

// -- what is said ----------------------------------------------------------------------------------------------------

// `below` is "/log" for what belongs to the log service of `name`.
void client::complain(const char* name, const error& why, std::string_view below) noexcept {
    const bool absent = is_absent(why);
    if (absent && asked_.given.until == goal::gone) {
        out.add({"ok: ", name, below, ": runsv not running\n"});
        return;
    }
    ++failures_;
    if (absent)
        out.add({"fail: ", name, below, ": runsv not running\n"});
    else
        out.add({is_unentered(why) ? "fail: " : "warning: ", name, below, ": ", why.what, why.subject,
                 why.code == 0 ? "" : ": ", why.code == 0 ? "" : error_words(why.code), "\n"});
    if (below.empty()) consider(name, {.what = failure_of(why)});
}

void client::tell(std::string_view prefix, std::string_view name, place& at, const status& of) noexcept {
    out.add({prefix, word(of.now), ": ", name, ": ", particulars(of, has_down_file(at), wall_).view()});
}

void client::tell_with_status(std::string_view prefix, std::string_view name, const sight& last) noexcept {
    place service{last.dir.value()};
    tell(prefix, name, service, last.now);
    out.add({"\n"});
}

// -- advice ----------------------------------------------------------------------------------------------------------

void client::consider(const char* name, circumstances of) noexcept {
    if (::isatty(STDERR_FILENO) != 1) return;
    remedy its{.what = advice::none, .service = name, .services = home_of(name), .other = {}};
    of.root             = ::geteuid() == 0;
    of.has_services_dir = ::access(its.services.c_str(), F_OK) == 0;
    if (of.what == circumstances::failure::no_directory) find_what_was_meant(name, of, its);
    if (of.what == circumstances::failure::no_runsv) {
        of.has_runsvdir = sys::anyone_works_on("runsvdir", its.services.c_str());
        // A path may be that of a service which is nowhere linked.
        if (says_where(name) && !of.has_runsvdir) {
            its.services.clear();
            its.services.append_cut(asked_.services);
            if (::access(asked_.services, F_OK) != 0) its.services = other_services(".");
            of.has_services_dir = !its.services.empty();
            of.is_linked        = of.has_services_dir && is_linked_into(its.services, name);
            of.has_runsvdir     = of.is_linked && sys::anyone_works_on("runsvdir", its.services.c_str());
        }
    }
    its.what = advise(of);
    if (its.what == advice::none) return;
    for (const remedy& known : remedies_)
        if (known.what == its.what) return;
    remedies_.push(its);
}

// A service with nearly that name, one that is only to be linked, or the directory that has it.
void client::find_what_was_meant(const char* name, circumstances& of, remedy& its) noexcept {
    if (!of.has_services_dir) {
        if (!says_where(name)) its.other = other_services(name);
        of.has_other_dir = !its.other.empty();
        return;
    }
    fixed_text<4096> available;
    available.append("/etc/sv/");
    available.append_cut(name);
    available.append_cut("/run");
    of.is_available = !says_where(name) && ::access(available.c_str(), F_OK) == 0;

    std::string_view word{name};
    while (word.size() > 1 && word.ends_with('/')) word.remove_suffix(1);
    word           = base_name(word);
    DIR* const all = ::opendir(its.services.c_str());
    if (all == nullptr) return;
    std::size_t least = longest_near_name;
    while (const dirent* const entry = ::readdir(all)) {
        const std::string_view known{entry->d_name};
        const std::size_t      apart = distance(word, known);
        if (known.starts_with('.') || !is_near(word, apart) || apart >= least) continue;
        least = apart;
        its.other.shrink(0);
        its.other.append_cut(known);
    }
    ::closedir(all);
    of.has_near_name = !its.other.empty();
}

// Whether one of the services of a directory is this one.
bool client::is_linked_into(const fixed_text<4096>& services, const char* name) noexcept {
    struct stat wanted, one;
    DIR* const  all = ::opendir(services.c_str());
    if (all == nullptr) return false;
    bool found = false;
    if (::stat(name, &wanted) == 0)
        while (const dirent* const entry = ::readdir(all)) {
            found = entry->d_name[0] != '.' && ::fstatat(::dirfd(all), entry->d_name, &one, 0) == 0 &&
                    one.st_dev == wanted.st_dev && one.st_ino == wanted.st_ino;
            if (found) break;
        }
    ::closedir(all);
    return found;
}

// A directory of services that has this member, other than the one that was named: a usual one, or that of a runsvdir
// which runs. Empty: there is none.
fixed_text<4096> client::other_services(const char* member) noexcept {
    fixed_text<4096> found;
    for (const char* const one : {"/etc/service", "/service"}) {
        found.clear();
        found.append_cut(one);
        found.append_cut("/");
        found.append_cut(member);
        if (::access(found.c_str(), F_OK) != 0) continue;
        found.shrink(std::string_view{one}.size());
        return found;
    }
    return sys::directory_of("runsvdir", member);
}

// What leads to a service without SVDIR, from wherever it is typed.
fixed_text<4096> client::path_of(const char* name) const noexcept {
    fixed_text<4096> path;
    char             bytes[4096];
    const auto       dir = sys::open_at(base_of(name), name, O_PATH | O_DIRECTORY);
    if (says_where(name) && dir) {  // the link of a service leads to where it is
        fixed_text<64> link;
        link.append("/proc/self/fd/");
        link.append(decimal{static_cast<std::uint64_t>(dir->value())}.view());
        const ssize_t size = ::readlink(link.c_str(), bytes, sizeof bytes);
        if (size > 0 && bytes[0] == '/') {
            path.append_cut({bytes, static_cast<std::size_t>(size)});
            return path;
        }
    }
    if (!says_where(name)) {
        path.append_cut(asked_.services);
        path.append_cut("/");
    }
    path.append_cut(name);
    return path;
}

// The directory that a service is looked for in.
fixed_text<4096> client::home_of(std::string_view name) const noexcept {
    fixed_text<4096> home;
    if (!says_where(name)) {
        home.append_cut(asked_.services);
        return home;
    }
    while (name.size() > 1 && name.ends_with('/')) name.remove_suffix(1);
    const std::size_t slash = name.rfind('/');
    home.append_cut(name == "."                       ? ".."
                    : slash == std::string_view::npos ? "."
                    : slash == 0                      ? "/"
                                                      : name.substr(0, slash));
    return home;
}

void client::give_advice() noexcept {
    const bool is_usual = std::string_view{asked_.services} == RUNWELL_SERVICE_DIR;
    for (const remedy& one : remedies_) {
        fixed_text<4096> path = path_of(one.service);
        if (one.what == advice::correct_name) {  // the path of the service that was meant
            path = one.services;
            path.append_cut("/");
            path.append_cut(one.other.view());
        }
        const auto [cause, cure] = words(one.what, {.service  = one.service,
                                                    .path     = path.view(),
                                                    .services = one.services.view(),
                                                    .command  = asked_.command,
                                                    .other    = one.other.view(),
                                                    .by_path  = !is_usual || says_where(one.service)});
        sys::say({asked_.program, ": ", cause.view(), "\n", asked_.program, ": ", cure.view()});
    }
}

// -- status ----------------------------------------------------------------------------------------------------------

int client::tell_status() noexcept {
    int code = 0;
    for (std::size_t i = 0; i < asked_.names.size(); ++i) code = tell_status_of(asked_.name(i));
    out.flush();
    give_advice();
    return asked_.lsb ? code : code_of_failures(failures_);
}

// Returns what an init script exits with: that of the service, whatever its log service does.
int client::tell_status_of(const char* name) noexcept {
    place      service{base_of(name), name};
    const auto now = read_status(supervise_of(service));
    if (!now) {
        const auto dir = open_service(name);  // is it the directory, or what is missing in it?
        complain(name, dir ? now.why() : dir.why());
        return !dir || is_absent(now.why()) ? lsb_code::failure : lsb_code::unknown;
    }
    tell("", name, service, *now);
    tell_status_of_log(name, service);
    return now->pid != 0 ? lsb_code::running : lsb_code::not_running;
}

// The rest of the line.
void client::tell_status_of_log(const char* name, place& service) noexcept {
    const auto dir = sys::open_at(service.dir(), service.path("log"), O_PATH | O_DIRECTORY);
    if (!dir && dir.why().code == ENOENT) return out.add({"\n"});
    out.add({"; "});
    if (!dir) return complain(name, {"unable to change directory", "", dir.why().code}, "/log");
    place      log{dir->value()};
    const auto now = read_status(supervise_of(log));
    if (!now) return complain(name, now.why(), "/log");
    tell("", "log", log, *now);
    out.add({"\n"});
}

// -- commands --------------------------------------------------------------------------------------------------------

int client::command() noexcept {
    for (service_entry& one : entries_) {
        one.its = begin(rules_, now_);
        go_on(one, session_action::look);
    }
    wait();
    out.flush();
    give_advice();
    return code_of_failures(failures_);
}

// Does what core/session asks for, until there is something to wait for. A second look is left to the loop: first every
// service is given its command.
void client::go_on(service_entry& with, session_action next) noexcept {
    sight seen;
    for (bool looked = false;; looked = true) {
        session_event happened;
        switch (next) {
            case session_action::look:
                with.stirred = looked;
                if (looked) return;
                happened = look(with, seen);
                break;
            case session_action::give: happened = give(seen); break;
            case session_action::ask_for_runsv:
                if (ask_for_runsv(seen.dir.value()) || !seen.tried) return;
                happened = {.what = session_event::kind::failed};
                break;
            case session_action::run_check: happened = run_check(with, seen.dir.value()); break;
            case session_action::wait: return;
            case session_action::settle: return settle(with, seen);
        }
        happened.at = now_;
        next        = step(with.its, rules_, happened);
    }
}

session_event client::look(service_entry& at, sight& of) noexcept {
    using kind          = session_event::kind;
    const bool to_give  = at.its.now == session::stage::to_give;
    const auto is_ended = [&of](kind what, const error& why) {
        of.why = why;
        return session_event{.what = what};
    };
    // Another runsv may take the place of the one that is told to exit, at once.
    const bool is_told_to_exit = to_give && asked_.waits && asked_.given.until == goal::gone;
    if (is_told_to_exit || (!to_give && at.its.pause >= pause_worth_listening)) listen_to(at);
    auto dir = open_service(at.name);
    if (!dir) return is_ended(kind::failed, dir.why());
    of.dir = std::move(*dir);
    if (to_give && !asked_.waits) return {.what = kind::seen};

    const parts::supervise_client supervise = supervise_of(of.dir.value());
    if (is_told_to_exit) at.file = supervise.status_file();
    // In this order: what runsv has read before it wrote its status counts, and a new file says what it says later.
    const bool was_closed = !to_give && at.ok_closed && asked_.given.until == goal::gone;
    const bool heard     = to_give || !(asks_for_another(asked_.given.until) || was_closed) || supervise.has_read_all();
    const bool same_file = !was_closed || supervise.status_file() == at.file;
    const auto now       = read_status(supervise);
    place      service{of.dir.value()};
    if (now && was_closed && heard && is_of_successor(at.its.before, *now, same_file, has_down_file(service)))
        return is_ended(kind::absent, {"", "", 0, error_category::no_runsv});
    if (now) return {.what = kind::seen, .now = of.now = *now, .heard = heard};
    if (!to_give) return is_ended(is_absent(now.why()) ? kind::absent : kind::failed, now.why());
    // What else is wrong is found, and named, when the command is given.
    return is_ended(has_not_come(now.why()) ? kind::absent : kind::seen, now.why());
}

session_event client::give(sight& of) const noexcept {
    using kind = session_event::kind;
    if (asked_.given.bytes.empty()) return {.what = kind::given};
    of.tried                                = true;
    const parts::supervise_client supervise = supervise_of(of.dir.value());
    // runit 2.1.2 opens `ok` first, and names that file to a user who may open neither.
    const auto there = supervise.is_supervised();
    // Without a runsv the bytes are not for another process that reads `control`.
    const bool in_vain = !there && (is_refused(there.why()) || is_absent(there.why()));
    const auto sent    = in_vain ? there : supervise.send(asked_.given.bytes);
    if (sent) return {.what = kind::given};
    of.why = sent.why();
    return {.what = is_absent(of.why) ? kind::not_given : kind::failed};
}

// A ./check that cannot be run does not count.
session_event client::run_check(service_entry& of, int dir) noexcept {
    using kind = session_event::kind;
    struct stat file;
    if (::fstatat(dir, "check", &file, 0) != 0) {
        if (errno == ENOENT) return {.what = kind::check_missing};
        if (std::exchange(of.warned, true)) return {.what = kind::check_unknown};
        out.flush();
        sys::say({"warning: unable to stat ", of.name, "/check: ", error_words(errno)});
        return {.what = kind::check_unknown};
    }
    // A script of another user is not run with our rights.
    if (sys::writers_of(dir) != writers::only_us) {
        if (std::exchange(of.warned, true)) return {.what = kind::check_missing};
        out.flush();
        sys::say({"warning: unable to run ", of.name, "/check: other users can write to the service directory"});
        return {.what = kind::check_missing};
    }
    hear_children();
    ::fcntl(STDOUT_FILENO, F_SETFD, FD_CLOEXEC);  // what a check prints is not ours to say
    constexpr const char* argv[]  = {"./check", nullptr};
    const sys::spawned    started = sys::spawn({.path = argv[0], .argv = argv, .envp = environ, .dir = dir});
    if (started.pid > 0) {
        of.check = started.pid;
        return {.what = kind::check_started};
    }
    out.flush();
    const bool no_process = started.pid < 0;
    sys::say(
        {"warning: unable to ", no_process ? "fork for " : "run ", of.name, "/check: ", error_words(started.code)});
    return {.what = no_process ? kind::check_unknown : kind::check_missing};
}

void client::settle(service_entry& of, const sight& last) noexcept {
    if (of.check != 0) ::kill(of.check, SIGTERM);
    switch (of.its.why) {
        case settlement::done:
            if (asked_.given.until == goal::gone) return complain(of.name, last.why);
            tell_with_status("ok: ", of.name, last);
            return;
        case settlement::absent:
        case settlement::failed: return complain(of.name, last.why);
        case settlement::too_late: return give_up(of, last);
        case settlement::given:
        case settlement::left_alone:
        case settlement::no_process:
        case settlement::none: return;
    }
}

void client::give_up(service_entry& on, const sight& last) noexcept {
    ++failures_;
    tell_with_status(asked_.given.kills ? "kill: " : "timeout: ", on.name, last);
    consider(on.name, lateness_of(last.dir.value(), last.now, asked_.given));
    if (!asked_.given.kills) return;
    if (const auto sent = supervise_of(last.dir.value()).send("k"); !sent) complain(on.name, sent.why());
}

// -- waiting ---------------------------------------------------------------------------------------------------------

void client::wait() noexcept {
    for (;;) {
        now_  = sys::monotonic();
        wall_ = sys::wall();
        std::optional<ticks> next;
        for (service_entry& one : entries_) {
            if (is_settled(one.its)) continue;
            if (one.stirred || due(one.its, rules_) <= now_) go_on(one, session_action::look);
            if (is_settled(one.its)) continue;
            const ticks when = one.stirred ? now_ : due(one.its, rules_);
            next             = next ? std::min(*next, when) : when;
        }
        if (!next) return;
        out.flush();

        std::array<pollfd, 2> ready{pollfd{watch_.fd().value(), POLLIN, 0}, pollfd{children_.value(), POLLIN, 0}};
        sys::wait_for(ready, next);
        now_ = sys::monotonic();
        read_changes();
        read_children();
    }
}

// Watches supervise/. If it does not exist yet, or no inotify watch is left, sv looks at the service more often.
void client::listen_to(service_entry& of) noexcept {
    if (of.watch != 0) return;
    if (!watch_.fd())
        if (auto made = sys::watch::make()) watch_ = std::move(*made);
    fixed_text<4096> path;  // PATH_MAX
    if (!says_where(of.name) && !(path.append(asked_.services) && path.append('/'))) return;
    if (!path.append(of.name) || !path.append("/supervise")) return;
    const std::uint32_t leaving = asked_.given.until == goal::gone ? IN_CLOSE_NOWRITE : 0;
    if (const auto watching = watch_.add(path.c_str(), IN_ONLYDIR | IN_MOVED_TO | IN_MODIFY | leaving))
        of.watch = *watching, of.its.watched = true;
}

void client::read_changes() noexcept {
    watch_.each([this](const sys::change& what) {
        const bool missed = (what.mask & IN_Q_OVERFLOW) != 0;
        const bool status = what.name == "status";
        const bool closed = what.name == "ok" && (what.mask & IN_CLOSE_NOWRITE) != 0;
        if (!missed && !status && !closed) return;
        for (service_entry& one : entries_) {
            if (!missed && one.watch != what.where) continue;
            one.stirred   = true;
            one.ok_closed = one.ok_closed || closed || missed;
            stir(one.its);
        }
    });
}

// The end of a child is something to wait for, from now on.
void client::hear_children() noexcept {
    if (children_) return;
    if (auto listening = sys::listen_to({SIGCHLD})) children_ = std::move(*listening);
    sigset_t pipe;  // a reader of our output that has gone ends us, as it ends everyone
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    ::sigprocmask(SIG_UNBLOCK, &pipe, nullptr);
}

void client::read_children() noexcept {
    if (!children_) return;
    while (sys::next_signal(children_) != 0) {}
    for (auto ended = sys::reap(); ended.pid != 0; ended = sys::reap()) {
        for (service_entry& one : entries_) {
            if (one.check != ended.pid) continue;
            one.check         = 0;
            const bool agrees = WIFEXITED(ended.status) && WEXITSTATUS(ended.status) == 0;
            using kind        = session_event::kind;
            const session_event happened{.what = agrees ? kind::check_agrees : kind::check_differs, .at = now_};
            if (step(one.its, rules_, happened) == session_action::look) one.stirred = true;
        }
    }
}

// -- the command line ------------------------------------------------------------------------------------------------

int usage(const request& asked) noexcept {
    sys::print(STDERR_FILENO, {"usage: ", asked.program,
                               asked.lsb ? " [-w sec] command\n\n" : " [-v] [-w sec] command service ...\n\n"});
    return asked.lsb ? lsb_code::usage : 100;
}

constexpr std::array option_rows{option_row{'v', false}, option_row{'w', true}, option_row{'V', false}};

// Reads the command line into `asked`. Returns the exit code when that is the end of it.
std::optional<int> read_command_line(std::span<char*> all, request& asked) noexcept {
    std::span<char*> words = all;
    asked.program          = base_name(words[0]);
    asked.lsb              = *words[0] != '\0' && asked.program != "sv";
    if (!asked.lsb) asked.program = "sv";
    if (const char* dir = std::getenv("SVDIR")) asked.services = dir;
    if (const char* seconds = std::getenv("SVWAIT")) asked.seconds = scan_number(seconds).value;

    option_reader<option_row> options{option_rows, words.subspan(1), double_dash::is_a_letter};
    for (;;) {
        const auto found = options.next();
        if (found.error) {
            sys::print(STDERR_FILENO, {asked.program, ": ", found.error->words, found.error->option, "\n"});
            return usage(asked);
        }
        if (found.row == nullptr) break;
        if (found.row->letter == 'V') {
            sys::print(STDERR_FILENO, {version_words, "\n"});
            return usage(asked);
        }
        if (found.row->letter == 'w') asked.seconds = scan_number(found.value).value;
        asked.waits = true;
    }
    words = words.last(options.rest().size());
    if (words.empty()) return usage(asked);
    asked.command    = words[0];
    const auto given = order_of(words[0], asked.lsb);
    asked.names      = asked.lsb ? all.first(1) : words.subspan(1);
    if (!given || asked.names.empty()) return usage(asked);
    asked.given = *given;
    asked.waits = asked.waits || given->reports;
    return std::nullopt;
}

}  // namespace

int main(int argc, char** argv) {
    sys::occupy_standard_descriptors();
    request asked;
    if (argc < 1) return usage(asked);
    if (const auto code = read_command_line({argv, static_cast<std::size_t>(argc)}, asked)) return *code;

    if (asked.given.status) return client{asked, {}}.tell_status();

    auto* const memory = static_cast<service_entry*>(std::calloc(asked.names.size(), sizeof(service_entry)));
    if (memory == nullptr)
        return sys::messages{asked.program}.fatal({"out of memory"}, asked.lsb ? lsb_code::code : 100);
    const std::span entries{memory, asked.names.size()};
    for (std::size_t i = 0; i < entries.size(); ++i) new (&entries[i]) service_entry{.name = asked.name(i), .its = {}};

    const int code = client{asked, entries}.command();
    std::free(memory);
    return code;
}
