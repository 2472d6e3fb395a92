// core/container makes every decision; this file carries it out and reports the result back as an event.
#include "prog/runit/container.hh"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "core/container.hh"
#include "core/stages.hh"
#include "core/text.hh"
#include "parts/supervise.hh"
#include "prog/runit/listen.hh"
#include "sys/dir.hh"
#include "sys/files.hh"
#include "sys/spawn.hh"

namespace runwell {
namespace {

using stage  = container_state::stage;
using kind   = container_event::kind;
using action = container_action::kind;

constexpr std::size_t longest_name = 320;  // of a hook: its directory and NAME_MAX

bool exists(const char* path) noexcept {
    struct stat is;
    return ::stat(path, &is) == 0;
}

bool is_armed(const char* path) noexcept {
    struct stat is;
    return ::stat(path, &is) == 0 && (is.st_mode & S_IXUSR) != 0;
}

// What a shell exits with when it cannot start a command.
int code_of_missing(int code) noexcept { return code == ENOENT ? 127 : 126; }

void send(pid_t to, int signal) noexcept {
    if (to > 0) ::kill(to, signal);
}

// The environment, and in it that services may be essential. Where it is too large to be copied they cannot.
char* const* with_essential() noexcept {
    static std::array<char*, 1024>     copy;
    static constexpr const char* const words = "RUNWELL_CONTAINER=1";
    std::size_t                        size  = 0;
    for (char* const* one = environ; *one != nullptr; ++one) {
        if (size == copy.size() - 2) return environ;
        copy[size++] = *one;
    }
    copy[size++] = const_cast<char*>(words);
    copy[size]   = nullptr;
    return copy.data();
}

// Images made for my_init have a file for each variable here, and scripts that add to them.
constexpr const char* environment_directory = "/etc/container_environment";

// The program, started by chpst with the variables that the directory has at this moment; as it is where there is no
// such directory, or too many words for the copy.
const char* const* in_environment(const char* const* argv) noexcept {
    static std::array<const char*, 1024> copy{"chpst", "-e", environment_directory};
    struct stat                          is;
    if (::stat(environment_directory, &is) != 0 || !S_ISDIR(is.st_mode)) return argv;
    std::size_t size = 3;
    for (; *argv != nullptr; ++argv) {
        if (size == copy.size() - 1) return argv - (size - 3);
        copy[size++] = *argv;
    }
    copy[size] = nullptr;
    return copy.data();
}

// -- the scripts of a stage ------------------------------------------------------------------------------------------

// Finds one script of a stage after the other. Only the name of the last one is kept: the directory may be of any size,
// and change.
class script_search {
public:
    void begin(const stage_scripts& of) noexcept {
        of_ = of;
        last_.clear();
    }

    // The path of the next script; nothing when there is none.
    const char* next() noexcept {
        if (of_.directory != nullptr)
            if (const char* const found = next_of_directory()) return found;
        const char* const file = std::exchange(of_.file, nullptr);
        return file != nullptr && (of_.are_hooks ? is_hook(AT_FDCWD, file) : exists(file)) ? file : nullptr;
    }

private:
    const char* next_of_directory() noexcept {
        const auto directory = sys::open_directory(AT_FDCWD, of_.directory);
        if (!directory) return nullptr;
        fixed_text<255> best;
        static_cast<void>(sys::each_name(directory->value(), [&](std::string_view name, unsigned char) {
            if (!is_next_hook(name, last_.view(), best.view()) || !is_hook(directory->value(), name)) return;
            best.clear();
            best.append(name);
        }));
        if (best.empty()) return nullptr;
        last_ = best;
        path_.clear();
        for (const std::string_view part : {std::string_view{of_.directory}, std::string_view{"/"}, best.view()})
            path_.append(part);
        return path_.c_str();
    }

    static bool is_hook(int directory, std::string_view name) noexcept {
        struct stat is;
        return ::fstatat(directory, name.data(), &is, 0) == 0 && S_ISREG(is.st_mode) &&
               ::faccessat(directory, name.data(), X_OK, AT_EACCESS) == 0;
    }

