// runsv — supervises one service directory, and its log/.
//   setup()   may fail, and then runsv never began;
//   run()     may not: from here on every error is a warning and a retry.
//
// core/pair makes every decision; this file carries it out and reports the result back as an event.
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <optional>
#include <span>

#include "core/durations.hh"
#include "core/essential.hh"
#include "core/kernel_names.hh"
#include "core/pair.hh"
#include "core/stages.hh"
#include "core/text.hh"
#include "core/version.hh"
#include "prog/runsv/member_io.hh"
#include "prog/runsv/reexec.hh"
#include "prog/runsv/takeover.hh"
#include "sys/clock.hh"
#include "sys/contained.hh"
#include "sys/files.hh"
#include "sys/ledger.hh"
#include "sys/messages.hh"
#include "sys/signals.hh"
#include "sys/spawn.hh"
#include "sys/supervise.hh"
#include "sys/value_files.hh"
#include "sys/wait.hh"

namespace runwell {
namespace {

// From a removal in the service directory to the look at it: rm -r of the whole directory must not find new files.
constexpr ticks looks_in = one_second / 2;

// From one KILL of what a contained service has left to the next.
constexpr ticks next_round = one_second / 10;

// An absolute path of the service directory, if it fits. (PATH_MAX would be one more page for every service.)
constexpr std::size_t longest_path = 511;
char                  path_of_service[longest_path + 1];

class supervisor {
public:
    // Takes charge of the service directory at `path`, which is spoken of as `name`. Nothing is started yet.
    result<void> setup(const char* name, const char* path) noexcept;
    // The same for the process that has been its supervisor before it became this program.
    result<void> go_on(const char* name, const handover& from) noexcept;

    void begin() noexcept;                         // start what is wanted
    bool obeys(member who) const noexcept;         // it can take a command now
    void read_command(member who) noexcept;        // take the next one
    void terminate() noexcept;                     // as the command exit, as soon as it can be taken
    void reaped(sys::ended_child child) noexcept;  // a child of this process: ours, or nobody's
    void look_after_orphans() noexcept;            // the same for what a supervisor before has left
    void watch_names() const noexcept;             // a removal in the directories is to be reported by SIGIO
    void names_changed() noexcept;                 // … and was
    void catch_up() noexcept;                      // do what time has made due, and let the files say what is true
    void leave_in_order() noexcept;                // nothing remains for a successor
    void reexec(char* const* argv) noexcept;       // become the program that is installed now, if that can be

    int                  control(member who) const noexcept { return at(who).files.control().value(); }
    const sys::orphan&   orphan(member who) const noexcept { return at(who).process.orphan; }
    const sys::orphan&   orphaned_script() const noexcept { return at(member::main).script.orphan; }
    int                  rest_events() const noexcept { return state_.main.stop.rest ? contained_.events() : -1; }
    bool                 has_orphans() const noexcept { return members_[0].has_orphans() || members_[1].has_orphans(); }
    std::optional<ticks> deadline() const noexcept;
    bool                 has_left() const noexcept { return left_; }

private:
    static constexpr std::size_t index(member who) noexcept { return static_cast<std::size_t>(who); }
    member_io&                   at(member who) noexcept { return members_[index(who)]; }
    const member_io&             at(member who) const noexcept { return members_[index(who)]; }
    const service& life(member who) const noexcept { return who == member::main ? state_.main : state_.log; }
    service&       life(member who) noexcept { return who == member::main ? state_.main : state_.log; }
    status         status_of(member who) const noexcept;

    bool is_essential() const noexcept;

    void read_rules(const moment& wall) noexcept;
    void read_rule(value_file what) noexcept;
    void go_on_with_limits(const moment& wall) noexcept;
    void record_stop() noexcept;

    sys::contained::others others() const noexcept;
    void                   contain() noexcept;
    void                   find_rest() noexcept;
    void                   look_at_rest() noexcept;
    result<void>           find_logger() noexcept;
    void                   find_wants(const moment& wall) noexcept;
    void                   tell_first(member who, const std::optional<event>& what) noexcept;
    void                   look_after_foreign(member who, supervised_process& one) noexcept;
    void                   ended(member who, int status) noexcept;
    void                   script_ended(int status) noexcept;
    result<void>           lock(member who) noexcept;
    void                   on(member who, event happened) noexcept;
    event                  end_of(member who, int status) const noexcept;

    // Each does it, and tells what has come of it when that is known at once.
    std::optional<event> act(const member_action& what) noexcept;
    std::optional<event> start(member who, const char* const* argv) noexcept;
    std::optional<event> run_finish() noexcept;
    std::optional<event> run_script(member who, char letter) noexcept;

