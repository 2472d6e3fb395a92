#include "sys/contained.hh"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <optional>
#include <string_view>

#include "core/proc_stat.hh"
#include "core/text.hh"
#include "sys/cgroup.hh"
#include "sys/dir.hh"
#include "sys/files.hh"
#include "sys/orphan.hh"
#include "sys/proc.hh"

namespace runwell::sys {
namespace {

constexpr int most_rounds = 50;

struct parentage {
    char  state  = 'X';
    pid_t parent = 0;
};

std::optional<parentage> parentage_of(pid_t pid) noexcept {
    char            bytes[512];
    const auto      path = proc_path(static_cast<std::uint64_t>(pid), "/stat");
    const proc_stat line{read_once(AT_FDCWD, path.c_str(), bytes)};
    if (!line) return std::nullopt;
    return parentage{line.field(3).front(), static_cast<pid_t>(line.number(4))};
}

bool is_over(char state) noexcept { return state == 'Z' || state == 'X'; }

bool is_one_of(pid_t pid, const contained::others& some) noexcept { return pid == some[0] || pid == some[1]; }

// Whether this process descends from us, and not through one of the others.
bool is_our_descendant(pid_t pid, const contained::others& not_of_it) noexcept {
    const pid_t self = ::getpid();
    for (int generations = 0; generations < 100'000 && pid > 1 && !is_one_of(pid, not_of_it); ++generations) {
        const auto is = parentage_of(pid);
        if (!is) return false;
        if (is->parent == self) return true;
        pid = is->parent;
    }
    return false;
}

// Calls each(pid) for every process that /proc shows.
template <class Each>
void each_process(Each each) noexcept {
    const auto proc = open_directory(AT_FDCWD, "/proc");
    if (!proc) return;
    static_cast<void>(each_name(proc->value(), [&](const char* name, unsigned char) {
        if (const auto pid = whole_number(name); pid && *pid > 1 && *pid <= INT32_MAX) each(static_cast<pid_t>(*pid));
    }));
}

// Calls each(pid) for every number in a file of numbers.
template <class Each>
void each_number(int file, Each each) noexcept {
    std::array<char, 512> bytes;
    std::uint64_t         number = 0;
    for (ssize_t size = 0; (size = ::read(file, bytes.data(), bytes.size())) > 0;)
        for (ssize_t i = 0; i < size; ++i) {
            const char c = bytes[static_cast<std::size_t>(i)];
            if (c >= '0' && c <= '9') {
                number = number * 10 + static_cast<std::uint64_t>(c - '0');
                continue;
            }
            if (number > 1 && number <= INT32_MAX) each(static_cast<pid_t>(number));
            number = 0;
        }
}

// Calls each(pid) for every child of a process, whichever of its threads has started it.
template <class Each>
void each_child(pid_t of, Each each) noexcept {
    const auto tasks = open_directory(AT_FDCWD, proc_path(static_cast<std::uint64_t>(of), "/task").c_str());
    if (!tasks) return;
    static_cast<void>(each_name(tasks->value(), [&](const char* name, unsigned char) {
        if (*name == '.') return;
        fixed_text<48> path;
        path.append(name);
        path.append("/children");
        const auto list = open_at(tasks->value(), path.c_str(), O_RDONLY);
        if (list) each_number(list->value(), each);
    }));
}

// A deeper process loses its parent first, and the next round finds it higher up.
constexpr int deepest = 16;

// Calls each(pid) for what descends from `of`, a parent before its children.
template <class Each>
void each_below(pid_t of, const contained::others& not_of_it, int depth, const Each& each) noexcept {
    each_child(of, [&](pid_t pid) {
        if (is_one_of(pid, not_of_it)) return;
        each(pid);
        if (depth < deepest) each_below(pid, not_of_it, depth + 1, each);
    });
}

// The kernel lists children (CONFIG_PROC_CHILDREN).
bool lists_children() noexcept { return ::access("/proc/thread-self/children", R_OK) == 0; }

// The process that has this pid now, held so that its pid is of no other, gets the signal if it still belongs().
template <class Belongs>
void send_if(pid_t pid, int signal, Belongs belongs) noexcept {
    const orphan held = orphan::open(pid);
    if (held && belongs(pid)) held.send(signal);
}

bool write_to(int dir, const char* file, std::string_view text) noexcept {
    const auto to = open_at(dir, file, O_WRONLY);
    return to && ::write(to->value(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// Calls each(pid) for every process in the cgroup itself. A process in a cgroup below it (chpst --cgroup) gets KILL
// alone.
template <class Each>
void each_member(int leaf, Each each) noexcept {
    const auto file = open_at(leaf, "cgroup.procs", O_RDONLY);
    if (!file) return;
    each_number(file->value(), each);
}

bool is_in(pid_t pid, std::string_view leaf) noexcept {
    char             bytes[4096];
    const auto       path = proc_path(static_cast<std::uint64_t>(pid), "/cgroup");
    std::string_view rest = read_once(AT_FDCWD, path.c_str(), bytes);
    while (!rest.empty()) {
        const two_parts line = split(rest, '\n');
        if (line.head.starts_with("0::/") && base_name(line.head) == leaf) return true;
        rest = line.rest;
    }
    return false;
}

bool is_subreaper() noexcept {
    int is = 0;
    return ::prctl(PR_GET_CHILD_SUBREAPER, &is) == 0 && is != 0;
}

void remove_below(int dir) noexcept {
    static_cast<void>(each_name(dir, [&](const char* name, unsigned char type) {
        if (type != DT_DIR || *name == '.') return;
        const auto below = open_directory(dir, name);
        if (below) remove_below(below->value());
        ::unlinkat(dir, name, AT_REMOVEDIR);
    }));
}

}  // namespace

fixed_text<48> leaf_name(int service) noexcept {
    struct stat    is {};
    fixed_text<48> name;
    if (::fstat(service, &is) != 0) return name;
    name.append("runsv.");
    name.append(decimal{is.st_dev}.view());
    name.append('.');
    name.append(decimal{is.st_ino}.view());
    return name;
}

bool contained::open_leaf() noexcept {
    auto leaf = open_directory(above_.value(), name_.c_str());
    if (!leaf) return false;
    auto entrance = open_at(leaf->value(), "cgroup.procs", O_WRONLY);
    auto events   = open_at(leaf->value(), "cgroup.events", O_RDONLY);
    if (!entrance || !events) return false;
    leaf_     = std::move(*leaf);
    entrance_ = std::move(*entrance);
    events_   = std::move(*events);
    by_       = containment::cgroup;
    return true;
}

void contained::resume(int service) noexcept {
    name_      = leaf_name(service);
    auto above = own_cgroup();
    if (above) above_ = std::move(*above);
    if (!(above && open_leaf()) && is_subreaper()) by_ = containment::subreaper;
}

result<void> contained::begin(int service) noexcept {
    if (by_ == containment::cgroup) return {};
    name_      = leaf_name(service);
    auto above = own_cgroup();
    int  code  = above ? 0 : above.why().code;
    if (above) {
        above_              = std::move(*above);
        const bool is_there = ::mkdirat(above_.value(), name_.c_str(), 0755) == 0 || errno == EEXIST;
        if (is_there && open_leaf()) return {};
        code = errno;
    }
    did_not_enter();
    return error{"unable to create a cgroup, ./contain is fulfilled without one", "", code};
}

void contained::did_not_enter() noexcept {
    end();
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    by_ = containment::subreaper;
}

void contained::end() noexcept {
    if (by_ == containment::subreaper) {
        ::prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
        by_ = containment::none;
    }
    if (by_ == containment::none) return;
    remove_below(leaf_.value());
    leaf_.reset();
    entrance_.reset();
    events_.reset();
    ::unlinkat(above_.value(), name_.c_str(), AT_REMOVEDIR);
    by_ = containment::none;
}

bool contained::any(const others& not_of_it) const noexcept {
    switch (by_) {
        case containment::none: return false;
        case containment::cgroup: {
            std::array<char, 128> bytes;
            const ssize_t         size = ::pread(events_.value(), bytes.data(), bytes.size(), 0);
            return size > 0 && std::string_view{bytes.data(), static_cast<std::size_t>(size)}.find("populated 1") !=
                                   std::string_view::npos;
        }
        case containment::subreaper: break;
    }
    // What lives has a living parent, or is our child: so it is enough to look at our children.
    if (!proc_is_ours()) return false;
    bool        found = false;
    const pid_t self  = ::getpid();
    const auto  look  = [&](pid_t pid) {
        if (found || is_one_of(pid, not_of_it)) return;
        const auto is = parentage_of(pid);
        found         = is && is->parent == self && !is_over(is->state);
    };
    if (lists_children())
        each_child(self, look);
    else
        each_process(look);
    return found;
}

void contained::send(int signal, const others& not_of_it) const noexcept {
    if (by_ == containment::cgroup) {
        if (signal == SIGKILL && write_to(leaf_.value(), "cgroup.kill", "1")) return;
        const bool freeze = signal == SIGKILL && write_to(leaf_.value(), "cgroup.freeze", "1");  // before Linux 5.14
        each_member(leaf_.value(),
                    [&](pid_t pid) { send_if(pid, signal, [&](pid_t it) { return is_in(it, name_.view()); }); });
        if (freeze) static_cast<void>(write_to(leaf_.value(), "cgroup.freeze", "0"));
        return;
    }
    if (by_ != containment::subreaper || !proc_is_ours()) return;
    const auto belongs      = [&](pid_t it) { return is_our_descendant(it, not_of_it); };
    const bool listed       = lists_children();
    const auto each_of_ours = [&](const auto& each) {
        if (listed) return each_below(::getpid(), not_of_it, 0, each);
        each_process([&](pid_t pid) {
            if (belongs(pid)) each(pid);
        });
    };
    // A stopped process does not fork: rounds, until none is found that runs.
    for (int round = 0; signal == SIGKILL && round < most_rounds; ++round) {
        bool all_stopped = true;
        each_of_ours([&](pid_t pid) {
            const auto is = parentage_of(pid);
            if (!is || is_over(is->state) || is->state == 'T') return;
            all_stopped = false;
            send_if(pid, SIGSTOP, belongs);
        });
        if (all_stopped) break;
    }
    each_of_ours([&](pid_t pid) { send_if(pid, signal, belongs); });
}

}  // namespace runwell::sys
