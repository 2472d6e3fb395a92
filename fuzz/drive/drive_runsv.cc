// drive_runsv — sends random sequences of commands to a real runsv and to the pure state machine of core: both must do
// the same.
//
//     seed ──▶ an action ──▶ runsv, with services that obey by a FIFO ──▶ what it starts, signals and says
//                  └───────▶ step(pair, event) ────────────────────────▶ what it should: compare when all is quiet
//
// Actions: control bytes for the service and its logger, several at once, also while a control script runs; a process
// that exits, crashes, is killed or stopped; scripts that succeed or fail; finish that comes and goes; TERM to runsv.
//
// It compares every process that is started, in order, with its arguments; every signal that arrives; the end of
// the logger's input; the children of runsv; supervise/status, stat and pid of both; the exit of runsv.
//
//     drive_runsv RUNSV [--seconds N] [--seed S] [--jobs N]
//
// A story depends on its seed alone. If this machine was so slow that a second passed while a command was on its way,
// the order in which runsv has seen the two is unknown: the driver gives up such a story, and counts it.
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <deque>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/commands.hh"
#include "core/pair.hh"
#include "core/status.hh"

namespace runwell {
namespace {

constexpr ticks patience = 20 * one_second;     // for anything to come about, on a slow machine
constexpr ticks margin   = one_second * 2 / 5;  // a command is given only so long before something is due

ticks now() {
    timespec at{};
    ::clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec * one_second + at.tv_nsec;
}

void rest(ticks nanos) {
    const timespec time{nanos / one_second, nanos % one_second};
    ::nanosleep(&time, nullptr);
}

// ---- what runsv starts: this program, by another name --------------------------------------------------------------

// Tells "R PID ARGUMENTS" (run), L (log/run), F (finish) or C (a control script), then every signal: "s PID NUMBER",
// and the end of its input: "e PID". Does what it reads from its FIFO: e CODE exits, k SIGNAL dies of it.
[[noreturn]] void obey(const std::string& place, char role, char** argv) {
    const std::string own    = place + "/to." + std::to_string(::getpid());
    const int         events = ::open((place + "/events").c_str(), O_WRONLY | O_CLOEXEC);
    sigset_t          all;
    sigfillset(&all);
    ::sigprocmask(SIG_BLOCK, &all, nullptr);
    const int signals = ::signalfd(-1, &all, SFD_CLOEXEC);
    ::mkfifo(own.c_str(), 0600);
    const int orders = ::open(own.c_str(), O_RDWR | O_CLOEXEC);

    const auto tell = [events](const std::string& line) {
        if (::write(events, line.data(), line.size()) != static_cast<ssize_t>(line.size())) ::_exit(99);
    };
    const std::string name = " " + std::to_string(::getpid());
    std::string       line = role + name;
    for (char** word = argv; *word != nullptr; ++word) line += std::string{" "} + *word;
    tell(line + "\n");

    pollfd ready[3] = {{signals, POLLIN, 0}, {orders, POLLIN, 0}, {role == 'L' ? 0 : -1, POLLIN, 0}};
    for (;;) {
        if (::poll(ready, 3, -1) < 0) continue;
        if ((ready[0].revents & POLLIN) != 0) {
            signalfd_siginfo got{};
            if (::read(signals, &got, sizeof got) == sizeof got)
                tell("s" + name + " " + std::to_string(got.ssi_pid) + " " + std::to_string(got.ssi_signo) + "\n");
        }
        if (ready[2].revents != 0) {
            char bytes[512];
            if (::read(0, bytes, sizeof bytes) <= 0) {
                tell("e" + name + "\n");
                ready[2].fd = -1;
            }
        }
        if ((ready[1].revents & POLLIN) != 0) {
            unsigned char order[2];
            if (::read(orders, order, 2) != 2) continue;
            if (order[0] == 'e') ::_exit(order[1]);
            const rlimit no_core{0, 0};
            ::setrlimit(RLIMIT_CORE, &no_core);
            ::signal(order[1], SIG_DFL);
            ::sigprocmask(SIG_UNBLOCK, &all, nullptr);
            ::kill(::getpid(), order[1]);
        }
    }
}

// ---- the story ------------------------------------------------------------------------------------------------------

struct unclear {};  // what should be depends on who is first
struct broken {
    std::string what;
};

struct process {
    pid_t              pid     = 0;
    bool               stopped = false;
    bool               at_end  = false;  // it has seen the end of its input
    std::set<int>      owed;             // signals that it must report
    std::multiset<int> sent;             // those it may: of two of a kind the kernel may make one
};

class story {
public:
    story(std::string runsv, unsigned seed, std::string place, std::string self)
        : runsv_{std::move(runsv)}, place_{std::move(place)}, self_{std::move(self)}, chance_{seed} {}
    story(const story&)            = delete;
    story& operator=(const story&) = delete;
    ~story() { end(); }

