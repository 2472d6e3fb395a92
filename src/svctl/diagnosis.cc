#include "svctl/diagnosis.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "core/text.hh"
#include "parts/supervise.hh"
#include "svctl/errors.hh"
#include "svctl/files.hh"
#include "svctl/human.hh"
#include "svctl/script_checks.hh"
#include "svctl/view.hh"
#include "sys/clock.hh"
#include "sys/files.hh"
#include "sys/ledger.hh"

namespace runwell::svctl {
namespace {

// The word for a command line: the option that names the services directory, where svctl would look elsewhere without
// it.
std::string svdir_option(const services_directory& in) {
    const char* svdir = std::getenv("SVDIR");
    const bool  named =
        svdir != nullptr && *svdir != '\0' ? in.directory() == svdir : in.directory() == RUNWELL_SERVICE_DIR;
    return named ? "" : "--svdir " + shell_quoted(in.directory()) + " ";
}

// The words that most of its texts are made of; others begin at {2}.
std::vector<std::string> words_for(const services_directory& in, const std::string& name,
                                   std::vector<std::string> more = {}) {
    std::vector<std::string> words{printable(name), shell_quoted(in.path(name))};
    std::move(more.begin(), more.end(), std::back_inserter(words));
    return words;
}

// The same for a cure that is a command of svctl: {3} is its option, {4} the name.
std::vector<std::string> words_with_command(const services_directory& in, const std::string& name,
                                            const std::string& second = "", const std::string& fifth = "") {
    return words_for(in, name, {second, svdir_option(in), shell_quoted(name), fifth});
}

finding printed(const finding& one) { return {printable(one.cause), printable(one.cure)}; }

constexpr std::string_view log_suffix = "/log";

bool is_log(const std::string& name) { return name.ends_with(log_suffix); }

// -- who supervises it ------------------------------------------------------------------------------------------------

void examine_lock(const services_directory& in, const std::string& name, std::vector<finding>& found,
                  const process_table& processes) {
    for (const int pid : lock_holders(in, name)) {
        const process*    holder = processes.find(pid);
        const std::string number = std::to_string(pid);
        found.push_back(explain(
            remedy::lock_held,
            words_for(in, name, {holder != nullptr ? number + " (" + command_of(*holder) + ")" : number, number})));
    }
}

// The end of what a runsvdir and its runsv have written to standard error, where that is a file.
std::string end_of_messages(const process& runsvdir) {
    constexpr off_t   enough = 65536;
    const std::string path   = "/proc/" + std::to_string(runsvdir.pid) + "/fd/2";
    struct stat       file {};
    if (::stat(path.c_str(), &file) != 0 || !S_ISREG(file.st_mode)) return {};
    const auto opened = sys::open_at(AT_FDCWD, path.c_str(), O_RDONLY | O_NONBLOCK);
    if (!opened) return {};
    std::string all(static_cast<std::size_t>(std::min(file.st_size, enough)), '\0');
    const auto  size = ::pread(opened->value(), all.data(), all.size(), file.st_size - static_cast<off_t>(all.size()));
    all.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return all;
}

// What runsvdir shows of the complaints of its runsv, or has written to a file.
void examine_complaints(const process* runsvdir, const std::string& name, std::vector<finding>& found) {
    if (runsvdir == nullptr) return;
    std::string title;
    for (const std::string& word : arguments_of(runsvdir->pid)) title += word + " ";
    auto said = complaints_about(title, name);
    if (said.empty()) said = complaints_about("log: " + end_of_messages(*runsvdir), name);
    if (!said.empty()) found.push_back(explain(remedy::complained, {printable(said.back())}));
}

void examine_absence(const services_directory& in, const service& of, const process* runsvdir,
                     const process_table& processes, std::vector<finding>& found) {
    const std::string supervise = is_directory(in.path(of.name) + "/supervise") ? of.name + "/supervise" : of.name;
    if (const auto wrong = check_supervise(in.path(of.name), printable(supervise), of.name))
        found.push_back(wrong->explained());
    examine_lock(in, of.name, found, processes);
    if (is_log(of.name)) {
        const std::string service = of.name.substr(0, of.name.size() - log_suffix.size());
        found.push_back(explain(remedy::log_without_runsv, words_for(in, of.name, {shell_quoted(in.path(service))})));
    } else if (runsvdir == nullptr) {
        found.push_back(explain(remedy::no_runsvdir, {printable(in.directory()), shell_quoted(in.directory())}));
    } else {
        found.push_back(explain(remedy::no_runsv,
                                words_for(in, of.name, {std::to_string(runsvdir->pid), printable(in.directory())})));
    }
}

// -- what the status says --------------------------------------------------------------------------------------------

// How ./run has ended, by the arguments of ./finish: exit status and wait status are the two words after its name
// (runsv(8)).
void examine_end(const status& said, std::vector<finding>& found) {
    const auto words = arguments_of(static_cast<pid_t>(said.pid));
    const auto its   = std::find(words.begin(), words.end(), "./finish");
    if (words.end() - its < 3) return;
    int code = 0, how = 0;
    std::from_chars(its[1].data(), its[1].data() + its[1].size(), code);
    std::from_chars(its[2].data(), its[2].data() + its[2].size(), how);
    const int   signal = how & 0x7f;
    const char* name   = signal != 0 ? ::sigabbrev_np(signal) : nullptr;
    if (signal == 0)
        found.push_back(explain(remedy::exited, {"", "", std::to_string(code)}));
    else
        found.push_back(
            explain(remedy::killed, {"", "",
                                     std::to_string(signal) + (name != nullptr ? " (" + std::string{name} + ")" : "") +
                                         ((how & 0x80) != 0 ? ", and left a core" : "")}));
}

// How long the last ./run has lived: what runwell's supervisor has written down of its start, and the status of its
// end. (runit's writes nothing down.)
void examine_last_run(const services_directory& in, const service& of, moment now, std::vector<finding>& found) {
    const auto lock = parts::supervise_client{in.fd(), (of.name + "/supervise").c_str()}.open_lock();
    if (!lock) return;
    const ledger known = sys::read_ledger(lock->value());
    if (!known.from || same_scope(known.from->scope, sys::scope_now()) != truth::yes) return;
    if (!known.process || known.process->what != 'r') return;
    const double ended = of.main.age(now).value_or(0);  // both in seconds ago
    const double began = static_cast<double>(sys::since_boot() - known.process->born) / one_second;
    if (began < ended) return;
    found.push_back(explain(remedy::lived, {"", "", std::to_string(known.process->pid), cpu_time(began - ended)}));
}

// A ./run that is much younger than its runsv is not the first.
void examine_youth(const services_directory& in, const service& of, const process_table& processes, std::int64_t age,
                   std::vector<finding>& found) {
    const process* run   = processes.find(static_cast<pid_t>(of.main.reported->pid));
    const process* runsv = run != nullptr ? processes.find(run->parent) : nullptr;
    if (runsv == nullptr || runsv->name != "runsv" || run->started - runsv->started < young_seconds) return;
    const auto older = static_cast<std::int64_t>(run->started - runsv->started);
    found.push_back(explain(remedy::younger, words_with_command(in, of.name, duration(age), duration(age + older))));
}

script run_of(const services_directory& in, const service& of) {
    return {in.path(of.name) + "/run", of.name + "/run", is_log(of.name) ? role::logger : role::service};
}

// What keeps ./run from being started, or from staying.
std::vector<finding> examine_run(const services_directory& in, const service& of) {
    const script         run = run_of(in, of);
    std::vector<finding> found;
    if (const auto first = check_program(run);
        first && first->what != remedy::unreadable && first->what != remedy::not_believed)
        return {printed(first->explained())};
    const auto add_all = [&](const std::vector<fault>& some) {
        for (const fault& one : some) found.push_back(printed(one.explained()));
    };
    if (run.is == role::logger) add_all(check_logger(run));
    auto content = check_content(run);
    std::erase_if(content, [](const fault& one) {
        return one.what == remedy::no_exec || one.what == remedy::daemonises_unless_in_variable;
    });
    add_all(content);
    return found;
}

void examine_liveness(const services_directory& in, const service& of, const process_table& processes, moment now,
                      std::vector<finding>& found) {
    const status&      said = *of.main.reported;
    const std::string  pid  = std::to_string(said.pid);
    const std::int64_t age  = std::max<std::int64_t>(0, now.seconds - said.since.seconds);

    if (said.paused && said.pid != 0) found.push_back(explain(remedy::paused, words_with_command(in, of.name, pid)));
    if (said.got_term && said.pid != 0 && said.now == phase::run)
        found.push_back(explain(remedy::got_term, words_with_command(in, of.name, pid)));
    if (said.now == phase::finish) {
        examine_end(said, found);
        found.push_back(explain(
            remedy::in_finish,
            words_for(
                in, of.name,
                {duration(age), pid, said.wanted == want::up ? "the service starts again when it has ended" : ""})));
    }

    const bool ends_at_once =
        said.wanted == want::up && (said.now != phase::run || static_cast<double>(age) < young_seconds);
    if (said.wanted == want::up && said.now == phase::run && !ends_at_once) return;
    if (said.wanted == want::up) {
        const auto faults = examine_run(in, of);
        found.insert(found.end(), faults.begin(), faults.end());
        if (said.now == phase::run) {
            if (faults.empty()) examine_youth(in, of, processes, age, found);
            return;
        }
        const bool explained = !faults.empty() && (is_log(of.name) || check_program(run_of(in, of)).has_value());
        if (explained || said.now == phase::finish) return;
        found.push_back(explain(of.log ? remedy::flaps : remedy::flaps_without_log, words_with_command(in, of.name)));
        examine_last_run(in, of, now, found);
    } else if (said.now == phase::down) {
        found.push_back(explain(of.main.down_file ? remedy::down_by_file : remedy::told_down,
                                words_with_command(in, of.name, duration(age))));
    }
}

}  // namespace

const process* runsvdir_of(const services_directory& in, const process_table& processes) {
    for (const process& one : processes.all()) {
        if (one.name != "runsvdir") continue;
        const std::string here = "/proc/" + std::to_string(one.pid) + "/cwd";
        if (is_same_file(here, in.directory())) return &one;
        for (const std::string& word : arguments_of(one.pid))
            if (!word.empty() &&
                is_same_file(word.front() == '/' ? word : std::string{here}.append("/").append(word), in.directory()))
                return &one;
    }
    return nullptr;
}

std::vector<std::string> complaints_about(std::string_view title, std::string_view name) {
    std::vector<std::string> found;
    const std::size_t        log = title.find("log: ");
    if (log == std::string_view::npos) return found;
    std::string_view rest     = title.substr(log + 5);
    const auto       is_about = [&](std::string_view message) {
        // NOLINTNEXTLINE(readability-use-anyofallof): the test of each is too long for one expression
        for (const std::string_view program : {"runsv ", "runsvdir "}) {
            if (!message.starts_with(program)) continue;
            const std::string_view subject = message.substr(program.size());
            if (subject.starts_with(name) && subject.substr(name.size()).starts_with(": ")) return true;
            // runsvdir names its own directory first, and the service within the message.
            if (program == "runsvdir " && subject.find(" " + std::string{name} + ": ") != std::string_view::npos)
                return true;
        }
        return false;
    };
    while (!rest.empty()) {
        const std::size_t      end     = std::min(rest.find('\n'), rest.size());
        const std::string_view message = rest.substr(0, end);
        if (is_about(message)) found.emplace_back(message);
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return found;
}

std::vector<int> lock_holders(const services_directory& in, const std::string& name) {
    struct stat file {};
    const auto  lock = parts::supervise_client{in.fd(), (name + "/supervise").c_str()}.open_lock();
    if (!lock || ::fstat(lock->value(), &file) != 0) return {};
    return lock_holders(read_file("/proc/locks").text, major(file.st_dev), minor(file.st_dev), file.st_ino);
}

// "1: FLOCK  ADVISORY  WRITE 4711 00:2d:123456 0 EOF"; one that waits has "->" before the kind.
std::vector<int> lock_holders(std::string_view locks, unsigned major, unsigned minor, unsigned long long inode) {
    std::vector<int> pids;
    while (!locks.empty()) {
        const std::size_t end  = std::min(locks.find('\n'), locks.size());
        std::string_view  line = locks.substr(0, end);
        locks.remove_prefix(std::min(end + 1, locks.size()));
        std::vector<std::string_view> words;
        while (!line.empty()) {
            const std::size_t size = std::min(line.find(' '), line.size());
            if (size != 0) words.push_back(line.substr(0, size));
            line.remove_prefix(std::min(size + 1, line.size()));
        }
        if (words.size() < 6 || words[1] == "->") continue;
        const auto         device    = split(words[5], ':');
        const auto         file      = split(device.rest, ':');
        unsigned           its_major = 0, its_minor = 0;
        unsigned long long its_inode = 0;
        std::from_chars(device.head.data(), device.head.data() + device.head.size(), its_major, 16);
        std::from_chars(file.head.data(), file.head.data() + file.head.size(), its_minor, 16);
        std::from_chars(file.rest.data(), file.rest.data() + file.rest.size(), its_inode);
        int pid = 0;
        std::from_chars(words[4].data(), words[4].data() + words[4].size(), pid);
        if (its_major == major && its_minor == minor && its_inode == inode && pid > 0) pids.push_back(pid);
    }
    return pids;
}

std::vector<finding> diagnose(const services_directory& in, const service& of, const process_table& processes,
                              moment now) {
    std::vector<finding> found;
    switch (of.main.by) {
        case supervision::missing: {
            std::error_code code;
            const auto      target = std::filesystem::read_symlink(in.path(of.name), code);
            return {explain(remedy::service_dangling, words_for(in, of.name, {printable(target.string())}))};
        }
        case supervision::hidden: return {};  // said once, of all of them
        case supervision::broken:
            return {explain(remedy::broken, words_for(in, of.name,
                                                      {of.main.code == 0 ? "it has not the 20 bytes of a status"
                                                                         : error_text(of.main.code)}))};
        case supervision::absent:
        case supervision::present: break;
    }
    const bool     is_young = of.main.runs() && of.main.age(now).value_or(0) < young_seconds;
    const process* runsvdir = of.main.fails() || !of.main.present() || is_young ? runsvdir_of(in, processes) : nullptr;
    if (of.main.present())
        examine_liveness(in, of, processes, now, found);
    else
        examine_absence(in, of, runsvdir, processes, found);
    examine_complaints(runsvdir, of.name, found);

    // Without a runsv both are down for the same reason.
    if (of.main.present() && of.log && of.log->fails()) {
        const service log{of.name + "/log", *of.log, {}};
        for (finding& one : diagnose(in, log, processes, now))
            found.push_back({"its logger is not up: " + one.cause, one.cure});
    }
    return found;
}

}  // namespace runwell::svctl
