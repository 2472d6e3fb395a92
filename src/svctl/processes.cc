#include "svctl/processes.hh"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string_view>

#include "core/proc_stat.hh"
#include "core/text.hh"
#include "svctl/terminal.hh"
#include "sys/files.hh"

namespace runwell::svctl {
namespace {

struct closing {
    void operator()(DIR* dir) const noexcept { ::closedir(dir); }
};

}  // namespace

process parse_stat(std::string_view line, double per_second) {
    const proc_stat stat{line};
    if (!stat) return {};
    const auto utime = stat.number(14), stime = stat.number(15), cutime = stat.number(16), cstime = stat.number(17);
    return {.pid         = static_cast<pid_t>(stat.pid()),
            .parent      = static_cast<pid_t>(stat.number(4)),
            .state       = stat.field(3).front(),
            .name        = std::string{stat.name()},
            .cpu_seconds = static_cast<double>(utime + stime + cutime + cstime) / per_second,
            .started     = static_cast<double>(stat.number(22)) / per_second};
}

process_table process_table::read() {
    process_table                       table;
    const std::unique_ptr<DIR, closing> all{::opendir("/proc")};
    if (!all) return table;
    const auto             per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
    std::array<char, 1024> line;
    while (const dirent* entry = ::readdir(all.get())) {
        if (entry->d_name[0] < '0' || entry->d_name[0] > '9') continue;
        const auto file = sys::open_at(::dirfd(all.get()), (std::string{entry->d_name} + "/stat").c_str(), O_RDONLY);
        if (!file) continue;  // it has ended
        const ssize_t size = ::read(file->value(), line.data(), line.size());
        if (size <= 0) continue;
        process one = parse_stat({line.data(), static_cast<std::size_t>(size)}, per_second);
        if (one.pid != 0) table.all_.push_back(std::move(one));
    }
    std::sort(table.all_.begin(), table.all_.end(), [](const process& a, const process& b) { return a.pid < b.pid; });
    for (const process& one : table.all_) table.by_parent_.push_back(&one);
    std::stable_sort(table.by_parent_.begin(), table.by_parent_.end(),
                     [](const process* a, const process* b) { return a->parent < b->parent; });
    return table;
}

const process* process_table::find(pid_t pid) const {
    const auto found =
        std::lower_bound(all_.begin(), all_.end(), pid, [](const process& one, pid_t it) { return one.pid < it; });
    return found == all_.end() || found->pid != pid ? nullptr : &*found;
}

std::span<const process* const> process_table::children_of(pid_t pid) const {
    const auto first = std::lower_bound(by_parent_.begin(), by_parent_.end(), pid,
                                        [](const process* one, pid_t it) { return one->parent < it; });
    auto       last  = first;
    while (last != by_parent_.end() && (*last)->parent == pid) ++last;
    return {first, last};
}

std::vector<process_table::branch> process_table::tree_of(pid_t root) const {
    std::vector<branch> drawn;
    const process*      first = find(root);
    if (first == nullptr) return drawn;
    std::vector<branch> next{{first, 0, {}}};
    while (!next.empty()) {
        drawn.push_back(std::move(next.back()));
        next.pop_back();
        const branch parent   = drawn.back();
        const auto   children = children_of(parent.of->pid);
        // Pushed from the last to the first, so that they come off in order.
        for (auto i = children.rbegin(); i != children.rend(); ++i) {
            branch child{*i, parent.depth + 1, parent.last};
            child.last.push_back(i == children.rbegin());
            next.push_back(std::move(child));
        }
    }
    return drawn;
}

usage process_table::usage_of(pid_t root) const {
    usage sum;
    for (const branch& one : tree_of(root)) {
        sum.cpu_seconds += one.of->cpu_seconds;
        sum.held += memory_of(one.of->pid);
        ++sum.processes;
    }
    return sum;
}

namespace {

std::string read_all(pid_t pid, std::string_view file) {
    const auto opened = sys::open_at(AT_FDCWD, ("/proc/" + std::to_string(pid) + "/").append(file).c_str(), O_RDONLY);
    std::array<char, 4096> text;
    const ssize_t          size = opened ? ::read(opened->value(), text.data(), text.size()) : -1;
    return size > 0 ? std::string{text.data(), static_cast<std::size_t>(size)} : std::string{};
}

}  // namespace

// proc(5): "Pss:                  88 kB" on a line of its own.
std::optional<std::uint64_t> pss_in(std::string_view smaps_rollup) {
    constexpr std::string_view key = "\nPss:";
    const std::size_t          at  = smaps_rollup.find(key);
    if (at == std::string_view::npos) return std::nullopt;
    const std::size_t first = smaps_rollup.find_first_not_of(' ', at + key.size());
    return first == std::string_view::npos ? std::nullopt
                                           : std::optional{scan_number(smaps_rollup.substr(first)).value * 1024};
}

// proc(5): size resident shared …, in pages.
std::uint64_t rss_in(std::string_view statm, std::uint64_t page) {
    return scan_number(split(statm, ' ').rest).value * page;
}

memory memory_of(pid_t pid) {
    if (const auto share = pss_in(read_all(pid, "smaps_rollup"))) return {*share, true};
    const std::string statm = read_all(pid, "statm");
    const auto        bytes = rss_in(statm, static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
    return {bytes, bytes == 0};  // a kernel thread, or one that has just ended, has none of either
}

namespace {

// /proc/PID/cmdline: words, each with a zero behind it.
std::string command_line_of(pid_t pid) {
    const auto file = sys::open_at(AT_FDCWD, ("/proc/" + std::to_string(pid) + "/cmdline").c_str(), O_RDONLY);
    if (!file) return {};
    std::string            all;
    std::array<char, 4096> part;
    constexpr std::size_t  enough = 65536;
    // The kernel fills the buffer where there is more: a short read is the last.
    for (auto size = static_cast<ssize_t>(part.size());
         size == static_cast<ssize_t>(part.size()) && all.size() < enough;) {
        size = ::read(file->value(), part.data(), part.size());
        if (size > 0) all.append(part.data(), static_cast<std::size_t>(size));
    }
    // A process that has rewritten its title (nginx, sshd) leaves empty words behind it.
    while (!all.empty() && all.back() == '\0') all.pop_back();
    return all;
}

}  // namespace

std::vector<std::string> arguments_of(pid_t pid) {
    const std::string        all = command_line_of(pid);
    std::vector<std::string> words;
    for (std::string_view rest = all; !rest.empty();) {
        const std::size_t end = std::min(rest.find('\0'), rest.size());
        words.emplace_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return words;
}

std::string command_of(const process& one) {
    std::string line = command_line_of(one.pid);
    std::replace(line.begin(), line.end(), '\0', ' ');
    return line.empty() ? "[" + printable(one.name) + "]" : printable(line);
}

}  // namespace runwell::svctl