    void                            tell(int steps);
    const std::vector<std::string>& said() const { return said_; }
    int                             compared() const { return compared_; }

private:
    int  below(int n) { return static_cast<int>(chance_() % static_cast<unsigned>(n)); }
    bool once_in(int n) { return below(n) == 0; }
    void note(const std::string& what) { said_.push_back(what); }

    std::string directory(member who) const { return place_ + (who == member::main ? "/s" : "/s/log"); }
    process&    of(member who) { return processes_[static_cast<std::size_t>(who)]; }
    service&    part(member who) { return who == member::main ? pair_.main : pair_.log; }
    bool        has_finish(member who) const { return ::access((directory(who) + "/finish").c_str(), R_OK) == 0; }

    void prepare();
    void begin();
    void end();

    // The machine's side: an event, and what it asks for.
    void happens(member who, event what);
    void carry_out(const member_action& what);
    void expect(char role, process& into, const std::string& arguments);
    void time_passes();
    void settle();

    // runsv's side.
    bool        read_event(std::string& line, ticks until);
    void        hear(const std::string& line);
    void        gone(pid_t pid);
    void        compare();
    std::string difference();

    // Actions.
    void act();
    void command(member who, const std::string& bytes);
    void process_ends(member who);
    void script_ends();
    void toggle_finish();

    std::string              runsv_, place_, self_;
    std::mt19937             chance_;
    std::vector<std::string> said_;
    int                      compared_ = 0;