    stage_scripts            of_;
    fixed_text<255>          last_;
    fixed_text<longest_name> path_;
};

// -- the services, as their supervisors show them ---------------------------------------------------------------------

// Calls each(supervise_client) for every service below `services` that a supervisor is there for, until it returns
// false.
template <class Each>
void each_service(const char* services, Each each) noexcept {
    const auto directory = sys::open_directory(AT_FDCWD, services);
    if (!directory) return;
    bool more = true;
    static_cast<void>(sys::each_name(directory->value(), [&](std::string_view name, unsigned char) {
        if (!more || name.starts_with('.')) return;
        fixed_text<300> path;
        path.append(name);
        path.append("/supervise");
        const parts::supervise_client supervise{directory->value(), path.c_str()};
        if (supervise.has_reader()) more = each(supervise);
    }));
}

bool any_service_left(const char* services) noexcept {
    bool found = false;
    each_service(services, [&](const parts::supervise_client&) { return !(found = true); });
    return found;
}

void kill_services(const char* services) noexcept {
    each_service(services, [](const parts::supervise_client& supervise) {
        static_cast<void>(supervise.send("k"));  // else it is full of other commands, or gone
        return true;
    });
}

// -- PID 1 -----------------------------------------------------------------------------------------------------------

class container {
public:
    container(const console& says, std::span<char* const> command) noexcept;

    void on(container_event happened) noexcept;
    void heard(sys::heard_signal signal) noexcept;
    void reaped(sys::ended_child child) noexcept;

    std::optional<ticks> deadline() const noexcept { return next_tick(state_); }

private:
    void look(container_event& event) const noexcept;

    // Returns the result as an event if it is known at once.
    std::optional<container_event> act(const container_action& what) noexcept;
    bool                           find_step() noexcept;
    std::optional<container_event> run_step() noexcept;
    std::optional<container_event> start_services() noexcept;
    std::optional<container_event> start_command() noexcept;

