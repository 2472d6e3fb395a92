// runsv — look after one service directory, and its log/.
//   setup()   may fail, and then runsv never began;
//   run()     may not: from here on every error is a warning and a retry.
//
// What is decided, core/pair decides. This file carries it out, and tells what has come of it.
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <span>

#include "core/essential.hh"
#include "core/pair.hh"
#include "core/stages.hh"
#include "core/succession.hh"
#include "core/text.hh"
#include "core/version.hh"
#include "prog/runsv/estate.hh"
#include "prog/runsv/post.hh"
#include "prog/runsv/renewal.hh"
#include "sys/clock.hh"
#include "sys/files.hh"
#include "sys/ledger.hh"
#include "sys/say.hh"
#include "sys/signals.hh"
#include "sys/spawn.hh"
#include "sys/supervise.hh"
#include "sys/wait.hh"

namespace runwell {
namespace {

class supervisor {
public:
    // Takes charge of the service directory at `path`, which is spoken of as `name`. Nothing is started yet.
    outcome setup(const char* name, const char* path) noexcept;
    // The same for who has been its supervisor before it became this program.
    outcome go_on(const char* name, const baton& received) noexcept;

    void begin() noexcept;                         // start what is wanted
    bool obeys(member who) const noexcept;         // it can take a command now
    void read_command(member who) noexcept;        // take the next one
    void terminate() noexcept;                     // as the command exit, as soon as it can be taken
    void reaped(sys::ended_child child) noexcept;  // a child of this process: ours, or nobody's
    void look_after_orphans() noexcept;            // the same for what a supervisor before has left
    void catch_up() noexcept;                      // do what time has made due, and let the files say what is true
    void leave_in_order() const noexcept;          // nothing remains for a successor
    void renew(char* const* argv) noexcept;        // become the program that is installed now, if that can be

    int                  control(member who) const noexcept { return posts_[index(who)].files.control().value(); }
    const sys::orphan&   orphan(member who) const noexcept { return posts_[index(who)].process.orphan; }
    const sys::orphan&   orphaned_script() const noexcept { return posts_[index(member::main)].script.orphan; }
    bool                 has_orphans() const noexcept { return posts_[0].has_orphans() || posts_[1].has_orphans(); }
    std::optional<ticks> deadline() const noexcept;
    bool                 has_left() const noexcept { return left_; }
    void                 renew_soon() noexcept { renew_ = true; }
    bool                 is_to_be_renewed() const noexcept { return renew_; }

private:
    static constexpr std::size_t index(member who) noexcept { return static_cast<std::size_t>(who); }
    post&                        at(member who) noexcept { return posts_[index(who)]; }
    const service& life(member who) const noexcept { return who == member::main ? state_.main : state_.log; }

    bool is_essential() const noexcept;

    outcome find_logger() noexcept;
    void    find_wishes() noexcept;
    void    tell_first(member who, const std::optional<event>& news) noexcept;
    void    ended(member who, int status) noexcept;
    void    script_ended(int status) noexcept;
    outcome lock(member who) noexcept;
    void    on(member who, event happened) noexcept;
    event   end_of(member who, int status) const noexcept;

    // Each does it, and tells what has come of it when that is known at once.
    std::optional<event> act(const task& what) noexcept;
    std::optional<event> start(member who, const char* const* argv) noexcept;
    std::optional<event> run_finish() noexcept;
    std::optional<event> run_script(member who, char letter) noexcept;

    bool    ensure_pipe() noexcept;
    bool    publish() noexcept;
    outcome publish(member who) noexcept;
    outcome move_back_in(member who) noexcept;
    void    write_ledger_anew(member who) const noexcept;
    void    warn(const trouble& why) const noexcept { sys::voice{"runsv", name_}.warn(why); }
    void    cannot_start(member who, const sys::spawned& child) const noexcept;

