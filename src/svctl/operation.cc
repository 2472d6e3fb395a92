#include "svctl/operation.hh"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "core/session.hh"
#include "core/text.hh"
#include "parts/supervise.hh"
#include "svctl/diagnosis.hh"
#include "svctl/human.hh"
#include "svctl/json.hh"
#include "svctl/processes.hh"
#include "svctl/stopping.hh"
#include "svctl/view.hh"
#include "svctl/watcher.hh"
#include "sys/clock.hh"
#include "sys/files.hh"
#include "sys/spawn.hh"
#include "sys/trust.hh"
#include "sys/wait.hh"

namespace runwell::svctl {
namespace {

constexpr ticks millisecond  = 1'000'000;
constexpr ticks ask_again    = 20 * millisecond;  // for a runsv
constexpr ticks longest_wait = 1000 * 1'000'000'000LL * 86400;

// A line that is read while the operation waits.
void print_now(const std::string& text) {
    print(text);
    std::fflush(stdout);
}

// "0.02 s"
std::string after(ticks passed) {
    std::array<char, 32> text{};
    const double         seconds = static_cast<double>(passed) / 1e9;
    std::snprintf(text.data(), text.size(), seconds < 10 ? "%.2f s" : "%.0f s", seconds);
    return text.data();
}

std::string plainly(double seconds) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%g s", seconds);
    return text.data();
}

// "up, process 4711", "down", "no runsv"
std::string description(const service_state& of) {
    std::string text{state_word(of)};
    if (of.runs() && !of.reported->paused) text = "up";
    if (of.present() && of.reported->pid != 0) text += ", process " + std::to_string(of.reported->pid);
    return text;
}

// One target and how far its operation is.
struct entry {
    const services_directory* in;
    watcher*                  watch;
    std::string               name;
    session                   its;
    service_state             last;
    bool                      changed = true;
    sys::unique_fd            check;  // a pidfd of ./check, while it runs
    pid_t                     check_pid = 0;
    std::string               result;    // of a good one
    std::vector<failure>      failures;  // the first one is the cause

    bool settled() const noexcept { return is_settled(its); }
    bool good() const noexcept { return settled() && failures.empty(); }
};

// On a terminal, one line for each service, redrawn when a service changes. Prints nothing elsewhere.
class progress {
public:
    progress(const terminal& on, std::size_t lines, std::string goal_word)
        : goal_word_{std::move(goal_word)}, on_{&on}, lives_{on.is_terminal() && lines != 0 && lines <= room(on)} {}

    bool lives() const noexcept { return lives_; }

    void draw(const std::vector<entry>& entries, ticks passed) {
        if (!lives_) return;
        const process_table processes = any_stops(entries) ? process_table::read() : process_table{};
        std::string         text      = drawn_ == 0 ? "" : "\x1b[" + std::to_string(drawn_) + "A";
        std::size_t         width     = 0;
        for (const entry& one : entries) width = std::max(width, columns_of(printable(one.name)));
        for (const entry& one : entries) {
            const std::string name = pad(printable(one.name), width);
            const std::string said = one.good()      ? one.result
                                     : one.settled() ? "not " + goal_word_
                                                     : state_of(one, processes) + " … " + after(passed);
            const tint        in   = one.good() ? tint::good : one.settled() ? tint::bad : tint::young;
            const std::size_t room = on_->width();
            text +=
                "\r\x1b[K" + name + "  " + on_->paint(in, fit(said, room > width + 3 ? room - width - 3 : 1)) + "\n";
        }
        drawn_ = entries.size();
        print_now(text);
    }

private:
    static bool is_stopping(const entry& one) {
        return !one.settled() && one.last.present() &&
               (one.last.reported->got_term || one.last.reported->now == phase::finish);
    }
    static bool any_stops(const std::vector<entry>& entries) {
        return std::any_of(entries.begin(), entries.end(), is_stopping);
    }