    bool         ensure_pipe() noexcept;
    bool         publish() noexcept;
    result<void> publish(member who) noexcept;
    result<void> move_back_in(member who) noexcept;
    bool         record(member who) noexcept;
    void         look_at_names() noexcept;
    void         warn(const error& why) const noexcept { sys::messages{"runsv", name_}.warn(why); }
    void         cannot_start(member who, const sys::spawned& child) const noexcept;

    const char*           name_ = "";
    const char*           path_ = "";
    member_io             members_[2];
    sys::pipe_ends        pipe_;
    file_identity         pipe_is_;  // which pipe that is
    boot_scope            scope_;
    ticks                 since_ = 0;  // this supervisor exists, by CLOCK_BOOTTIME
    pair                  state_;
    sys::value_files_seen beside_;                 // ./run lies the files of one value
    stop_rules            rules_;                  // that they say
    value_file_set        present_;                // … as of the last look
    bool                  rules_are_new_ = false;  // … which was made for the first event of ./run
    value_file_set        refused_;                // runsv has reported that these hold no value
    ticks                 recorded_kill_ = never;  // state_.main.stop.kill_at, as the record says it
    sys::contained        contained_;              // all that ./run has started, where the file `contain` says so
    bool                  uncontained_said_ = false;
    initial_events        first_;              // what a supervisor before has left to be told
    bool                  terminate_ = false;  // asked for while a control script ran
    bool                  left_      = false;
    bool                  displaced_ = false;  // another runsv serves what has our name now
    bool                  missing_[2]{};       // supervise/ did not lead to our files when that was looked at,
    bool                  lost_[2]{};          // … and the time after
    int                   complaint_ = 0;      // errno of the last complaint about the files, so that it is made once
    std::optional<ticks>  retry_;              // when to try again to write them
    std::optional<ticks>  look_at_;            // when to look whether supervise/ is still ours
};

bool exists(int directory, const char* path) noexcept {
    struct stat is;
    return ::fstatat(directory, path, &is, 0) == 0;
}

result<void> supervisor::setup(const char* name, const char* path) noexcept {
    const moment wall = sys::wall();
    name_             = name;
    path_             = path;
    since_            = sys::since_boot();
    scope_            = sys::scope_at(wall, since_);

    member_io& main   = at(member::main);
    auto       opened = open_service_directory(AT_FDCWD, path);
    if (!opened || ::faccessat(opened->value(), ".", X_OK, AT_EACCESS) != 0)
        return error{"unable to change to directory", "", opened ? errno : opened.why().code};
    main.directory = std::move(*opened);
    TRY(find_logger());
    find_wants(wall);

    TRY(lock(member::main));
    if (state_.has_log) TRY(lock(member::log));
    first_ = take_over(state_, main, at(member::log), pipe_, scope_, sys::messages{"runsv", name_});
    if (pipe_.write) pipe_is_ = sys::identity_by_device(pipe_.write.value());
    go_on_with_limits(wall);
    find_rest();
    if (state_.main.alive || busy(state_.main) || state_.log.alive)
        warn({"the supervisor before this one was killed: going on with its processes"});
    TRY(main.files.open_fifos());
    if (state_.has_log) TRY(at(member::log).files.open_fifos());
    return {};
}

result<void> supervisor::go_on(const char* name, const handover& from) noexcept {
    name_ = name;
    std::memcpy(path_of_service, from.path.c_str(), from.path.size() + 1);
    path_      = path_of_service;
    since_     = sys::since_boot();
    scope_     = sys::scope_at(sys::wall(), since_);
    state_     = from.state;
    terminate_ = from.terminate;
    pipe_.read.reset(from.log_pipe[0]);
    pipe_.write.reset(from.log_pipe[1]);
    if (pipe_.write) pipe_is_ = sys::identity_by_device(pipe_.write.value());
    for (const member who : {member::main, member::log}) {
        if (who == member::log && !state_.has_log) break;
        const handed_member& its = from.members[index(who)];
        const auto           get = [](const handed_process& p) {
            supervised_process one{
                          .pid = static_cast<pid_t>(p.pid), .record = p.record, .orphan = {}, .foreign = p.foreign};
            if (p.pidfd >= 0) one.orphan = sys::orphan::handed_over(p.pidfd, p.reaped_by);
            return one;
        };
        member_io& here = at(who);
        here.directory.reset(its.files.directory);
        here.record_file.reset(its.files.ledger);
        here.process     = get(its.process);
        here.script      = get(its.script);
        here.files       = sys::supervise::handed_over(here.directory.value(), names_of(who),
                                                       {.directory = its.files.supervise,
                                                        .lock      = its.files.lock,
                                                        .control   = its.files.control,
                                                        .ok        = its.files.ok,
                                                        .pid       = its.files.pid,
                                                        .stat      = its.files.stat,
                                                        .status    = its.files.status,
                                                        .published = its.files.published},
                                                       status_of(who));
        here.status_file = here.files.status_file();
        open_ledger(here, sys::messages{"runsv", name_});
    }
    read_rules(sys::wall());
    if (rules_.contain || state_.main.stop.rest) contained_.resume(at(member::main).directory.value());
    names_changed();  // the program before may have missed a removal
    return {};
}

// The service's lock must be free; runit waits for the logger's, and so do we, but say so.
result<void> supervisor::lock(member who) noexcept {
    const int directory = at(who).directory.value();
    auto      locked    = sys::supervise::lock(directory, names_of(who));
    if (!locked && locked.why().code == EAGAIN && who == member::log) {
        warn({"log/supervise/lock is held by another process, waiting for it"});
        locked = sys::supervise::lock(directory, names_of(who), true);
    }
    at(who).files = TRY(std::move(locked));
    return {};
}

result<void> supervisor::find_logger() noexcept {
    const int   service = at(member::main).directory.value();
    struct stat is;
    if (::fstatat(service, "log", &is, 0) != 0) {
        if (errno != ENOENT) warn({"unable to stat() ./log", "", errno});
        return {};
    }
    if (!S_ISDIR(is.st_mode)) {
        warn({"./log: not a directory."});
        return {};
    }
    auto opened = open_service_directory(service, "log");
    if (!opened) return error{"unable to change directory to ./log", "", opened.why().code};
    at(member::log).directory = std::move(*opened);
    state_.has_log            = true;
    return {};
}

// What is wanted before the first command.
void supervisor::find_wants(const moment& wall) noexcept {
    const auto wanted_at = [](const member_io& its) {
        return exists(its.directory.value(), "down") ? want::down : want::up;
    };
    state_.main.wanted = wanted_at(at(member::main));
    if (state_.has_log) state_.log.wanted = wanted_at(at(member::log));
    state_.main.since = state_.log.since = wall;
}

// -- the files of one value beside ./run ---------------------------------------------------------------------------

// At each start and at each command, which may be a stop. One fstat(2), where there are none.
void supervisor::read_rules(const moment& wall) noexcept {
    const value_file_set before = present_;
    present_                    = beside_.look(at(member::main).directory.value(), wall);
    if (before.empty() && present_.empty()) return;
    rules_ = {};
    for (const value_file_row& row : value_file_rows)
        if (present_.has(row.what)) read_rule(row.what);
}

// A value that is none is reported once, and is as if there were no such file.
void supervisor::read_rule(value_file what) noexcept {
    if (row_of(what).kind == value_kind::none) {
        rules_.contain = true;
        return;
    }
    const auto text = sys::read_value(at(member::main).directory.value(), what);
    if (text && is_value_of(what, text->view())) {
        refused_.remove(what);
        switch (what) {
            case value_file::down_signal: rules_.down_signal = *signal_in(text->view()); return;
            case value_file::reload_signal: rules_.reload_signal = *signal_in(text->view()); return;
            case value_file::timeout_kill: rules_.timeout_kill = *duration_in(text->view()); return;
            case value_file::timeout_finish: rules_.timeout_finish = *duration_in(text->view()); return;
            case value_file::contain: return;
        }
    }
    if (refused_.has(what)) return;
    refused_.add(what);
    if (!text) return warn(text.why());
    const char* const expected =
        row_of(what).kind == value_kind::signal ? "no signal" : "no duration like 10s or 500ms";
    sys::messages{"runsv", name_}.warn({"unable to use ", row_of(what).name, ": \"", text->view(), "\" is ", expected});
}

// A ./finish or a control script that a supervisor before has left has the rest of its time.
void supervisor::go_on_with_limits(const moment& wall) noexcept {
    read_rules(wall);
    rules_are_new_   = true;
    const auto began = [](const supervised_process& one) {
        return sys::monotonic() - (one.record ? sys::since_boot() - one.record->born : 0);
    };
    service& its = state_.main;
    if (its.alive && its.now == phase::finish) begin_finish(its.stop, rules_, began(at(member::main).process));
    if (busy(its)) begin_script(its.stop, rules_, began(at(member::main).script));
}

// For a successor: when ./run is killed. A time that is over stays there, until another process is recorded.
void supervisor::record_stop() noexcept {
    member_io& its = at(member::main);
    if (state_.main.stop.kill_at == never || !its.process.record) return;
    const ticks when = state_.main.stop.kill_at;
    if (when == recorded_kill_) return;
    recorded_kill_ = when;
    its.stop       = kill_record(*its.process.record, when - sys::monotonic() + sys::since_boot());
    if (!displaced_ && its.ledger() >= 0) sys::enter(its.ledger(), role::stop, *its.stop);
}

// -- what a contained ./run has started ----------------------------------------------------------------------------

// Processes of ours that are not of ./run.
sys::contained::others supervisor::others() const noexcept {
    return {at(member::log).process.pid, at(member::main).script.pid};
}

// The choice is made at each start.
void supervisor::contain() noexcept {
    if (!rules_.contain) return contained_.end();
    const result<void> made = contained_.begin(at(member::main).directory.value());
    if (made) {
        uncontained_said_ = false;
        return;
    }
    if (!std::exchange(uncontained_said_, true)) warn(made.why());
}

// A supervisor before may have been killed between the end of ./run and that of the rest.
void supervisor::find_rest() noexcept {
    if (!rules_.contain && !at(member::main).process.record) return;  // no supervisor was before
    contained_.resume(at(member::main).directory.value());
    service& its = state_.main;
    if (its.alive || its.blocked || !contained_.any(others())) return;
    warn({"processes of this service are left, ending them"});
    its.now = phase::finish;
    if (at(member::main).stop)
        its.stop.kill_at = std::max(never + 1, at(member::main).stop->born - sys::since_boot() + sys::monotonic());
    const stop_action what = begin_rest(its.stop, rules_, sys::monotonic());
    contained_.send(what == stop_action::kill_rest ? SIGKILL : SIGTERM, others());
}

// Nothing reports the end of the last one by itself: the cgroup, or the end of a child, is the occasion to look.
void supervisor::look_at_rest() noexcept {
    if (!state_.main.stop.rest) {
        if (contained_.by() != sys::containment::none && state_.main.now != phase::run) contained_.end();
        return;
    }
    if (contained_.any(others())) {
        if (state_.main.stop.by_force) contained_.send(SIGKILL, others());  // a process may have forked at that moment
        return;
    }
    contained_.end();
    event over = end_of(member::main, 0);
    over.what  = event::kind::rest_ended;
    on(member::main, over);
}

// -- what happens ------------------------------------------------------------------------------------------------

// An action may have its result at once (there is no such script, no process could be made), which is the next event,
// at the same time. After `leave` no further event is taken: a command would start what no runsv supervises.
void supervisor::on(member who, event happened) noexcept {
    happened.at   = sys::monotonic();
    happened.wall = sys::wall();
    for (std::optional<event> next = happened; next && !left_;) {
        next->at        = happened.at;
        next->wall      = happened.wall;
        next->essential = who == member::main && is_essential();
        if (who == member::main) {
            const bool asks =
                next->what == event::kind::command || next->what == event::kind::ended || start_is_due(state_.main);
            if (!std::exchange(rules_are_new_, false) && asks) read_rules(happened.wall);
            next->rules = rules_;
        }
        const member_actions actions = step(state_, who, *next);
        for (const member each : {member::main, member::log}) record(each);  // before anything comes of it
        record_stop();
        next.reset();
        for (const member_action& what : actions) {
            const std::optional<event> over = act(what);
            if (over && what.who == who) next = over;
            if (over && what.who != who) on(what.who, *over);
        }
    }
}

event supervisor::end_of(member who, int status) const noexcept {
    // Can it be read? Asked so that no descriptor is needed: there may be none left.
    const bool finish = ::faccessat(at(who).directory.value(), "finish", R_OK, AT_EACCESS) == 0;
    const bool rest   = who == member::main && life(who).now == phase::run && contained_.any(others());
    int        unread = 0;
    if (who == member::log && pipe_.read) static_cast<void>(::ioctl(pipe_.read.value(), FIONREAD, &unread) != 0);
    return {.what       = event::kind::ended,
            .status     = status,
            .has_finish = finish,
            .has_rest   = rest,
            .unread     = static_cast<std::size_t>(unread)};
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

void supervisor::tell_first(member who, const std::optional<event>& what) noexcept {
    const bool is_end = what && what->what == event::kind::ended;
    on(who, is_end ? end_of(who, what->status) : what.value_or(event{}));
}

bool supervisor::obeys(member who) const noexcept { return who == member::main ? !busy(state_.main) : state_.has_log; }

void supervisor::read_command(member who) noexcept {
    const auto letter = at(who).files.next_command();
    const auto order  = letter ? command_of(*letter) : std::nullopt;
    if (order) on(who, {.what = event::kind::command, .order = *order});
}

void supervisor::terminate() noexcept { terminate_ = true; }

void supervisor::reaped(sys::ended_child child) noexcept {
    if (at(member::main).script.is_mine(child.pid)) return script_ended(child.status);
    for (const member who : {member::main, member::log})
        if (at(who).process.is_mine(child.pid)) return ended(who, child.status);
}

void supervisor::look_after_orphans() noexcept {
    for (const member who : {member::main, member::log})
        for (supervised_process* one : {&at(who).process, &at(who).script}) look_after_foreign(who, *one);
    const auto end_of_orphan = [](supervised_process& one) {
        return one.orphan && !one.foreign ? one.orphan.ended(sys::monotonic()) : std::nullopt;
    };
    if (const auto status = end_of_orphan(at(member::main).script)) script_ended(*status);
    for (const member who : {member::main, member::log})
        if (const auto status = end_of_orphan(at(who).process)) ended(who, *status);
}

// The process that may have been an old one of this service has ended: the service can be started now.
void supervisor::look_after_foreign(member who, supervised_process& one) noexcept {
    if (!one.foreign) return;
    const bool over = one.orphan ? one.orphan.has_ended() : ::kill(one.pid, 0) != 0 && errno == ESRCH;
    if (!over) return;
    one.has_ended();
    life(who).blocked = at(who).process.foreign || at(who).script.foreign;
    on(who, {});
}

void supervisor::ended(member who, int status) noexcept {
    at(who).process.has_ended();
    on(who, end_of(who, status));
}

void supervisor::script_ended(int status) noexcept {
    at(member::main).script.has_ended();
    on(member::main, {.what = event::kind::script_ended, .handled = status == 0});
}

// The container depends on this service, and its PID 1 expects the signal: core/essential.hh.
bool supervisor::is_essential() const noexcept {
    return std::getenv(essential_variable) != nullptr && exists(at(member::main).directory.value(), "essential");
}

void supervisor::catch_up() noexcept {
    look_at_rest();
    if (terminate_ && !busy(state_.main)) {
        terminate_ = false;
        on(member::main, {.what = event::kind::command, .order = *command_of('x')});
    }
    const auto due = next_tick(state_);
    if (due && *due <= sys::monotonic()) {
        if (state_.has_log) on(member::log, {});
        on(member::main, {});
    }
    if (look_at_ && *look_at_ <= sys::monotonic()) look_at_names();
    publish();
}

std::optional<ticks> supervisor::deadline() const noexcept {
    std::optional<ticks> first = next_tick(state_);
    std::optional<ticks> poll;
    for (const member_io& its : members_)
        if (its.process.must_be_polled() || its.script.must_be_polled()) poll = sys::monotonic() + one_second;
    if (state_.main.stop.rest && state_.main.stop.by_force) poll = sys::monotonic() + next_round;
    for (const auto& other : {retry_, look_at_, poll, orphan(member::main).deadline(), orphan(member::log).deadline(),
                              orphaned_script().deadline()})
        if (other && (!first || *other < *first)) first = other;
    return first;
}

void supervisor::leave_in_order() noexcept {
    contained_.end();
    if (displaced_) return;  // the record is that of another by now
    clear_record(at(member::main));
    if (state_.has_log) clear_record(at(member::log));
}

void supervisor::reexec(char* const* argv) noexcept {
    handover all{.of = static_cast<std::uint32_t>(::getpid()), .state = state_, .members = {}, .path = {}};
    for (const member who : {member::main, member::log}) {
        if (who == member::log && !state_.has_log) break;
        const member_io&           its  = at(who);
        const sys::supervise::hold held = its.files.held();
        const auto                 give = [](const supervised_process& one) {
            return handed_process{.record    = one.record,
                                                  .pid       = static_cast<std::uint32_t>(one.pid),
                                                  .foreign   = one.foreign,
                                                  .pidfd     = one.orphan.fd().value(),
                                                  .reaped_by = one.orphan.deadline()};
        };
        all.members[index(who)] = {.files   = {.directory = its.directory.value(),
                                               .supervise = held.directory,
                                               .lock      = held.lock,
                                               .control   = held.control,
                                               .ok        = held.ok,
                                               .pid       = held.pid,
                                               .stat      = held.stat,
                                               .status    = held.status,
                                               .ledger    = its.record_file.value(),
                                               .published = held.published},
                                   .process = give(its.process),
                                   .script  = give(its.script)};
    }
    all.log_pipe  = {pipe_.read.value(), pipe_.write.value()};
    all.terminate = terminate_;
    if (!all.path.append(path_))
        return warn({"unable to become the installed runsv, going on as before", "", ENAMETOOLONG});
    warn(runwell::reexec(all, argv));
}

// -- actions -----------------------------------------------------------------------------------------------------

std::optional<event> supervisor::act(const member_action& what) noexcept {
    static constexpr const char* run[] = {"./run", nullptr};
    switch (what.what.what) {
        case service_action::kind::start_run: return start(what.who, run);
        case service_action::kind::start_finish: return run_finish();
        case service_action::kind::run_script: return run_script(what.who, what.what.script);
        case service_action::kind::send: at(what.who).process.send(what.what.signal); break;
        case service_action::kind::kill_script: at(what.who).script.send(SIGKILL); break;
        case service_action::kind::send_rest: contained_.send(what.what.signal, others()); break;
        case service_action::kind::end_input: pipe_.write.reset(); break;
        case service_action::kind::end_container:
            ::sigqueue(1, essential_signal, {.sival_int = shell_code(state_.main.wait_status)});
            break;
        case service_action::kind::leave: left_ = true; break;
    }
    return std::nullopt;
}

// Makes the log pipe when it is first needed, and again after a drain.
bool supervisor::ensure_pipe() noexcept {
    if (!state_.has_log || state_.draining || pipe_.write) return true;
    auto made = sys::make_pipe();
    if (!made) {
        warn({"unable to create log pipe", "", made.why().code});
        return false;
    }
    pipe_    = std::move(*made);
    pipe_is_ = sys::identity_by_device(pipe_.write.value());
    record(member::main);
    return true;
}

std::optional<event> supervisor::start(member who, const char* const* argv) noexcept {
    if (!ensure_pipe()) return event{.what = event::kind::could_not_start};
    const bool is_log = who == member::log;
    const bool is_run = who == member::main && life(who).now == phase::run;
    if (is_run) contain();
    const sys::spawned child = sys::spawn({.path     = argv[0],
                                           .argv     = argv,
                                           .envp     = environ,
                                           .dir      = at(who).directory.value(),
                                           .fd_for_0 = is_log ? pipe_.read.value() : -1,
                                           .fd_for_1 = is_log ? -1 : pipe_.write.value(),
                                           .recorded = true,
                                           .ledger   = at(who).ledger(),
                                           .entry    = life(who).now == phase::run ? 'r' : 'f',
                                           .cgroup   = is_run ? contained_.entrance() : -1});
    if (child.outside) contained_.did_not_enter();
    if (child.pid < 0) {
        warn({"unable to fork, sleeping", "", child.code});
        return event{.what = event::kind::could_not_start};
    }
    at(who).process.pid = child.pid;
    if (child.pid > 0) {
        at(who).process.record = child.record;
        return std::nullopt;
    }
    cannot_start(who, child);
    return end_of(who, status_of_unstarted);
}

std::optional<event> supervisor::run_finish() noexcept {
    const finish_arguments of     = finish_arguments_of(state_.main.wait_status);
    const char* const      argv[] = {"./finish", of.code.c_str(), of.low.c_str(), nullptr};
    return start(member::main, argv);
}

std::optional<event> supervisor::run_script(member who, char letter) noexcept {
    fixed_text<16> path;
    path.append("control/");
    path.append(letter);
    struct stat is;
    if (!beside_.has_control() || ::fstatat(at(who).directory.value(), path.c_str(), &is, 0) != 0 ||
        (is.st_mode & S_IXUSR) == 0)
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
                                            .recorded = true,
                                            .ledger   = at(who).ledger(),
                                            .entered  = role::script,
                                            .entry    = letter});
    if (child.pid > 0) {
        at(who).script.pid    = child.pid;
        at(who).script.record = child.record;
        return std::nullopt;
    }
    if (child.pid < 0)
        warn({"unable to fork for control/?", "", child.code});
    else
        sys::messages{"runsv", name_}.error({"unable to run control/?", "", child.code});
    return event{.what = event::kind::script_ended};
}

void supervisor::cannot_start(member who, const sys::spawned& child) const noexcept {
    const sys::messages say{"runsv", name_};
    const bool          is_log  = who == member::log;
    const char*         program = life(who).now == phase::finish ? "./finish" : "./run";
    switch (child.failed) {
        case sys::spawned::stage::directory: say.error({"unable to change directory", "", child.code}); return;
        case sys::spawned::stage::descriptors: say.error({"unable to setup stdout for ", program, child.code}); return;
        case sys::spawned::stage::none:
        case sys::spawned::stage::execute:
            say.error({is_log ? "unable to start log/" : "unable to start ", program, child.code});
            return;
    }
}

// -- what the files say ------------------------------------------------------------------------------------------

status supervisor::status_of(member who) const noexcept {
    const service&            is  = life(who);
    const supervised_process& its = at(who).process;
    return {.since    = is.since,
            .pid      = its.foreign ? 0 : static_cast<std::uint32_t>(its.pid),
            .paused   = is.paused,
            .wanted   = is.wanted,
            .got_term = is.got_term,
            .now      = is.now};
}

// Publishes both if they have changed. On a failure prints the reason once, and tries again every second.
bool supervisor::publish() noexcept {
    result<void>       said   = publish(member::main);
    const result<void> of_log = state_.has_log ? publish(member::log) : result<void>{};
    if (said) said = of_log;
    for (const member who : {member::main, member::log})
        if (!record(who) && said) said = error{"unable to write the record of processes", "", errno};
    if (said) {
        retry_.reset();
        complaint_ = 0;
        return true;
    }
    retry_ = sys::monotonic() + one_second;
    if (complaint_ != said.why().code) warn(said.why());
    complaint_ = said.why().code;
    return false;
}

result<void> supervisor::publish(member who) noexcept {
    if (displaced_) return {};
    const bool removed = at(who).files.removed();
    if (removed && look_at_ && !lost_[index(who)]) return {};  // soon, if the service directory is not removed, too
    if (removed || lost_[index(who)]) TRY(move_back_in(who));
    const result<void> said = at(who).files.publish(status_of(who));
    if (at(who).files.has_new_status()) at(who).status_file = at(who).files.status_file();
    return said;
}

// For the supervisor that comes after this one, should it be killed: core/ledger.hh.
bool supervisor::record(member who) noexcept {
    if (displaced_ || (who == member::log && !state_.has_log)) return true;
    return write_record(at(who), {.scope  = scope_,
                                  .since  = since_,
                                  .pipe   = who == member::main ? pipe_is_ : file_identity{},
                                  .status = at(who).status_file,
                                  .wanted = life(who).wanted,
                                  .owed   = life(who).owed});
}

// supervise/ has been removed, alone or with the service directory: serve what has taken its place under the name.
// Where another runsv does so already, there are two of the service: this one ends its own.
result<void> supervisor::move_back_in(member who) noexcept {
    member_io& its = at(who);
    if (sys::is_removed(its.directory)) {
        its.directory = TRY(who == member::main ? open_service_directory(AT_FDCWD, path_)
                                                : open_service_directory(at(member::main).directory.value(), "log"));
    }
    if (its.files.holds_lock_in(its.directory.value())) {  // only a FIFO has been removed
        TRY(its.files.open_fifos());
        lost_[index(who)] = false;
        return {};
    }
    auto locked = sys::supervise::lock(its.directory.value(), names_of(who));
    if (!locked && locked.why().code == EAGAIN) {
        warn({"another runsv has taken the place of this one, ending the service"});
        displaced_ = true;
        terminate();
        look_at_ = sys::monotonic();  // at once
        return {};
    }
    sys::supervise files = TRY(std::move(locked));
    TRY(files.open_fifos());
    its.files         = std::move(files);
    its.status_file   = {};
    lost_[index(who)] = false;
    open_ledger(its, sys::messages{"runsv", name_});
    watch_names();
    return {};
}

// The kernel sends SIGIO once for the next removal or renaming in each service directory: fcntl(2), F_NOTIFY. That
// takes no descriptor, unlike inotify, of which a user has no more than 128. (Not in supervise/: what we rename there
// would wake us.) Without it what is missing is noticed when something happens.
void supervisor::watch_names() const noexcept {
    for (const member_io& its : members_)
        if (its.directory) ::fcntl(its.directory.value(), F_NOTIFY, DN_DELETE);
}

void supervisor::names_changed() noexcept {
    if (!look_at_) look_at_ = sys::monotonic() + looks_in;
}

// Makes supervise/ again if it is missing at two looks in a row. One look could fall into rm -r of the service
// directory.
void supervisor::look_at_names() noexcept {
    look_at_.reset();
    watch_names();  // first, so that nothing is missed
    for (const member who : {member::main, member::log}) {
        const member_io& its     = at(who);
        bool&            missing = missing_[index(who)];
        const bool       intact  = !its.directory || its.files.is_intact_in(its.directory.value());
        const bool       remains = !intact && (sys::is_removed(its.directory) || exists(its.directory.value(), "run"));
        if (remains && missing) lost_[index(who)] = true;
        missing = remains && !missing;
        if (missing) names_changed();
    }
}

// -- the program -------------------------------------------------------------------------------------------------

[[noreturn]] void run(supervisor& service, const sys::unique_fd& signals, char* const* argv) noexcept {
    const auto reap = [&] {
        for (auto child = sys::reap(); child.pid != 0; child = sys::reap()) service.reaped(child);
    };
    bool       reexec       = false;
    const auto read_signals = [&] {
        while (const int signal = sys::next_signal(signals)) {
            if (signal == SIGTERM) service.terminate();
            if (signal == SIGHUP) reexec = true;
            if (signal == SIGIO) service.names_changed();
        }
    };
    read_signals();
    service.watch_names();
    service.begin();
    reap();  // who ended while this program took the place of another: listen_to() has dropped the signal
    for (;;) {
        service.catch_up();
        if (service.has_left()) {
            service.leave_in_order();
            ::_exit(0);
        }
        const auto listen  = [&](member who) { return service.obeys(who) ? service.control(who) : -1; };
        const auto watch   = [](const sys::orphan& it) { return pollfd{it.fd().value(), it.events(), 0}; };
        pollfd     ready[] = {{signals.value(), POLLIN, 0},        {listen(member::main), POLLIN, 0},
                              {listen(member::log), POLLIN, 0},    watch(service.orphaned_script()),
                              watch(service.orphan(member::main)), watch(service.orphan(member::log)),
                              {service.rest_events(), POLLPRI, 0}};
        // No more than needed: ppoll(2) takes no more than RLIMIT_NOFILE.
        const std::span all{ready};
        const bool any = sys::wait_for(all.first(service.has_orphans() || service.rest_events() >= 0 ? all.size() : 3),
                                       service.deadline());
        service.look_after_orphans();
        if (!any) continue;

        if (ready[0].revents != 0) {
            read_signals();
            reap();
            if (std::exchange(reexec, false)) service.reexec(argv);
        }
        if (ready[1].revents != 0 && service.obeys(member::main)) service.read_command(member::main);
        if (ready[2].revents != 0) service.read_command(member::log);
    }
}

// The absolute path of a directory, or `name` itself where that is too long to be kept.
const char* absolute(const char* name) noexcept {
    char* const       path = path_of_service;
    const std::size_t size = std::strlen(name) + 1;
    if (*name == '/' || *name == '\0' || ::getcwd(path, longest_path + 1) == nullptr) return name;
    const std::size_t above = std::strlen(path);
    if (above + 1 + size > longest_path + 1) return name;
    path[above] = '/';
    std::memcpy(path + above + 1, name, size);
    return path;
}

// Apart, so that only a supervisor that was another program before pays for the room.
[[gnu::noinline]] result<bool> go_on(supervisor& service, const char* name) noexcept {
    const auto from = TRY(received());
    if (!from) return false;
    TRY(service.go_on(name, *from));
    return true;
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

    // Beside other variables, whose page is private anyway, rather than on the stack: that is a page less for each
    // service.
    alignas(supervisor) static std::byte room[sizeof(supervisor)];
    supervisor&                          service = *new (room) supervisor;
    const auto                           goes_on = has_been_reexeced() ? go_on(service, argv[1]) : result<bool>{false};
    if (!goes_on) return sys::messages{"runsv", argv[1]}.fatal(goes_on.why(), 111);
    if (!*goes_on) {
        if (asks_for_version(argc, argv) && ::access(argv[1], F_OK) != 0) {
            sys::say({version_words});
            return usage();
        }
        const char* const  path  = absolute(argv[1]);
        const result<void> ready = service.setup(argv[1], path);
        if (!ready) return sys::messages{"runsv", argv[1]}.fatal(ready.why(), 111);
        // Where it was started may have to be unmounted one day; where the service lives is in use anyway.
        if (*path == '/') static_cast<void>(::chdir(path) != 0);
    }
    const auto signals = sys::listen_to({SIGCHLD, SIGTERM}, {SIGHUP, SIGIO});
    if (!signals) return sys::messages{"runsv", argv[1]}.fatal(signals.why(), 111);
    run(service, *signals, argv);
}
