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
#include <map>

#include "core/text.hh"
#include "parts/supervise.hh"
#include "svctl/diagnosis.hh"
#include "svctl/human.hh"
#include "svctl/json.hh"
#include "svctl/processes.hh"
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
constexpr ticks first_pause  = 50 * millisecond;  // before ./check is asked again
constexpr ticks longest_wait = 1000 * 1'000'000'000LL * 86400;

void print(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
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
    status                    before;
    service_state             last;
    bool                      sent    = false;
    bool                      settled = false;
    bool                      changed = true;
    bool                      good    = false;
    sys::unique_fd            check;  // a pidfd of ./check, while it runs
    pid_t                     check_pid  = 0;
    bool                      check_said = false;
    status                    checked;    // as it was when ./check was asked
    std::optional<ticks>      check_due;  // when it is asked again
    ticks                     pause = first_pause;
    std::string               result;        // of a good one
    bool                      left = false;  // it does not run, and is left as it is
    std::vector<failure>      failures;
};

// On a terminal, one line for each service, redrawn when a service changes. Prints nothing elsewhere.
class progress {
public:
    progress(const terminal& on, std::size_t lines, std::string goal_word)
        : goal_word_{std::move(goal_word)}, on_{&on}, lives_{on.is_terminal() && lines != 0 && lines <= room(on)} {}

    bool lives() const noexcept { return lives_; }

    void draw(const std::vector<entry>& entries, ticks passed) {
        if (!lives_) return;
        std::string text  = drawn_ == 0 ? "" : "\x1b[" + std::to_string(drawn_) + "A";
        std::size_t width = 0;
        for (const entry& one : entries) width = std::max(width, columns_of(printable(one.name)));
        for (const entry& one : entries) {
            const std::string name = pad(printable(one.name), width);
            const std::string said = one.settled && one.good ? one.result
                                     : one.settled           ? "not " + goal_word_
                                                             : description(one.last) + " … " + after(passed);
            const tint        in   = one.settled ? (one.good ? tint::good : tint::bad) : tint::young;
            const std::size_t room = on_->width();
            text +=
                "\r\x1b[K" + name + "  " + on_->paint(in, fit(said, room > width + 3 ? room - width - 3 : 1)) + "\n";
        }
        drawn_ = entries.size();
        print(text);
    }

private:
    static std::size_t room(const terminal& on) { return on.height() > 2 ? on.height() - 2 : 1; }

    std::string     goal_word_;  // the goal in a word: "up"
    const terminal* on_;
    bool            lives_;
    std::size_t     drawn_ = 0;
};