    pair                      pair_;
    process                   processes_[2], script_;
    std::set<char>            scripts_;
    std::deque<char>          waiting_;  // control bytes behind a control script
    std::deque<member_action> killed_;   // the processes that were sent KILL
    bool                      input_ = true, left_ = false;
    pid_t                     pid_    = 0;
    int                       events_ = -1;
    std::string               unread_;
};

void must(bool holds, const std::string& what) {
    if (!holds) throw broken{what};
}

void story::prepare() {
    const auto link = [this](const std::string& path) {
        must(::symlink(self_.c_str(), path.c_str()) == 0, "cannot make " + path);
    };
    must(::mkdir(place_.c_str(), 0700) == 0 && ::mkdir((place_ + "/s").c_str(), 0700) == 0 &&
             ::mkdir((place_ + "/s/control").c_str(), 0700) == 0 && ::mkfifo((place_ + "/events").c_str(), 0600) == 0,
         "cannot make " + place_);
    events_ = ::open((place_ + "/events").c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK);
    link(place_ + "/s/run");
    pair_.has_log = !once_in(3);
    if (pair_.has_log) {
        must(::mkdir((place_ + "/s/log").c_str(), 0700) == 0, "cannot make log");
        link(place_ + "/s/log/run");
    }
    if (once_in(2)) link(place_ + "/s/finish");
    for (const command_row& row : command_rows)
        if (once_in(4)) scripts_.insert(row.letter);
    for (const char letter : scripts_) link(place_ + "/s/control/" + letter);
    const auto down = [this](member who) {
        if (!once_in(6) || (who == member::log && !pair_.has_log)) return;
        ::close(::open((directory(who) + "/down").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
        part(who).wanted = want::down;
        note(who == member::main ? "a file down" : "a file log/down");
    };
    down(member::main);
    down(member::log);
    note(std::string{pair_.has_log ? "with" : "without"} + " a logger, " +
         (has_finish(member::main) ? "with" : "without") +
         " finish, scripts: " + std::string{scripts_.begin(), scripts_.end()});
}

void story::begin() {
    pid_ = ::fork();
    if (pid_ == 0) {
        ::setenv("RUNWELL_DRIVE", place_.c_str(), 1);
        const std::string err = place_ + "/stderr";
        ::dup2(::open(err.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600), 2);
        ::execl(runsv_.c_str(), "runsv", (place_ + "/s").c_str(), static_cast<char*>(nullptr));
        ::_exit(127);
    }
    if (pair_.has_log) happens(member::log, {});
    happens(member::main, {});
    // Where nothing is started, nothing says that it has begun.
    for (const ticks until = now() + patience; now() < until; rest(one_second / 500)) {
        const int ok = ::open((place_ + "/s/supervise/ok").c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
        if (ok >= 0) {
            ::close(ok);
            return;
        }
    }
    throw broken{"runsv does not begin"};
}

// Ends every process of the story, however the story ended: this process is their subreaper.
void story::end() {
    for (const ticks until = now() + patience; pid_ > 0 && now() < until;) {
        ::kill(pid_, SIGKILL);
        DIR* const all  = ::opendir("/proc");
        bool       any  = false;
        const auto mine = std::to_string(::getpid());
        while (const dirent* entry = ::readdir(all)) {
            const pid_t pid = std::atoi(entry->d_name);
            char        text[256]{};
            const int file = pid > 1 ? ::open((std::string{"/proc/"} + entry->d_name + "/stat").c_str(), O_RDONLY) : -1;
            if (file < 0) continue;
            const ssize_t n = ::read(file, text, sizeof text - 1);
            ::close(file);
            const char* const parent = n > 0 ? std::strrchr(text, ')') : nullptr;
            if (parent == nullptr || std::atoi(parent + 4) != ::getpid()) continue;
            any = true;
            ::kill(pid, SIGKILL);
            ::waitpid(pid, nullptr, 0);
        }
        ::closedir(all);
        if (!any) break;
    }
    pid_ = 0;
    if (events_ >= 0) ::close(events_);
    events_                   = -1;
    const std::string command = "rm -rf '" + place_ + "'";
    if (std::system(command.c_str()) != 0) std::perror("rm");
}

// ---- the machine ---------------------------------------------------------------------------------------------------

void story::happens(member who, event what) {
    what.at   = now();
    what.wall = {1, 0};
    std::deque<char> no_script;
    for (const member_action& each : step(pair_, who, what)) {
        if (each.what.what == service_action::kind::run_script && !scripts_.contains(each.what.script))
            no_script.push_back(each.what.script);
        else
            carry_out(each);
    }
    for (; !no_script.empty(); no_script.pop_front()) happens(member::main, {.what = event::kind::script_ended});
}

void story::carry_out(const member_action& what) {
    using action = service_action::kind;
    process& its = of(what.who);
    switch (what.what.what) {
        case action::start_run:
            if (what.who == member::log && !pair_.draining) input_ = true;
            expect(what.who == member::log ? 'L' : 'R', its, " ./run");
            return;
        case action::start_finish: {
            const int status = pair_.main.wait_status;
            const int code   = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
            expect('F', its, " ./finish " + std::to_string(code) + " " + std::to_string(status & 0xff));
            return;
        }
        case action::run_script: {
            const pid_t pid = of(member::main).pid;
            expect('C', script_,
                   std::string{" control/"} + what.what.script + " " + (pid > 0 ? std::to_string(pid) : ""));
            return;
        }
        case action::send:
            must(its.pid > 0, "a signal has a receiver");
            if (what.what.signal == SIGKILL) {
                killed_.push_back(what);
            } else if (what.what.signal == SIGSTOP) {
                its.stopped = true;
            } else {
                if (what.what.signal == SIGCONT) its.stopped = false;
                its.owed.insert(what.what.signal);
                its.sent.insert(what.what.signal);
            }
            return;
        case action::kill_script:
        case action::send_rest: return must(false, "a service without files of one value has no limit");
        case action::end_input: input_ = false; return;
        case action::end_container: return;
        case action::leave: left_ = true; return;
    }
}

// runsv starts this process now, with these arguments. Of two that it starts one after the other, the second may be the
// first to report.
void story::expect(char role, process& into, const std::string& arguments) {
    const ticks until = now() + patience;
    std::string line, others;
    while (read_event(line, until)) {
        if (line[0] == 's' || line[0] == 'e') {
            hear(line);
        } else if (line[0] == role) {
            const std::string told = line.substr(line.find(' ', 2));
            must(told == arguments, "expected " + std::string{role} + arguments + ", started is: " + line);
            into = {.pid = std::atoi(line.c_str() + 2)};
            unread_.insert(0, others);
            return;
        } else {
            others += line + "\n";
        }
    }
    throw broken{"expected " + std::string{role} + arguments + ", started is: " + others};
}

void story::time_passes() {
    if (pair_.has_log) happens(member::log, {});
    happens(member::main, {});
}

// Events that need no command: the exits of killed processes, and the commands that waited for a script.
void story::settle() {
    for (;;) {
        // Whether it is dead before the next command is read is for the kernel to say.
        if (!killed_.empty() && !waiting_.empty()) throw unclear{};
        while (!killed_.empty()) {
            const member who = killed_.front().who;
            killed_.pop_front();
            if (of(who).pid == 0) continue;
            gone(std::exchange(of(who), {}).pid);
            happens(who, {.what = event::kind::ended, .status = SIGKILL, .has_finish = has_finish(who)});
        }
        while (!waiting_.empty() && !busy(pair_.main) && killed_.empty()) {
            const auto order = command_of(waiting_.front());
            waiting_.pop_front();
            if (order) happens(member::main, {.what = event::kind::command, .order = *order});
        }
        if (killed_.empty()) return;
    }
}

// ---- runsv ---------------------------------------------------------------------------------------------------------

bool story::read_event(std::string& line, ticks until) {
    for (;;) {
        if (const std::size_t end = unread_.find('\n'); end != std::string::npos) {
            line = unread_.substr(0, end);
            unread_.erase(0, end + 1);
            return true;
        }
        char          bytes[1024];
        const ssize_t n = ::read(events_, bytes, sizeof bytes);
        if (n > 0) {
            unread_.append(bytes, static_cast<std::size_t>(n));
            continue;
        }
        if (now() >= until) return false;
        pollfd ready{events_, POLLIN, 0};
        ::poll(&ready, 1, 10);
    }
}

void story::hear(const std::string& line) {
    const pid_t pid = std::atoi(line.c_str() + 2);
    for (const member who : {member::main, member::log}) {
        process& its = of(who);
        if (its.pid != pid) continue;
        if (line[0] == 'e') {
            must(!input_, "the input of the logger has ended");
            its.at_end = true;
        } else {
            const int  number = std::atoi(line.c_str() + line.rfind(' '));
            const auto one    = its.sent.find(number);
            must(one != its.sent.end(), "nobody should have sent this signal: " + line);
            its.sent.erase(one);
            its.owed.erase(number);
        }
        return;
    }
}

void story::gone(pid_t pid) {
    for (const ticks until = now() + patience; ::kill(pid, 0) == 0; rest(one_second / 1000))
        must(now() < until, "process " + std::to_string(pid) + " is not reaped");
    ::unlink((place_ + "/to." + std::to_string(pid)).c_str());
}

std::string content(const std::string& path) {
    std::string text;
    const int   file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return "(none)";
    char bytes[256];
    for (ssize_t n = 0; (n = ::read(file, bytes, sizeof bytes)) > 0;) text.append(bytes, static_cast<std::size_t>(n));
    ::close(file);
    return text;
}

// Nothing when runsv and the machine say the same.
std::string story::difference() {
    std::set<pid_t> expected;
    for (const member who : {member::main, member::log}) {
        if (who == member::log && !pair_.has_log) continue;
        const service& s   = part(who);
        const process& its = of(who);
        must(s.alive == (its.pid > 0), "the model is in order");
        if (its.pid > 0) expected.insert(its.pid);

        const std::string supervise = directory(who) + "/supervise/", raw = content(supervise + "status");
        const auto        is = decode(std::as_bytes(std::span{raw}));
        if (!is) return "no status";
        const status should{is->since, static_cast<std::uint32_t>(its.pid), s.paused, s.wanted, s.got_term, s.now};
        status       shown = should;
        if (shown.wanted == want::exit) shown.wanted = want::down;  // in the record they are one
        if (!(*is == shown)) return "status says " + std::string{words(*is).view()};
        if (content(supervise + "stat") != words(should).view()) return "stat says " + content(supervise + "stat");
        if (content(supervise + "pid") != (its.pid > 0 ? std::to_string(its.pid) + "\n" : "")) return "pid";
        if (!its.stopped && !its.owed.empty()) return "signal " + std::to_string(*its.owed.begin()) + " has not come";
        if (who == member::log && its.pid > 0 && !its.stopped && its.at_end == input_)
            return input_ ? "the input has ended" : "the input has not ended";
    }
    if (script_.pid > 0) expected.insert(script_.pid);
    std::set<pid_t>   children;
    const std::string name = std::to_string(pid_), text = content("/proc/" + name + "/task/" + name + "/children");
    for (const char* at = text.c_str(); *at != '\0';) {
        char* end = nullptr;
        if (const long pid = std::strtol(at, &end, 10); end != at) children.insert(static_cast<pid_t>(pid));
        at = end == at ? at + 1 : end;
    }
    return children == expected ? "" : "the children are " + text;
}

void story::compare() {
    if (left_) {
        int         status = 0;
        const ticks until  = now() + patience;
        while (::waitpid(pid_, &status, WNOHANG) == 0) {
            must(now() < until, "runsv does not leave");
            rest(one_second / 1000);
        }
        must(status == 0, "runsv leaves with " + std::to_string(status));
        return;
    }
    must(::waitpid(pid_, nullptr, WNOHANG) == 0, "runsv has left");
    std::string differs;
    const ticks until = now() + patience;
    do {
        std::string line;
        const auto  due = next_tick(pair_);
        if (due && now() >= *due) {
            time_passes();
            settle();
        }
        while (read_event(line, 0)) {
            if (line[0] == 's' || line[0] == 'e') {
                hear(line);
                continue;
            }
            // Its clock may be a little ahead.
            must(due && now() > *due - margin, "nothing should be started: " + line);
            unread_.insert(0, line + "\n");
            break;
        }
        differs = difference();
        if (differs.empty()) {
            ++compared_;
            return;
        }
        rest(one_second / 1000);
    } while (now() < until);
    throw broken{differs};
}

// ---- actions -------------------------------------------------------------------------------------------------------

void story::command(member who, const std::string& bytes) {
    note((who == member::main ? "control: " : "log/control: ") + bytes);
    const int control = ::open((directory(who) + "/supervise/control").c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    must(control >= 0, "runsv does not listen");
    const bool wrote = ::write(control, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
    must(wrote, "control is full");
    for (const char letter : bytes) {
        const auto order = command_of(letter);
        if (who == member::main && (busy(pair_.main) || !waiting_.empty()))
            waiting_.push_back(letter);
        else if (order)
            happens(who, {.what = event::kind::command, .order = *order});
    }
    if (!busy(pair_.main) || who == member::log) {
        const ticks until  = now() + patience;
        int         unread = 1;
        while (::ioctl(control, FIONREAD, &unread) == 0 && unread > 0 && now() < until) rest(one_second / 2000);
    }
    ::close(control);
}

// Exits, crashes, or is killed from outside.
void story::process_ends(member who) {
    static constexpr int deaths[] = {SIGKILL, SIGSEGV, SIGABRT, SIGTERM};
    process&             its      = of(who);
    const int            code     = once_in(2) ? 0 : below(256);
    const int            death    = its.stopped ? SIGKILL : once_in(2) ? deaths[below(4)] : 0;
    note(std::string{who == member::main ? "it " : "the logger "} +
         (death != 0 ? "dies of signal " + std::to_string(death) : "exits " + std::to_string(code)));
    const pid_t pid = std::exchange(its, {}).pid;
    if (death == SIGKILL) {
        ::kill(pid, SIGKILL);
    } else {
        const unsigned char order[2] = {static_cast<unsigned char>(death != 0 ? 'k' : 'e'),
                                        static_cast<unsigned char>(death != 0 ? death : code)};
        const int           fifo     = ::open((place_ + "/to." + std::to_string(pid)).c_str(), O_WRONLY | O_CLOEXEC);
        must(fifo >= 0 && ::write(fifo, order, 2) == 2, "it does not obey");
        ::close(fifo);
    }
    gone(pid);
    happens(who, {.what = event::kind::ended, .status = death != 0 ? death : code << 8, .has_finish = has_finish(who)});
}

void story::script_ends() {
    const bool handled = once_in(2);
    note(std::string{"the script "} + (handled ? "succeeds" : "fails"));
    const pid_t         pid      = std::exchange(script_, {}).pid;
    const unsigned char order[2] = {'e', static_cast<unsigned char>(handled ? 0 : 1)};
    const int           fifo     = ::open((place_ + "/to." + std::to_string(pid)).c_str(), O_WRONLY | O_CLOEXEC);
    must(fifo >= 0 && ::write(fifo, order, 2) == 2, "the script does not obey");
    ::close(fifo);
    gone(pid);
    happens(member::main, {.what = event::kind::script_ended, .handled = handled});
}

void story::toggle_finish() {
    const std::string path = place_ + "/s/finish";
    note(has_finish(member::main) ? "finish goes" : "finish comes");
    if (has_finish(member::main))
        ::unlink(path.c_str());
    else if (::symlink(self_.c_str(), path.c_str()) != 0)
        throw broken{"cannot make finish"};
}

void story::act() {
    static constexpr std::string_view letters = "uodtkpchaiq12ud";
    const int                         choice  = below(10);
    if (choice == 0 && pair_.main.now != phase::finish) return toggle_finish();
    if (choice <= 2 && script_.pid > 0) return script_ends();
    if (choice <= 4 && of(member::main).pid > 0 && waiting_.empty()) return process_ends(member::main);
    if (choice == 5 && pair_.has_log && of(member::log).pid > 0) return process_ends(member::log);
    if (choice == 6 && once_in(8) && waiting_.empty() && !busy(pair_.main)) {
        note("TERM to runsv");
        ::kill(pid_, SIGTERM);
        return happens(member::main, {.what = event::kind::command, .order = *command_of('x')});
    }
    const member who     = pair_.has_log && once_in(4) ? member::log : member::main;
    const bool   running = of(who).pid > 0 && part(who).now == phase::run;
    const bool   behind  = who == member::main && (busy(pair_.main) || !waiting_.empty());
    std::string  bytes;
    for (int n = 1 + below(3); n > 0; --n) {
        if (once_in(12)) bytes += static_cast<char>('A' + below(26));  // means nothing
        char letter = once_in(30) ? 'x' : letters[static_cast<std::size_t>(below(static_cast<int>(letters.size())))];
        // A process that has just started cannot report its signals yet. And a killed process may be reaped before or
        // after the next command.
        if (behind && !running) letter = once_in(2) ? 'u' : 'o';
        if (behind && letter == 'k') letter = 't';
        bytes += letter;
        if (letter == 'k' || (!running && (letter == 'u' || letter == 'o'))) break;
    }
    command(who, bytes);
}

void story::tell(int steps) {
    prepare();
    begin();
    for (int n = 0; n < steps && !left_; ++n) {
        settle();
        const auto due = next_tick(pair_);
        if (due && (*due - now() < margin || once_in(2))) {
            while (now() < *due) rest(std::max<ticks>(*due - now(), 1));
            time_passes();
        } else {
            act();
            if (due && now() > *due - margin / 8) throw unclear{};
        }
        settle();
        compare();
    }
}

// ---- many of them --------------------------------------------------------------------------------------------------

// One after the other until the time is over; the exit code says whether all were well.
int tell_stories(const char* runsv, unsigned seed, unsigned stride, ticks until, const std::string& self,
                 bool only_one) {
    int told = 0, lost = 0, compared = 0;
    for (; told + lost == 0 || (now() < until && !only_one); seed += stride) {
        story one{runsv, seed, "/tmp/runwell-drive-" + std::to_string(::getpid()), self};
        try {
            one.tell(60);
            ++told;
        } catch (const unclear&) {
            ++lost;
        } catch (const broken& promise) {
            std::string text = "broken: " + promise.what + "\nseed " + std::to_string(seed) + ":\n";
            for (const std::string& line : one.said()) text += "  " + line + "\n";
            std::fputs(text.c_str(), stderr);
            return 1;
        }
        compared += one.compared();
    }
    std::printf("%d stories, %d comparisons, %d given up\n", told, compared, lost);
    return 0;
}

int usage() {
    std::fputs("usage: drive_runsv runsv [--seconds N] [--seed S] [--jobs N]\n", stderr);
    return 2;
}

}  // namespace
}  // namespace runwell

int main(int argc, char** argv) {
    using namespace runwell;
    if (const char* const place = std::getenv("RUNWELL_DRIVE")) {
        char              where[4096];
        const std::string name = argv[0], directory = ::getcwd(where, sizeof where) != nullptr ? where : "";
        obey(place, name == "./finish" ? 'F' : name != "./run" ? 'C' : directory.ends_with("/log") ? 'L' : 'R', argv);
    }
    if (argc < 2 || argc % 2 != 0) return usage();
    int  seconds = 10, jobs = 4;
    long seed = -1;
    for (int i = 2; i < argc; i += 2) {
        const std::string_view option = argv[i];
        const long             number = std::atol(argv[i + 1]);
        if (option == "--seconds")
            seconds = static_cast<int>(number);
        else if (option == "--jobs")
            jobs = static_cast<int>(number);
        else if (option == "--seed")
            seed = number;
        else
            return usage();
    }
    char          self[4096]{};
    const ssize_t size = ::readlink("/proc/self/exe", self, sizeof self - 1);
    if (size <= 0) return 2;
    ::setvbuf(stdout, nullptr, _IOLBF, 0);
    const bool     only_one = seed >= 0;
    const unsigned first    = only_one ? static_cast<unsigned>(seed) : std::random_device{}();
    const ticks    until    = now() + seconds * one_second;
    if (only_one) jobs = 1;
    for (int job = 0; job < jobs; ++job) {
        if (::fork() != 0) continue;
        ::prctl(PR_SET_CHILD_SUBREAPER, 1);
        return tell_stories(argv[1], first + static_cast<unsigned>(job), static_cast<unsigned>(jobs), until, self,
                            only_one);
    }
    int code = 0, status = 0;
    while (::wait(&status) > 0) code |= status;
    return code == 0 ? 0 : 1;
}
