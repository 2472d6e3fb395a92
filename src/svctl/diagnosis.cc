#include "svctl/diagnosis.hh"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <filesystem>

#include "core/text.hh"
#include "parts/supervise.hh"
#include "svctl/errors.hh"
#include "svctl/human.hh"
#include "svctl/read_file.hh"
#include "svctl/view.hh"
#include "sys/clock.hh"
#include "sys/files.hh"
#include "sys/ledger.hh"

namespace runwell::svctl {
namespace {

// What an ELF file is made for, where this is another machine.
bool is_for_another_machine(const std::string& head) {
    if (head.size() < sizeof(Elf32_Ehdr)) return false;
    const std::string self = read_file("/proc/self/exe", sizeof(Elf64_Ehdr)).text;
    if (self.size() < sizeof(Elf64_Ehdr)) return false;
    constexpr std::size_t machine = offsetof(Elf64_Ehdr, e_machine);  // at the same place for 32 and 64 bits
    // An x86-64 kernel runs programs for i386, as an arm64 one may those for arm.
    const bool smaller = head[EI_CLASS] == ELFCLASS32 && self[EI_CLASS] == ELFCLASS64;
    return !smaller && std::memcmp(head.data() + machine, self.data() + machine, 2) != 0;
}

// The interpreter that an ELF program asks for (its dynamic linker), where the head of the file says so.
std::string linker_of(const std::string& head) {
    if (head.size() < sizeof(Elf64_Ehdr) || head[EI_CLASS] != ELFCLASS64) return {};
    Elf64_Ehdr file;
    std::memcpy(&file, head.data(), sizeof file);
    for (std::size_t i = 0; i < file.e_phnum; ++i) {
        Elf64_Phdr        segment;
        const std::size_t at = file.e_phoff + i * sizeof segment;
        if (at > head.size() || head.size() - at < sizeof segment) return {};
        std::memcpy(&segment, head.data() + at, sizeof segment);
        if (segment.p_type != PT_INTERP) continue;
        if (segment.p_offset > head.size() || head.size() - segment.p_offset < segment.p_filesz) return {};
        return head.data() + segment.p_offset;
    }
    return {};
}

bool is_mounted_with(int base, const std::string& path, unsigned long flag) {
    const auto     file = sys::open_at(base, path.c_str(), O_PATH);
    struct statvfs system {};
    return file && ::fstatvfs(file->value(), &system) == 0 && (system.f_flag & flag) != 0;
}

std::vector<finding> examine_interpreter(const std::string& head, const std::string& shown, const std::string& full) {
    const interpreter by = interpreter_of(head);
    if (by.carriage_return)
        return {
            {shown + " ends its lines as Windows does: its interpreter '" + printable(by.path) + "\\r' does not exist",
             "take the carriage returns out: sed -i 's/\\r$//' " + full}};
    if (by.path.empty()) return {{shown + " begins with #!, and no interpreter follows", "name one: #!/bin/sh"}};
    struct stat file {};
    if (::stat(by.path.c_str(), &file) != 0)
        return {{"the interpreter of " + shown + ", " + printable(by.path) + ", cannot be found: " + error_text(errno),
                 "install it, or name another one in the first line of " + full}};
    if (S_ISDIR(file.st_mode) || (file.st_mode & 0111) == 0)
        return {{"the interpreter of " + shown + ", " + printable(by.path) + ", is not executable",
                 "name another one in the first line of " + full}};
    return {};
}

std::string parent_of(const std::string& path) { return std::filesystem::path{path}.parent_path().string(); }

// -- who looks after it ----------------------------------------------------------------------------------------------

bool is_same_file(const std::string& one, const std::string& other) {
    std::error_code error;
    return std::filesystem::equivalent(one, other, error);
}

void examine_lock(const tree& in, const std::string& name, std::vector<finding>& found,
                  const process_table& processes) {
    struct stat file {};
    if (::fstatat(in.fd(), (name + "/supervise/lock").c_str(), &file, 0) != 0) return;
    const std::string locks = read_file("/proc/locks", 1 << 20).text;
    for (const int pid : lock_holders(locks, major(file.st_dev), minor(file.st_dev), file.st_ino)) {
        const process* holder = processes.find(pid);
        found.push_back({"supervise/lock is held by process " + std::to_string(pid) +
                             (holder != nullptr ? " (" + command_of(*holder) + ")" : "") +
                             ", which takes no commands: no runsv can start",
                         "end that process, if it is not to be there: kill " + std::to_string(pid)});
    }
}

void examine_supervise(const tree& in, const std::string& name, std::vector<finding>& found) {
    struct stat       file {};
    const std::string supervise = name + "/supervise";
    const bool        there     = ::fstatat(in.fd(), supervise.c_str(), &file, 0) == 0;
    if (there && !S_ISDIR(file.st_mode)) {
        found.push_back({"supervise is not a directory", "remove it: rm " + printable(in.path(supervise))});
    } else if (is_mounted_with(in.fd(), there ? supervise : name, ST_RDONLY)) {
        found.push_back({(there ? supervise : name) + " is on a file system that is read-only",
                         "make supervise a link to where it can be written: ln -s /run/supervise-" + printable(name) +
                             " " + printable(in.path(supervise))});
    } else if (!there && ::fstatat(in.fd(), supervise.c_str(), &file, AT_SYMLINK_NOFOLLOW) == 0) {
        std::error_code   error;
        const std::string target = std::filesystem::read_symlink(in.path(supervise), error).string();
        const std::string parent = parent_of((std::filesystem::path{in.path(name)} / target).string());
        if (::stat(parent.c_str(), &file) != 0)
            found.push_back({"supervise is a link into " + printable(parent) + ", which does not exist",
                             "make that directory: mkdir -p " + printable(parent)});
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
    if (!said.empty()) found.push_back({"its supervisor has complained: " + printable(said.back()), ""});
}

void examine_absence(const tree& in, const service& of, const process* runsvdir, const process_table& processes,
                     std::vector<finding>& found) {
    const std::string shown = printable(in.directory());
    examine_supervise(in, of.name, found);
    examine_lock(in, of.name, found, processes);
    if (of.name.ends_with("/log")) {
        found.push_back({"no runsv looks after the log service: it is that of the service that does",
                         "a log/ that came later is taken up when runsv starts anew"});
    } else if (runsvdir == nullptr) {
        found.push_back({"no runsvdir looks after " + shown, "start one: runsvdir -P " + shown});
    } else {
        found.push_back(
            {"process " + std::to_string(runsvdir->pid) + ", runsvdir, looks after " + shown + ", but no runsv after " +
                 printable(of.name),
             "it looks again within five seconds; see what it says: ps -o args= -p " + std::to_string(runsvdir->pid)});
    }
}

// -- what the status says --------------------------------------------------------------------------------------------

std::string name_of_pid(const status& said) { return "process " + std::to_string(said.pid); }

// How ./run has ended, as its ./finish was told: exit code and wait status are the two words behind its name
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
        found.push_back({"./run has exited " + std::to_string(code), ""});
    else
        found.push_back({"./run was killed by signal " + std::to_string(signal) +
                             (name != nullptr ? " (" + std::string{name} + ")" : "") +
                             ((how & 0x80) != 0 ? ", and left a core" : ""),
                         ""});
}

// How long the last ./run has lived: what runwell's supervisor has written down of its start, and the status of its
// end. (runit's writes nothing down.)
void examine_last_run(const tree& in, const service& of, moment now, std::vector<finding>& found) {
    const auto lock = parts::supervise_client{in.fd(), (of.name + "/supervise").c_str()}.open_lock();
    if (!lock) return;
    const ledger known = sys::read_ledger(lock->value());
    if (!known.from || same_scope(known.from->scope, sys::scope_now()) != truth::yes) return;
    if (!known.process || known.process->what != 'r') return;
    const double ended = of.main.age(now).value_or(0);  // both in seconds ago
    const double began = static_cast<double>(sys::since_boot() - known.process->born) / one_second;
    if (began < ended) return;
    found.push_back(
        {"the last ./run, process " + std::to_string(known.process->pid) + ", lived for " + cpu_time(began - ended),
         ""});
}

// A ./run that is much younger than its runsv is not the first.
void examine_youth(const service& of, const process_table& processes, std::int64_t age, std::vector<finding>& found) {
    const process* run   = processes.find(static_cast<pid_t>(of.main.said->pid));
    const process* runsv = run != nullptr ? processes.find(run->parent) : nullptr;
    if (runsv == nullptr || runsv->name != "runsv" || run->started - runsv->started < young_seconds) return;
    const auto older = static_cast<std::int64_t>(run->started - runsv->started);
    found.push_back({"./run was started " + duration(age) + " ago, and its runsv " + duration(age + older) +
                         " ago: there was another one, which has ended or was restarted",
                     "see whether this one stays: svctl watch " + printable(of.name)});
}

void examine_liveness(const tree& in, const service& of, const process_table& processes, moment now,
                      std::vector<finding>& found) {
    const status&      said = *of.main.said;
    const std::string  name = printable(of.name);
    const std::int64_t age  = std::max<std::int64_t>(0, now.seconds - said.since.seconds);

    if (said.paused && said.pid != 0)
        found.push_back(
            {"it is paused: " + name_of_pid(said) + " was sent STOP", "let it go on: svctl signal CONT " + name});
    if (said.got_term && said.pid != 0 && said.now == phase::run)
        found.push_back(
            {name_of_pid(said) + " was sent TERM and lives on", "give it its time, or send KILL: svctl kill " + name});
    if (said.now == phase::finish) {
        examine_end(said, found);
        found.push_back({"./finish has run for " + duration(age) + ", as " + name_of_pid(said),
                         said.wanted == want::up ? "the service starts again when it has ended" : ""});
    }

    const bool ends_at_once =
        said.wanted == want::up && (said.now != phase::run || static_cast<double>(age) < young_seconds);
    if (said.wanted == want::up && said.now == phase::run && !ends_at_once) return;
    if (said.wanted == want::up) {
        const auto scripts = examine_script(in.path(of.name) + "/run", name + "/run");
        found.insert(found.end(), scripts.begin(), scripts.end());
        if (!scripts.empty()) return;
        if (said.now == phase::run) return examine_youth(of, processes, age, found);
        if (said.now == phase::finish) return;
        found.push_back({"./run has ended, and is started again, once a second at most",
                         "see what it has to say: svctl logs " + name + ", or run it by hand"});
        examine_last_run(in, of, now, found);
    } else if (said.now == phase::down) {
        found.push_back({of.main.down_file ? "it is not started by itself: there is a file " + name + "/down"
                                           : "it was told to be down, or to run once, " + duration(age) + " ago",
                         "start it: svctl up " + name});
    }
}

}  // namespace

const process* runsvdir_of(const tree& in, const process_table& processes) {
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

interpreter interpreter_of(std::string_view first_bytes) {
    if (!first_bytes.starts_with("#!")) return {};
    std::string_view line = first_bytes.substr(2, std::min(first_bytes.find('\n'), first_bytes.size()) - 2);
    while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
    line = line.substr(0, line.find_first_of(" \t"));
    interpreter one;
    one.carriage_return = line.ends_with('\r');
    if (one.carriage_return) line.remove_suffix(1);
    one.path = line;
    return one;
}

std::vector<finding> examine_script(const std::string& path, const std::string& shown) {
    struct stat       file {};
    constexpr int     base = AT_FDCWD;
    const std::string full = printable(path);
    if (::fstatat(base, path.c_str(), &file, 0) != 0) {
        const int   error = errno;
        struct stat link {};
        if (error == ENOENT && ::fstatat(base, path.c_str(), &link, AT_SYMLINK_NOFOLLOW) == 0)
            return {{shown + " is a link that leads nowhere", "let it lead to the program: ls -l " + full}};
        return {{error == ENOENT ? shown + " is missing" : shown + ": " + error_text(error),
                 error == ENOENT ? "write it: an executable that stays in the foreground" : ""}};
    }
    if (!S_ISREG(file.st_mode)) return {{shown + " is not a file", "put the program there, or a link to it"}};
    if ((file.st_mode & 0111) == 0) return {{shown + " is not executable", "make it so: chmod +x " + full}};
    if (is_mounted_with(base, path, ST_NOEXEC))
        return {{shown + " is on a file system that is mounted noexec",
                 "move it, or mount that anew: mount -o remount,exec"}};
    if (file.st_size == 0) return {{shown + " is empty", "write it: #!/bin/sh, and exec of the program"}};

    constexpr std::size_t enough = 65536;
    const file_content    script = read_file(path, enough);
    const std::string&    head   = script.text;
    if (head.empty()) return {};  // this user may not read it
    if (head.starts_with("#!")) return examine_interpreter(head, shown, full);
    if (head.starts_with("\x7f"
                         "ELF")) {
        if (is_for_another_machine(head))
            return {{shown + " is a program for another kind of machine", "build it for this one"}};
        const std::string linker = linker_of(head);
        if (!linker.empty() && ::access(linker.c_str(), F_OK) != 0)
            return {{shown + " needs the dynamic linker " + printable(linker) + ", which is not here",
                     "install the C library that it was built with"}};
        return {};
    }
    return {
        {shown + " is no program, and does not begin with #!", "name its interpreter in the first line: #!/bin/sh"}};
}

std::vector<std::string> complaints_about(std::string_view title, std::string_view name) {
    std::vector<std::string> found;
    const std::size_t        log = title.find("log: ");
    if (log == std::string_view::npos) return found;
    std::string_view rest     = title.substr(log + 5);
    const auto       is_about = [&](std::string_view message) {
        // NOLINTNEXTLINE(readability-use-anyofallof): what is asked of each is too much for one expression
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

std::vector<finding> diagnose(const tree& in, const service& of, const process_table& processes, moment now) {
    std::vector<finding> found;
    const std::string    name = printable(of.name);
    switch (of.main.by) {
        case supervision::missing: {
            std::error_code error;
            const auto      target = std::filesystem::read_symlink(in.path(of.name), error);
            return {{name + " is a link to " + printable(target.string()) + ", which is not there",
                     "make that directory, or take the link away: rm " + printable(in.path(of.name))}};
        }
        case supervision::hidden:
            return {{name + "/supervise is not for this user to see: " + error_text(of.main.error),
                     "see it as root: sudo svctl status " + name}};
        case supervision::broken:
            return {{name + "/supervise/status cannot be read: " +
                         (of.main.error == 0 ? "it has not the 20 bytes of a status" : error_text(of.main.error)),
                     "whatever wrote it is no runsv; is there another supervisor?"}};
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

    if (of.log && of.log->fails()) {
        const service log{of.name + "/log", *of.log, {}};
        for (finding& one : diagnose(in, log, processes, now))
            found.push_back({"its logger is not up: " + one.cause, one.cure});
    }
    return found;
}

}  // namespace runwell::svctl