    static std::string state_of(const entry& one, const process_table& processes) {
        if (!is_stopping(one)) return description(one.last);
        const service of  = look_at_service(*one.in, one.name);
        const auto    its = stopping_of(*one.in, of, processes, sys::wall());
        return its ? progress_of(*one.in, of, *its) : description(one.last);
    }

    static std::size_t room(const terminal& on) { return on.height() > 2 ? on.height() - 2 : 1; }

    std::string     goal_word_;  // the goal in a word: "up"
    const terminal* on_;
    bool            lives_;
    std::size_t     drawn_ = 0;
};

// No look is planned, except for a runsv that was asked for: the watcher hears every change.
session_rules rules_of(const operation& what, ticks at) {
    const bool asks = welcomes_a_newcomer(what.bytes);
    return {.bytes         = what.bytes,
            .until         = what.until,
            .waits         = what.waits && what.until != goal::told,
            .needs_process = what.needs_process,
            .only_running  = what.only_running,
            .patient       = what.patient,
            .newcomer      = asks ? newcomers_time : 0,
            .deadline      = at + static_cast<ticks>(std::min(what.seconds, 1e9) * 1e9),
            .checks        = {50 * millisecond, one_second},
            .looks_absent  = asks ? rhythm{ask_again, ask_again} : rhythm{}};
}

class control_runner {
public:
    control_runner(const settings& in, const std::vector<target>& targets, const operation& what)
        : what_{what},
          out_{STDOUT_FILENO, in.colors()},
          shown_{out_, what.waits && !what.as_json ? targets.size() : 0, what.goal_word},
          rules_{rules_of(what, begun_)} {
        for (const target& one : targets) {
            watcher& its = watches_.try_emplace(one.in, *one.in).first->second;
            entries_.push_back({.in = one.in, .watch = &its, .name = one.name, .its = begin(rules_, begun_)});
        }
    }
    ~control_runner() {
        for (const entry& one : entries_)
            if (one.check_pid != 0) {
                ::kill(one.check_pid, SIGTERM);
                ::waitpid(one.check_pid, nullptr, 0);
            }
    }
    control_runner(const control_runner&)            = delete;
    control_runner& operator=(const control_runner&) = delete;

    exit_code run();

private:
    session_event        look(entry& at);
    session_event        look_without_runsv(entry& at);
    session_event        give(entry& to);
    static session_event run_check(entry& of);
    void                 go_on(entry& with, session_action next);
    void                 settle(entry& of);
    void                 succeed(entry& at);
    void                 fail(entry& at, exit_code code, const std::string& cause, std::string cure = {});
    void                 explain(entry& of);
    void                 print_json() const;
    void                 wait();
    bool                 all_settled() const {
                        return std::all_of(entries_.begin(), entries_.end(), [](const entry& one) { return one.settled(); });
    }