class control_runner {
public:
    control_runner(const settings& in, const std::vector<target>& targets, const operation& what)
        : what_{what},
          out_{STDOUT_FILENO, in.colors()},
          shown_{out_, what.waits && !what.as_json ? targets.size() : 0, what.goal_word} {
        for (const target& one : targets) {
            watcher& its = watches_.try_emplace(one.in, *one.in).first->second;
            entries_.push_back({.in = one.in, .watch = &its, .name = one.name});
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
    void look(entry& at);
    void look_at_present(entry& at);
    bool check_agrees(entry& with) const;
    void settle(entry& as_good);
    void settle(entry& as_bad, exit_code code, const std::string& cause, std::string cure = {});
    void give_up(entry& on);
    void explain(entry& of);
    void print_json() const;
    void wait();
    bool all_settled() const {
        return std::all_of(entries_.begin(), entries_.end(), [](const entry& one) { return one.settled; });
    }

    const operation&                             what_;
    const terminal                               out_;
    progress                                     shown_;
    std::map<const services_directory*, watcher> watches_;  // one for each directory that services are in
    std::vector<entry>                           entries_;
    std::optional<process_table>                 processes_;  // once something has to be explained
    const ticks                                  begun_ = sys::monotonic();
    ticks                                        now_   = begun_;
    ticks deadline_ = begun_ + static_cast<ticks>(std::min(what_.seconds, 1e9) * 1e9);
};

parts::supervise_client supervise_of(const services_directory& services, const std::string& name) {
    return {services.fd(), (name + "/supervise").c_str()};
}

void control_runner::settle(entry& as_good) {
    as_good.settled = as_good.good = true;
    as_good.result                 = as_good.left                ? description(as_good.last) + ", left as it is"
                                     : what_.until == goal::told ? what_.goal_word
                                     : !what_.waits              ? "told"
                                                    : description(as_good.last) + ", after " + after(now_ - begun_);
    if (!shown_.lives() && !what_.as_json) print(printable(as_good.name) + ": " + as_good.result + "\n");
}

void control_runner::settle(entry& as_bad, exit_code code, const std::string& cause, std::string cure) {
    as_bad.settled = true;
    as_bad.failures.emplace_back(code, printable(as_bad.name) + ": " + cause, std::move(cure));
    if (code != exit_code::not_allowed) explain(as_bad);
    if (shown_.lives() || what_.as_json) return;
    for (const failure& one : as_bad.failures) say(one);
}

void print_results(const std::string& directory, json each, bool met) {
    print(json::object().set("directory", directory).set("met", met).set("services", std::move(each)).text(true) +
          "\n");
}

void control_runner::print_json() const {
    const auto   processes = process_table::read();
    const moment wall      = sys::wall();
    json         each      = json::list();
    for (const entry& one : entries_) {
        json found = json::list();
        for (const failure& why : one.failures)
            found.push(json::object().set("cause", why.cause()).set("cure", why.cure()));
        each.push(json_of(look_at_service(*one.in, one.name), processes, wall)
                      .set("met", one.good)
                      .set("findings", std::move(found)));
    }
    const bool met = std::all_of(entries_.begin(), entries_.end(), [](const entry& one) { return one.good; });
    print_results(entries_.front().in->directory(), std::move(each), met);
}

// What is behind a failure.
void control_runner::explain(entry& of) {
    if (!processes_) processes_ = process_table::read();
    const service at    = look_at_service(*of.in, of.name);
    const auto    found = diagnose(*of.in, at, *processes_, sys::wall());
    for (const finding& one : found) of.failures.emplace_back(exit_code::failed, one.cause, one.cure);
    // runsv stays until its logger has read everything: whoever holds the pipe keeps it.
    if (what_.until == goal::gone && at.main.present() && at.main.reported->pid == 0 && at.log && at.log->runs())
        of.failures.emplace_back(
            exit_code::failed, "its logger still reads: something that it has left behind can write to it",
            "end what it has left behind, or the logger: kill " + std::to_string(at.log->reported->pid));
}

void control_runner::give_up(entry& on) {
    const std::string wanted = on.last.present() ? ", wanted " + std::string{want_word(on.last)} : "";
    settle(on, exit_code::timed_out,
           "not " + what_.goal_word + " after " + plainly(what_.seconds) + ": " + description(on.last) + wanted);
}

// -- one service -----------------------------------------------------------------------------------------------------

void control_runner::look(entry& at) {
    at.changed = false;
    // In this order: what runsv has read before it wrote its status counts. See core/verdict.hh.
    const bool leaves = what_.until == goal::gone;
    at.last           = at.watch->look(at.name);
    const bool rests =
        at.last.by == supervision::absent && what_.patient && what_.until == goal::down &&
        !(at.last.reported && at.last.reported->pid != 0 && ::kill(static_cast<pid_t>(at.last.reported->pid), 0) == 0);
    switch (at.last.by) {
        case supervision::present: return look_at_present(at);
        case supervision::missing:
            if (leaves) return settle(at);
            return settle(at, exit_code::not_found, "its directory is not there");
        case supervision::hidden:
            return settle(at, exit_code::not_allowed, "only root and the owner of supervise/ may control it",
                          "try it as root: " + command_as_root());
        case supervision::broken: return settle(at, exit_code::failed, "its status cannot be read");
        case supervision::absent: break;
    }
    if (leaves || rests) return settle(at);
    if (!what_.patient) return settle(at, exit_code::failed, "no runsv looks after it");
    at.sent = false;  // the runsv to come is told anew
}

void control_runner::look_at_present(entry& at) {
    if (!at.sent) {
        at.before = *at.last.reported;
        if (what_.needs_process && !at.last.runs())
            return settle(at, exit_code::failed, "there is no process to tell: it is " + description(at.last));
        if (what_.only_running && !at.last.runs()) {
            at.left = true;
            return settle(at);
        }
        try {
            if (!what_.bytes.empty()) send(*at.in, at.name, what_.bytes);
        } catch (const failure& why) {
            return settle(at, why.code(), std::string{why.cause()}, why.cure());
        }
        at.sent = true;
        if (!what_.waits || what_.until == goal::told) return settle(at);
        // What was asked for may have been so all along, and then nothing will ever be heard of it.
    }
    const bool heard = !asks_for_another(what_.until) || supervise_of(*at.in, at.name).has_read_all();
    at.last          = at.watch->look(at.name);
    if (!at.last.present()) {
        at.changed = true;
        return;
    }
    verdict said = judge(what_.until, at.before, *at.last.reported, heard);
    // Who only waits for it to be up does not mind that it is to run once.
    if (what_.until == goal::up && what_.bytes.empty() && at.last.runs()) said = verdict::done_if_checked;
    switch (said) {
        case verdict::not_yet: return;
        case verdict::done: return settle(at);
        case verdict::done_if_checked:
            if (check_agrees(at)) settle(at);
            return;
    }
}

// Whether ./check has exited 0 while the service was as it is now. Starts it where it has to be asked first.
bool control_runner::check_agrees(entry& with) const {
    const status& now = *with.last.reported;
    if (with.check_said && with.checked == now) return true;
    if (with.check_pid != 0 || (with.check_due && now_ < *with.check_due && with.checked == now)) return false;
    with.check_due.reset();

    struct stat file {};
    if (::fstatat(with.in->fd(), (with.name + "/check").c_str(), &file, 0) != 0) return true;
    const auto dir  = sys::open_at(with.in->fd(), with.name.c_str(), O_RDONLY | O_DIRECTORY);
    const auto null = sys::open_at(AT_FDCWD, "/dev/null", O_RDWR);
    if (!dir || !null) return false;
    // A script of another user is not run with our rights, and so has nothing against it.
    if (sys::writers_of(dir->value()) != writers::only_us) return true;
    constexpr const char* argv[]  = {"./check", nullptr};
    const sys::spawned    started = sys::spawn({.path     = argv[0],
                                                .argv     = argv,
                                                .envp     = environ,
                                                .dir      = dir->value(),
                                                .fd_for_0 = null->value(),
                                                .fd_for_1 = null->value(),
                                                .fd_for_2 = null->value()});
    if (started.pid == 0) return true;  // it cannot be run, and so has nothing against it: as sv has it
    if (started.pid < 0) return false;
    with.check_pid  = started.pid;
    with.checked    = now;
    with.check_said = false;
    with.check.reset(static_cast<int>(::syscall(SYS_pidfd_open, started.pid, 0)));
    return false;
}

// -- all of them -----------------------------------------------------------------------------------------------------

void control_runner::wait() {
    std::optional<ticks> next   = deadline_ < begun_ + longest_wait ? std::optional{deadline_} : std::nullopt;
    const auto           sooner = [&next](ticks at) { next = next ? std::min(*next, at) : at; };
    std::vector<pollfd>  ready;
    for (const auto& [in, watch] : watches_) ready.push_back({watch.fd().value(), POLLIN, 0});
    for (const entry& one : entries_) {
        if (one.settled) continue;
        if (one.changed) sooner(now_);
        if (one.check_due) sooner(*one.check_due);
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
        if (one.check_pid != 0 && ::waitpid(one.check_pid, &code, WNOHANG) == one.check_pid) {
            one.check_pid = 0;
            one.check.reset();
            one.check_said = WIFEXITED(code) && WEXITSTATUS(code) == 0;
            one.check_due  = now_ + one.pause;
            one.pause      = std::min(2 * one.pause, one_second);
            one.changed    = true;
        }
        if (one.check_due && *one.check_due <= now_) one.changed = true;
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
            if (!one.settled && one.changed) look(one);
        if (now_ >= deadline_)
            for (entry& one : entries_)
                if (!one.settled && !one.changed) give_up(one);
        shown_.draw(entries_, now_ - begun_);
        if (all_settled()) break;
        wait();
    }
    exit_code code = exit_code::good;
    for (const entry& one : entries_) {
        if (one.good) continue;
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
    json         each      = json::list();
    for (const std::string& name : names)
        each.push(
            json_of(look_at_service(services, name), processes, wall).set("met", true).set("findings", json::list()));
    print_results(services.directory(), std::move(each), true);
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
    const int code = sent.why().code;
    if (code == ENXIO || code == ENOENT) throw failure{exit_code::failed, "no runsv looks after it"};
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