    console                  console_;
    std::span<char* const>   command_;
    const char*              services_dir_ = RUNWELL_SERVICE_DIR;
    container_state          state_;
    stage                    searched_  = stage::gone;  // the last one whose scripts were looked for
    bool                     try_again_ = false;        // no process could be made for the script that was found
    script_search            scripts_;
    fixed_text<longest_name> step_name_;
    pid_t                    step_ = 0, services_ = 0, main_ = 0;
};

container::container(const console& says, std::span<char* const> command) noexcept : console_{says}, command_{command} {
    state_.has_command = !command.empty();
    state_.patience    = patience_of(std::getenv("RUNWELL_STOP_SECONDS"));
    if (const char* const dir = std::getenv("SVDIR"); dir != nullptr && *dir != '\0') services_dir_ = dir;
}

void container::on(container_event happened) noexcept {
    for (std::optional<container_event> next = happened; next;) {
        look(*next);
        container_actions list;
        step(state_, *next, list);
        next.reset();
        for (const container_action& one : list) {
            const auto over = act(one);
            if (over && next) on(*next);  // two things could not be started
            if (over) next = over;
        }
    }
}

// Only what the stage at hand asks for is looked up.
void container::look(container_event& event) const noexcept {
    event.at       = sys::monotonic();
    event.services = exists(services_dir_);
    if (event.what == kind::cont) event.stopit = is_armed(path::stopit);
    if (looks_at_services_left(state_)) event.services_left = any_service_left(services_dir_);
    if (looks_at_anybody_left(state_)) event.anybody_left = ::kill(-1, 0) == 0;
}

void container::heard(sys::heard_signal signal) noexcept {
    if (const auto event = event_of_signal(signal.number, signal.value)) on(*event);
}

void container::reaped(sys::ended_child child) noexcept {
    if (child.pid == step_) {
        step_ = 0;
        if (child.status != 0) console_.warn("child failed: ", step_name_.view());
        console_.inform("leave stage: ", step_name_.view());
        on({.what = kind::step_ended, .status = child.status});
    } else if (child.pid == services_) {
        services_ = 0;
        on({.what = kind::services_ended, .status = child.status});
    } else if (child.pid == main_) {
        main_ = 0;
        on({.what = kind::command_ended, .status = child.status});
    }
}

std::optional<container_event> container::act(const container_action& what) noexcept {
    switch (what.what) {
        case action::inform: console_.inform(what.text); break;
        case action::warn: console_.warn(what.text); break;
        case action::run_step: return run_step();
        case action::start_services: return start_services();
        case action::start_command: return start_command();
        case action::signal_step: send(step_, what.number); break;
        case action::signal_services: send(services_, what.number); break;
        case action::signal_command: send(main_, what.number); break;
        case action::kill_services: kill_services(services_dir_); break;
        case action::signal_everybody: ::kill(-1, what.number); break;
        case action::disarm: ::chmod(path::stopit, 0); break;
        case action::leave: ::_exit(what.number);
    }
    return std::nullopt;
}

bool container::find_step() noexcept {
    if (std::exchange(try_again_, false)) return true;
    if (std::exchange(searched_, state_.now) != state_.now) scripts_.begin(scripts_of(state_.now));
    const char* const path = scripts_.next();
    if (path == nullptr) return false;
    step_name_.clear();
    step_name_.append(path);
    console_.inform("enter stage: ", path);
    return true;
}

std::optional<container_event> container::run_step() noexcept {
    if (!find_step()) return container_event{.what = kind::no_step};
    const char* const        path    = step_name_.c_str();
    const char* const        words[] = {path, nullptr};
    const char* const* const argv    = scripts_of(state_.now).are_hooks ? in_environment(words) : words;
    const sys::spawned       child   = sys::spawn({.path = argv[0], .argv = argv, .envp = environ});
    if (child.pid > 0) {
        step_ = child.pid;
        return std::nullopt;
    }
    if (child.pid < 0) {
        console_.cannot_fork(path, "pausing", child.code);
        try_again_ = true;
        return container_event{.what = kind::step_not_started};
    }
    console_.cannot("unable to start child: ", path, child.code);
    return container_event{.what = kind::step_ended, .status = code_of_missing(child.code) << 8};
}

// /etc/runit/2 where there is one. Else runsvdir, without a log: what services say on standard error reaches the log of
// the container.
std::optional<container_event> container::start_services() noexcept {
    const bool         own        = service_program_of(exists(path::stage_2)) == service_program::stage_2;
    const char* const  stage_2[]  = {path::stage_2, nullptr};
    const char* const  runsvdir[] = {"runsvdir", "-P", services_dir_, nullptr};
    const char* const* argv       = in_environment(own ? stage_2 : runsvdir);
    const sys::spawned child = sys::spawn({.path = argv[0], .argv = argv, .envp = with_essential(), .session = true});
    if (child.pid > 0) {
        services_ = child.pid;
        return std::nullopt;
    }
    if (child.pid < 0) {
        console_.cannot_fork(argv[0], "pausing", child.code);
        return container_event{.what = kind::services_not_started};
    }
    console_.cannot("unable to start child: ", argv[0], child.code);
    return container_event{.what = kind::services_ended, .status = code_of_missing(child.code) << 8};
}

std::optional<container_event> container::start_command() noexcept {
    const char* const* const argv  = in_environment(command_.data());
    const sys::spawned       child = sys::spawn({.path = argv[0], .argv = argv, .envp = environ, .front = true});
    if (child.pid > 0) {
        main_ = child.pid;
        return std::nullopt;
    }
    if (child.pid < 0) {
        console_.cannot_fork(command_[0], "pausing", child.code);
        return container_event{.what = kind::command_not_started};
    }
    console_.cannot("unable to start child: ", command_[0], child.code);
    return container_event{.what = kind::command_not_started, .status = code_of_missing(child.code)};
}

// Everything that a command may want, but what the kernel sends for a mistake of our own.
sigset_t all_signals() noexcept {
    sigset_t set;
    sigfillset(&set);
    for (const int own : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS, SIGPIPE}) sigdelset(&set, own);
    return set;
}

}  // namespace

void run_container(const console& says, std::span<char* const> command) noexcept {
    container            one{says, command};
    const sys::unique_fd signals = listen(says, all_signals());
    one.on({.what = kind::tick});
    for (;;) {
        pollfd ready[] = {{signals.value(), POLLIN, 0}};
        if (!sys::wait_for(ready, one.deadline())) {
            one.on({.what = kind::tick});
            continue;
        }
        for (auto signal = sys::next_heard(signals); signal.number != 0; signal = sys::next_heard(signals))
            one.heard(signal);
        bool somebody = false;
        for (auto child = sys::reap(); child.pid != 0; child = sys::reap()) {
            one.reaped(child);
            somebody = true;
        }
        if (somebody) one.on({.what = kind::child_gone});
    }
}

}  // namespace runwell