    const operation&                             what_;
    const terminal                               out_;
    progress                                     shown_;
    std::map<const services_directory*, watcher> watches_;  // one for each directory that services are in
    std::vector<entry>                           entries_;
    std::optional<process_table>                 processes_;  // once something has to be explained
    const ticks                                  begun_ = sys::monotonic();
    ticks                                        now_   = begun_;
    const session_rules                          rules_;
};

parts::supervise_client supervise_of(const services_directory& services, const std::string& name) {
    return {services.fd(), (name + "/supervise").c_str()};
}

void control_runner::succeed(entry& at) {
    at.result = at.its.why == settlement::left_alone ? description(at.last) + ", left as it is"
                : what_.until == goal::told          ? what_.goal_word
                : !what_.waits                       ? "told"
                                                     : description(at.last) + ", after " + after(now_ - begun_);
    if (!shown_.lives() && !what_.as_json) print_now(printable(at.name) + ": " + at.result + "\n");
}

void control_runner::fail(entry& at, exit_code code, const std::string& cause, std::string cure) {
    at.failures.emplace_back(code, printable(at.name) + ": " + cause, std::move(cure));
    if (code != exit_code::not_allowed) explain(at);
    if (shown_.lives() || what_.as_json) return;
    for (const failure& one : at.failures) say(one);
}

void print_results(const std::string& directory, const json& each, bool met) {
    print_json(json{{"directory", directory}, {"met", met}, {"services", each}});
}

void control_runner::print_json() const {
    const auto   processes = process_table::read();
    const moment wall      = sys::wall();
    json         each      = json::array();
    for (const entry& one : entries_) {
        const service of     = look_at_service(*one.in, one.name);
        json          object = json_of(of, processes, wall);
        object["met"]        = one.good();
        object["stopping"]   = json_of(stopping_of(*one.in, of, processes, wall));
        json& findings = object["findings"] = json::array();
        for (const failure& why : one.failures) findings.push_back({{"cause", why.cause()}, {"cure", why.cure()}});
        each.push_back(std::move(object));
    }
    const bool met = std::all_of(entries_.begin(), entries_.end(), [](const entry& one) { return one.good(); });
    print_results(entries_.front().in->directory(), each, met);
}

// The processes that write to the pipe which a logger reads, without the supervisor.
std::string writers_to(pid_t logger, const process_table& processes) {
    const auto target = [](pid_t pid, const char* descriptor) {
        std::error_code code;
        return std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/fd/" + descriptor, code).native();
    };
    const std::string pipe = target(logger, "0");
    std::string       found;
    for (const process& one : processes.all())
        if (!pipe.empty() && one.pid != logger && one.name != "runsv" &&
            (target(one.pid, "1") == pipe || target(one.pid, "2") == pipe))
            found += " " + std::to_string(one.pid);
    return found;
}

// Adds the causes that diagnosis.hh finds.
void control_runner::explain(entry& of) {
    if (!processes_) processes_ = process_table::read();
    const service at    = look_at_service(*of.in, of.name);
    const auto    found = diagnose(*of.in, at, *processes_, sys::wall());
    for (const finding& one : found) of.failures.emplace_back(exit_code::failed, one.cause, one.cure);
    // runsv exits when its logger has read everything, and starts a killed logger again.
    if (what_.until != goal::gone || !at.main.present() || at.main.reported->pid != 0 || !at.log || !at.log->runs())
        return;
    const std::string writers = writers_to(static_cast<pid_t>(at.log->reported->pid), *processes_);
    of.failures.emplace_back(exit_code::failed,
                             "its logger still reads: something that it has left behind can write to it",
                             writers.empty() ? "" : "end what it has left behind: kill" + writers);
}

void control_runner::settle(entry& of) {
    const std::string wanted = of.last.present() ? ", wanted " + std::string{want_word(of.last)} : "";
    switch (of.its.why) {
        case settlement::done:
        case settlement::given:
        case settlement::left_alone: return succeed(of);
        case settlement::no_process:
            return fail(of, exit_code::failed, "there is no process to tell: it is " + description(of.last));
        case settlement::absent: return fail(of, exit_code::failed, "no runsv looks after it");
        case settlement::too_late:
            return fail(
                of, exit_code::timed_out,
                "not " + what_.goal_word + " after " + plainly(what_.seconds) + ": " + description(of.last) + wanted);
        case settlement::failed:  // and has been reported
        case settlement::none: return;
    }
}

// -- one service -----------------------------------------------------------------------------------------------------

// Does what core/session asks for, until there is something to wait for.
void control_runner::go_on(entry& with, session_action next) {
    with.changed = false;
    for (;;) {
        session_event happened;
        switch (next) {
            case session_action::look: happened = look(with); break;
            case session_action::give: happened = give(with); break;
            case session_action::run_check: happened = run_check(with); break;
            case session_action::ask_for_runsv:
                if (!welcomes_a_newcomer(what_.bytes)) return;
                if (parts::supervise_client::ask_for_runsv(with.in->fd(), with.name.c_str()) || what_.patient) return;
                fail(with, exit_code::failed, "no runsv looks after it");
                happened = {.what = session_event::kind::failed};
                break;
            case session_action::wait: return;
            case session_action::settle: return settle(with);
        }
        happened.at = now_;
        next        = step(with.its, rules_, happened);
    }
}

session_event control_runner::look(entry& at) {
    // In this order: what runsv has read before it wrote its status counts. See core/verdict.hh.
    const bool to_give = at.its.now == session::stage::to_give;
    const bool heard   = to_give || !asks_for_another(what_.until) || supervise_of(*at.in, at.name).has_read_all();
    at.last            = at.watch->look(at.name);
    if (!at.last.present()) return look_without_runsv(at);
    return {.what = session_event::kind::seen, .now = *at.last.reported, .heard = heard};
}

session_event control_runner::look_without_runsv(entry& at) {
    using kind            = session_event::kind;
    const auto& reported  = at.last.reported;
    const bool  has_ended = !reported || reported->pid == 0 || ::kill(static_cast<pid_t>(reported->pid), 0) != 0;
    switch (at.last.by) {
        case supervision::missing:
            if (what_.until == goal::gone) break;
            fail(at, exit_code::not_found, "its directory is not there");
            return {.what = kind::failed};
        case supervision::hidden:
            fail(at, exit_code::not_allowed, "only root and the owner of supervise/ may control it",
                 "try it as root: " + command_as_root());
            return {.what = kind::failed};
        case supervision::broken:
            fail(at, exit_code::failed, "its status cannot be read");
            return {.what = kind::failed};
        case supervision::present:
        case supervision::absent: break;
    }
    return {.what = kind::absent, .at_rest = has_ended};
}

session_event control_runner::give(entry& to) {
    using kind = session_event::kind;
    if (!to.last.present()) return {.what = kind::not_given};
    if (what_.bytes.empty()) return {.what = kind::given};
    try {
        send(*to.in, to.name, what_.bytes);
        return {.what = kind::given};
    } catch (const failure& why) {
        fail(to, why.code(), std::string{why.cause()}, why.cure());
        return {.what = kind::failed};
    }
}

// A ./check that cannot be run does not count, as for sv.
session_event control_runner::run_check(entry& of) {
    using kind = session_event::kind;
    struct stat file {};
    if (::fstatat(of.in->fd(), (of.name + "/check").c_str(), &file, 0) != 0) return {.what = kind::check_missing};
    const auto dir  = sys::open_at(of.in->fd(), of.name.c_str(), O_RDONLY | O_DIRECTORY);
    const auto null = sys::open_at(AT_FDCWD, "/dev/null", O_RDWR);
    if (!dir || !null) return {.what = kind::check_unknown};
    // A script of another user is not run with our rights.
    if (sys::writers_of(dir->value()) != writers::only_us) return {.what = kind::check_missing};
    constexpr const char* argv[]  = {"./check", nullptr};
    const sys::spawned    started = sys::spawn({.path     = argv[0],
                                                .argv     = argv,
                                                .envp     = environ,
                                                .dir      = dir->value(),
                                                .fd_for_0 = null->value(),
                                                .fd_for_1 = null->value(),
                                                .fd_for_2 = null->value()});
    if (started.pid == 0) return {.what = kind::check_missing};
    if (started.pid < 0) return {.what = kind::check_unknown};
    of.check_pid = started.pid;
    of.check.reset(static_cast<int>(::syscall(SYS_pidfd_open, started.pid, 0)));
    return {.what = kind::check_started};
}

// -- all of them -----------------------------------------------------------------------------------------------------

void control_runner::wait() {
    std::optional<ticks> next;
    const auto           sooner = [&](ticks at) {
        if (at < begun_ + longest_wait) next = next ? std::min(*next, at) : at;
    };
    std::vector<pollfd> ready;
    for (const auto& [in, watch] : watches_) ready.push_back({watch.fd().value(), POLLIN, 0});
    for (const entry& one : entries_) {
        if (one.settled()) continue;
        sooner(one.changed ? now_ : due(one.its, rules_));
        if (one.check) ready.push_back({one.check.value(), POLLIN, 0});
    }
    if (shown_.lives()) sooner(now_ + one_second / 5);  // a person looks at the seconds
    sys::wait_for(ready, next);
    now_ = sys::monotonic();

    for (auto& [in, watch] : watches_) {
        const auto heard = watch.read().services;
        if (heard.empty()) continue;
        for (entry& one : entries_)
            if (one.in == in && heard.contains(one.name)) one.changed = true;
    }
    for (entry& one : entries_) {
        int code = 0;
        if (one.check_pid == 0 || ::waitpid(one.check_pid, &code, WNOHANG) != one.check_pid) continue;
        one.check_pid = 0;
        one.check.reset();
        const bool agrees = WIFEXITED(code) && WEXITSTATUS(code) == 0;
        using kind        = session_event::kind;
        const session_event ended{.what = agrees ? kind::check_agrees : kind::check_differs, .at = now_};
        if (step(one.its, rules_, ended) == session_action::look) one.changed = true;
    }
}

exit_code control_runner::run() {
    if (what_.waits)
        for (const entry& one : entries_) try {
                one.watch->add(one.name);
            } catch (const failure& why) {
                if (why.code() != exit_code::not_allowed) throw;  // look() says it in better words
            }
    for (;;) {
        for (entry& one : entries_)
            if (!one.settled() && (one.changed || due(one.its, rules_) <= now_)) go_on(one, session_action::look);
        shown_.draw(entries_, now_ - begun_);
        if (all_settled()) break;
        wait();
    }
    exit_code code = exit_code::good;
    for (const entry& one : entries_) {
        if (one.good()) continue;
        code = together(code, one.failures.front().code());
        if (shown_.lives())
            for (const failure& why : one.failures) say(why);
    }
    if (what_.as_json) print_json();
    return code;
}

}  // namespace