    const char*          name_ = "";
    const char*          path_ = "";
    post                 posts_[2];
    sys::pipe_ends       pipe_;
    pair                 state_;
    news                 first_;              // what a supervisor before has left to be told
    bool                 terminate_ = false;  // asked for while a control script ran
    bool                 renew_     = false;  // asked for, and not possible yet
    bool                 left_      = false;
    int                  complaint_ = 0;  // errno of the last complaint about the files, so that it is made once
    std::optional<ticks> retry_;          // when to try again to write them
};

bool exists(int directory, const char* path) noexcept {
    struct stat is;
    return ::fstatat(directory, path, &is, 0) == 0;
}

outcome supervisor::setup(const char* name, const char* path) noexcept {
    name_ = name;
    path_ = path;

    post& main   = at(member::main);
    auto  opened = sys::hold_directory(AT_FDCWD, path);
    if (!opened || ::faccessat(opened->value(), ".", X_OK, AT_EACCESS) != 0)
        return trouble{"unable to change to directory", "", opened ? errno : opened.why().error};
    main.directory = std::move(*opened);
    TRY(find_logger());
    find_wishes();

    TRY(lock(member::main));
    if (state_.has_log) TRY(lock(member::log));
    first_ = take_over(state_, main, at(member::log), pipe_, sys::voice{"runsv", name_});
    if (has_orphans()) warn({"the supervisor before this one was killed: going on with its processes"});
    TRY(main.files.open_fifos());
    if (state_.has_log) TRY(at(member::log).files.open_fifos());
    return done{};
}

outcome supervisor::go_on(const char* name, const baton& received) noexcept {
    name_          = name;
    path_          = received.path;
    state_.has_log = received.directory[index(member::log)] >= 0;
    for (const member who : {member::main, member::log}) {
        const std::size_t i = index(who);
        if (who == member::log && !state_.has_log) break;
        at(who).directory.reset(received.directory[i]);
        at(who).files = TRY(sys::supervise::take_over(
            at(who).directory.value(), names_of(who),
            {.lock = received.lock[i], .control = received.control[i], .ok = received.ok[i]}));
    }
    pipe_.read.reset(received.read);
    pipe_.write.reset(received.write);
    find_wishes();
    first_ = take_over(state_, at(member::main), at(member::log), pipe_, sys::voice{"runsv", name_});
    return done{};
}

// The service's lock must be free; runit waits for the logger's, and so do we, but say so.
outcome supervisor::lock(member who) noexcept {
    const int directory = at(who).directory.value();
    auto      locked    = sys::supervise::lock(directory, names_of(who));
    if (!locked && locked.why().error == EAGAIN && who == member::log) {
        warn({"log/supervise/lock is held by another process, waiting for it"});
        locked = sys::supervise::lock(directory, names_of(who), true);
    }
    at(who).files = TRY(std::move(locked));
    return done{};
}

outcome supervisor::find_logger() noexcept {
    const int   service = at(member::main).directory.value();
    struct stat is;
    if (::fstatat(service, "log", &is, 0) != 0) {
        if (errno != ENOENT) warn({"unable to stat() ./log", "", errno});
        return done{};
    }
    if (!S_ISDIR(is.st_mode)) {
        warn({"./log: not a directory."});
        return done{};
    }
    auto opened = sys::hold_directory(service, "log");
    if (!opened) return trouble{"unable to change directory to ./log", "", opened.why().error};
    at(member::log).directory = std::move(*opened);
    state_.has_log            = true;
    return done{};
}

// What is wanted when nobody has said anything yet.
void supervisor::find_wishes() noexcept {
    const auto wanted_at = [](const post& its) {
        return exists(its.directory.value(), "down") ? want::down : want::up;
    };
    state_.main.wanted = wanted_at(at(member::main));
    if (state_.has_log) state_.log.wanted = wanted_at(at(member::log));
    state_.main.since = state_.log.since = sys::wall();
}

// -- what happens ------------------------------------------------------------------------------------------------

// What is done may be over at once (there is no such script, no process could be made): that is what happens next. Once
// all has ended nothing happens any more: a command that came with the last end would start what nobody looks after.
void supervisor::on(member who, event happened) noexcept {
    for (std::optional<event> next = happened; next && !left_;) {
        next->at              = sys::monotonic();
        next->wall            = sys::wall();
        next->essential       = who == member::main && is_essential();
        const task_list tasks = step(state_, who, *next);
        next.reset();
        for (const task& what : tasks) {
            const std::optional<event> over = act(what);
            if (over && what.who == who) next = over;
            if (over && what.who != who) on(what.who, *over);
        }
    }
}

event supervisor::end_of(member who, int status) const noexcept {
    // Can it be read? Asked so that no descriptor is needed: there may be none left.
    const bool finish = ::faccessat(posts_[index(who)].directory.value(), "finish", R_OK, AT_EACCESS) == 0;
    return {.what = event::kind::ended, .status = status, .has_finish = finish};
}

// After a SIGTERM that came before the start it starts nothing: it stops the processes that a killed supervisor has
// left.
void supervisor::begin() noexcept {
    publish();
    if (terminate_ && !busy(state_.main)) {
        terminate_ = false;
        if (!state_.log.alive && !pipe_.write) state_.log.wanted = want::down;  // there is nothing for it to read
        on(member::main, {.what = event::kind::command, .order = *command_of('x')});
    }
    if (state_.has_log) tell_first(member::log, first_.of_log);
    tell_first(member::main, first_.of_main);
}

void supervisor::tell_first(member who, const std::optional<event>& news) noexcept {
    const bool is_end = news && news->what == event::kind::ended;
    on(who, is_end ? end_of(who, news->status) : news.value_or(event{}));
}

bool supervisor::obeys(member who) const noexcept { return who == member::main ? !busy(state_.main) : state_.has_log; }

void supervisor::read_command(member who) noexcept {
    const auto letter = at(who).files.next_command();
    const auto order  = letter ? command_of(*letter) : std::nullopt;
    if (order) on(who, {.what = event::kind::command, .order = *order});
}

void supervisor::terminate() noexcept { terminate_ = true; }

void supervisor::reaped(sys::ended_child child) noexcept {
    if (child.pid == at(member::main).script.pid) return script_ended(child.status);
    for (const member who : {member::main, member::log})
        if (child.pid == at(who).process.pid) return ended(who, child.status);
}

void supervisor::look_after_orphans() noexcept {
    const auto end_of_orphan = [](worker& one) {
        return one.orphan ? one.orphan.ended(sys::monotonic()) : std::nullopt;
    };
    if (const auto status = end_of_orphan(at(member::main).script)) script_ended(*status);
    for (const member who : {member::main, member::log})
        if (const auto status = end_of_orphan(at(who).process)) ended(who, *status);
}

void supervisor::ended(member who, int status) noexcept {
    at(who).process = {};
    on(who, end_of(who, status));
}

void supervisor::script_ended(int status) noexcept {
    at(member::main).script = {};
    on(member::main, {.what = event::kind::script_ended, .handled = status == 0});
}

// A container lives for this service, and its process no 1 listens: core/essential.hh.
bool supervisor::is_essential() const noexcept {
    return std::getenv(essential_variable) != nullptr &&
           exists(posts_[index(member::main)].directory.value(), "essential");
}

void supervisor::catch_up() noexcept {
    if (terminate_ && !busy(state_.main)) {
        terminate_ = false;
        on(member::main, {.what = event::kind::command, .order = *command_of('x')});
    }
    const auto due = next_tick(state_);
    if (due && *due <= sys::monotonic()) {
        if (state_.has_log) on(member::log, {});
        on(member::main, {});
    }
    publish();
}

std::optional<ticks> supervisor::deadline() const noexcept {
    std::optional<ticks> first = next_tick(state_);
    for (const auto& other :
         {retry_, orphan(member::main).deadline(), orphan(member::log).deadline(), orphaned_script().deadline()})
        if (other && (!first || *other < *first)) first = other;
    return first;
}

void supervisor::leave_in_order() const noexcept {
    sys::empty_ledger(posts_[index(member::main)].files.ledger());
    if (state_.has_log) sys::empty_ledger(posts_[index(member::log)].files.ledger());
}

// Only when what the files say is all there is to know.
void supervisor::renew(char* const* argv) noexcept {
    if (!can_be_handed_over(state_.main) || !can_be_handed_over(state_.log) || terminate_ || !publish()) return;
    renew_ = false;
    baton to{.read = pipe_.read.value(), .write = pipe_.write.value(), .path = path_};
    for (const member who : {member::main, member::log}) {
        const std::size_t          i    = index(who);
        const sys::supervise::hold held = posts_[i].files.held();
        to.directory[i]                 = posts_[i].directory.value();
        to.lock[i]                      = held.lock;
        to.control[i]                   = held.control;
        to.ok[i]                        = held.ok;
    }
    warn(runwell::renew(to, argv));
}

// -- what is to be done ------------------------------------------------------------------------------------------

std::optional<event> supervisor::act(const task& what) noexcept {
    static constexpr const char* run[] = {"./run", nullptr};
    switch (what.what.what) {
        case todo::deed::start_run: return start(what.who, run);
        case todo::deed::start_finish: return run_finish();
        case todo::deed::run_script: return run_script(what.who, what.what.script);
        case todo::deed::send: at(what.who).process.send(what.what.signal); break;
        case todo::deed::end_input: pipe_.write.reset(); break;
        case todo::deed::end_container:
            ::sigqueue(1, essential_signal, {.sival_int = exit_code(state_.main.wait_status)});
            break;
        case todo::deed::leave: left_ = true; break;
    }
    return std::nullopt;
}

// The pipe between the two is made when it is first needed, and anew after a drain.
bool supervisor::ensure_pipe() noexcept {
    if (!state_.has_log || state_.draining || pipe_.write) return true;
    auto made = sys::make_pipe();
    if (!made) {
        warn({"unable to create log pipe", "", made.why().error});
        return false;
    }
    pipe_ = std::move(*made);
    sys::note_pipe(at(member::main).files.ledger(), pipe_.write);
    return true;
}

std::optional<event> supervisor::start(member who, const char* const* argv) noexcept {
    if (!ensure_pipe()) return event{.what = event::kind::could_not_start};
    const bool         is_log = who == member::log;
    const sys::spawned child  = sys::spawn({.path     = argv[0],
                                            .argv     = argv,
                                            .envp     = environ,
                                            .dir      = at(who).directory.value(),
                                            .fd_for_0 = is_log ? pipe_.read.value() : -1,
                                            .fd_for_1 = is_log ? -1 : pipe_.write.value(),
                                            .ledger   = at(who).files.ledger(),
                                            .entry    = life(who).now == phase::run ? 'r' : 'f'});
    if (child.pid < 0) {
        warn({"unable to fork, sleeping", "", child.error});
        return event{.what = event::kind::could_not_start};
    }
    at(who).process.pid = child.pid;
    if (child.pid > 0) return std::nullopt;
    cannot_start(who, child);
    constexpr int exited_111 = 111 << 8;
    return end_of(who, exited_111);
}

std::optional<event> supervisor::run_finish() noexcept {
    const int      status = state_.main.wait_status;
    const bool     known  = status != unknown_status;
    fixed_text<12> code, low;
    if (known && WIFEXITED(status))
        code.append(decimal{static_cast<unsigned>(WEXITSTATUS(status))}.view());
    else
        code.append("-1");
    low.append(decimal{static_cast<unsigned>(known ? status & 0xff : 0)}.view());
    const char* const argv[] = {"./finish", code.c_str(), low.c_str(), nullptr};
    return start(member::main, argv);
}

std::optional<event> supervisor::run_script(member who, char letter) noexcept {
    fixed_text<16> path;
    path.append("control/");
    path.append(letter);
    struct stat is;
    if (::fstatat(at(who).directory.value(), path.c_str(), &is, 0) != 0 || (is.st_mode & S_IXUSR) == 0)
        return event{.what = event::kind::script_ended};

    publish();      // the script may ask for the status
    ensure_pipe();  // and what it says belongs into the log, also before the first start
    fixed_text<12> pid;
    if (at(who).process.pid > 0) pid.append(decimal{static_cast<unsigned>(at(who).process.pid)}.view());
    const char* const  argv[] = {path.c_str(), pid.c_str(), nullptr};
    const sys::spawned child  = sys::spawn({.path     = argv[0],
                                            .argv     = argv,
                                            .envp     = environ,
                                            .dir      = at(who).directory.value(),
                                            .fd_for_1 = pipe_.write.value(),
                                            .ledger   = at(who).files.ledger(),
                                            .entered  = role::script,
                                            .entry    = letter});
    if (child.pid > 0) {
        at(who).script.pid = child.pid;
        return std::nullopt;
    }
    if (child.pid < 0)
        warn({"unable to fork for control/?", "", child.error});
    else
        sys::voice{"runsv", name_}.fatal({"unable to run control/?", "", child.error}, 0);
    return event{.what = event::kind::script_ended};
}

void supervisor::cannot_start(member who, const sys::spawned& child) const noexcept {
    const sys::voice say{"runsv", name_};
    const bool       is_log  = who == member::log;
    const char*      program = life(who).now == phase::finish ? "./finish" : "./run";
    switch (child.failed) {
        case sys::spawned::stage::directory: say.fatal({"unable to change directory", "", child.error}, 0); return;
        case sys::spawned::stage::descriptors:
            say.fatal({"unable to setup stdout for ", program, child.error}, 0);
            return;
        case sys::spawned::stage::none:
        case sys::spawned::stage::execute:
            say.fatal({is_log ? "unable to start log/" : "unable to start ", program, child.error}, 0);
            return;
    }
}

// -- what the files say ------------------------------------------------------------------------------------------

// Both, where they have changed. When that fails the reason is told once, and tried again every second.
bool supervisor::publish() noexcept {
    outcome       said   = publish(member::main);
    const outcome of_log = state_.has_log ? publish(member::log) : outcome{done{}};
    if (said) said = of_log;
    if (said) {
        retry_.reset();
        complaint_ = 0;
        return true;
    }
    retry_ = sys::monotonic() + one_second;
    if (complaint_ != said.why().error) warn(said.why());
    complaint_ = said.why().error;
    return false;
}

outcome supervisor::publish(member who) noexcept {
    const service& is = life(who);
    if (at(who).files.removed()) TRY(move_back_in(who));
    return at(who).files.publish({.since    = is.since,
                                  .pid      = static_cast<std::uint32_t>(at(who).process.pid),
                                  .paused   = is.paused,
                                  .wanted   = is.wanted,
                                  .got_term = is.got_term,
                                  .now      = is.now});
}

// supervise/ has been removed, alone or with the service directory: serve what has taken its place under the name.
outcome supervisor::move_back_in(member who) noexcept {
    post& its = at(who);
    if (sys::is_removed(its.directory)) {
        its.directory = TRY(who == member::main ? sys::hold_directory(AT_FDCWD, path_)
                                                : sys::hold_directory(at(member::main).directory.value(), "log"));
    }
    sys::supervise files = TRY(sys::supervise::lock(its.directory.value(), names_of(who)));
    TRY(files.open_fifos());
    its.files = std::move(files);
    write_ledger_anew(who);
    return done{};
}

// What lives has entered itself in a file that is gone.
void supervisor::write_ledger_anew(member who) const noexcept {
    const post& its  = posts_[index(who)];
    const auto  here = sys::here_and_now();
    if (!here) return;
    sys::begin_ledger(its.files.ledger(), *here, false);
    if (who == member::main && pipe_.write) sys::note_pipe(its.files.ledger(), pipe_.write);
    const auto enter = [&](role as, char what, pid_t pid) {
        if (pid > 0) sys::enter(its.files.ledger(), as, {what, static_cast<std::uint32_t>(pid), here->since});
    };
    enter(role::process, life(who).now == phase::run ? 'r' : 'f', its.process.pid);
    enter(role::script, life(who).script, its.script.pid);
}

// -- the program -------------------------------------------------------------------------------------------------

[[noreturn]] void run(supervisor& service, const sys::unique_fd& signals, char* const* argv) noexcept {
    const auto reap = [&] {
        for (auto child = sys::reap(); child.pid != 0; child = sys::reap()) service.reaped(child);
    };
    const auto read_signals = [&] {
        while (const int signal = sys::next_signal(signals)) {
            if (signal == SIGTERM) service.terminate();
            if (signal == SIGHUP) service.renew_soon();
        }
    };
    read_signals();
    service.begin();
    reap();  // who ended while this program took the place of another: listen_to() has dropped the signal
    for (;;) {
        service.catch_up();
        if (service.has_left()) {
            service.leave_in_order();
            ::_exit(0);
        }
        if (service.is_to_be_renewed()) service.renew(argv);

        const auto listen  = [&](member who) { return service.obeys(who) ? service.control(who) : -1; };
        const auto watch   = [](const sys::orphan& it) { return pollfd{it.fd().value(), it.events(), 0}; };
        pollfd     ready[] = {{signals.value(), POLLIN, 0},        {listen(member::main), POLLIN, 0},
                              {listen(member::log), POLLIN, 0},    watch(service.orphaned_script()),
                              watch(service.orphan(member::main)), watch(service.orphan(member::log))};
        // No more than needed: ppoll(2) takes no more than RLIMIT_NOFILE.
        const std::span all{ready};
        const bool      any = sys::wait_for(all.first(service.has_orphans() ? all.size() : 3), service.deadline());
        service.look_after_orphans();
        if (!any) continue;

        if (ready[0].revents != 0) {
            read_signals();
            reap();
        }
        if (ready[1].revents != 0 && service.obeys(member::main)) service.read_command(member::main);
        if (ready[2].revents != 0) service.read_command(member::log);
    }
}

// The absolute path of a directory, or `name` itself where that is too long to be kept.
const char* absolute(const char* name) noexcept {
    static char       path[512];  // PATH_MAX would be one more page for every service
    const std::size_t size = std::strlen(name) + 1;
    if (*name == '/' || *name == '\0' || ::getcwd(path, sizeof path) == nullptr) return name;
    const std::size_t above = std::strlen(path);
    if (above + 1 + size > sizeof path) return name;
    path[above] = '/';
    std::memcpy(path + above + 1, name, size);
    return path;
}

int usage() noexcept {
    sys::say({"usage: runsv dir\n"});
    return 1;
}

}  // namespace
}  // namespace runwell

int main(int argc, char** argv) {
    using namespace runwell;
    if (argc != 2) return usage();
    sys::occupy_standard_descriptors();

    supervisor service;
    const auto baton = received();
    if (!baton && asks_for_version(argc, argv) && ::access(argv[1], F_OK) != 0) {
        sys::say({version_words});
        return usage();
    }
    const char* const path  = baton ? baton->path : absolute(argv[1]);
    const outcome     ready = baton ? service.go_on(argv[1], *baton) : service.setup(argv[1], path);
    if (!ready) return sys::voice{"runsv", argv[1]}.fatal(ready.why(), 111);
    const auto signals = sys::listen_to({SIGCHLD, SIGTERM}, {SIGHUP});
    if (!signals) return sys::voice{"runsv", argv[1]}.fatal(signals.why(), 111);
    // Where it was started may have to be unmounted one day; where the service lives is in use anyway.
    if (!baton && *path == '/') static_cast<void>(::chdir(path) != 0);
    run(service, *signals, argv);
}