void print_as_met(const services_directory& services, const std::vector<std::string>& names) {
    const auto   processes = process_table::read();
    const moment wall      = sys::wall();
    json         each      = json::array();
    for (const std::string& name : names) {
        const service of = look_at_service(services, name);
        each.push_back(json_of(of, processes, wall));
        each.back()["met"]      = true;
        each.back()["stopping"] = json_of(stopping_of(services, of, processes, wall));
        each.back()["findings"] = json::array();
    }
    print_results(services.directory(), each, true);
}

double seconds_to_wait(const std::optional<double>& told) {
    if (told) return *told;
    const char* seconds = std::getenv("SVWAIT");
    if (seconds == nullptr || *seconds == '\0') return operation::default_seconds;
    const auto number = whole_number(seconds);
    if (!number)
        throw failure{exit_code::usage, "SVWAIT=" + printable(seconds) + " in the environment is no number of seconds",
                      "set it to a whole number: SVWAIT=7, or unset it: unset SVWAIT"};
    return static_cast<double>(*number);
}

void send(const services_directory& services, const std::string& name, std::string_view bytes) {
    const auto sent = supervise_of(services, name).send(bytes);
    if (sent) return;
    const int  code   = sent.why().code;
    const bool absent = sent.why().about == error_category::no_runsv || code == ENOENT;
    if (absent) throw failure{exit_code::failed, "no runsv looks after it"};
    if (code == EACCES || code == EPERM)
        throw failure{exit_code::not_allowed, "only root and the owner of supervise/ may control it",
                      "try it as root: " + command_as_root()};
    throw failure{exit_code::failed,
                  std::string{sent.why().what} + sent.why().subject + (code == 0 ? "" : ": " + error_text(code))};
}

exit_code run_operation(const settings& in, const services_directory& services, const std::vector<std::string>& names,
                        const operation& what) {
    std::vector<target> targets;
    targets.reserve(names.size());
    for (const std::string& name : names) targets.push_back({&services, name});
    return run_operation(in, targets, what);
}

exit_code run_operation(const settings& in, const std::vector<target>& targets, const operation& what) {
    return control_runner{in, targets, what}.run();
}

}  // namespace runwell::svctl
