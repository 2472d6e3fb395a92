// processes.hh — the processes of this machine, in one pass over /proc, and what the tree below one of them costs.
//
//     const process_table all = process_table::read();
//     all.tree_of(4711)        4711, its children, theirs: with their depths, in the order in which they are drawn
//     all.usage_of(4711)       CPU seconds and bytes of memory of that tree
//
// One file is read for each process (/proc/PID/stat), and one more for each whose memory is asked for: smaps_rollup has
// its proportional share (Pss) of what it shares with others, but only for its own user and root; else statm has what
// is resident (Rss). (The number in stat is 0 for small processes: the kernel updates it in steps of 64 pages.)
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace runwell::svctl {

struct process {
    pid_t       pid    = 0;
    pid_t       parent = 0;
    char        state  = '?';     // as in proc(5): R S D T Z …
    std::string name;             // at most 15 bytes
    double      cpu_seconds = 0;  // its own, and of the children that it has waited for
    double      started     = 0;  // seconds after the boot
};

struct memory {
    std::uint64_t bytes  = 0;
    bool          is_pss = true;  // false: Rss, in which shared pages count for each process

    memory& operator+=(const memory& other) noexcept {
        bytes += other.bytes;
        is_pss = is_pss && other.is_pss;
        return *this;
    }
};
memory memory_of(pid_t pid);

struct usage {
    double      cpu_seconds = 0;
    memory      held;
    std::size_t processes = 0;
};

class process_table {
public:
    process_table()                                = default;
    process_table(process_table&&)                 = default;
    process_table& operator=(process_table&&)      = default;
    process_table(const process_table&)            = delete;
    process_table& operator=(const process_table&) = delete;

    static process_table read();

    const process* find(pid_t pid) const;       // nullptr: there is none
    usage          usage_of(pid_t root) const;  // reads the memory of each process of the tree

    struct branch {
        const process* of;
        std::size_t    depth;  // 0: the root
        std::vector<bool>
            last;  // for each depth from 1 on: whether that ancestor (or itself) is the last of its siblings
    };
    std::vector<branch> tree_of(pid_t root) const;

    const std::vector<process>&     all() const noexcept { return all_; }
    std::span<const process* const> children_of(pid_t pid) const;

private:
    std::vector<process>        all_;        // by pid
    std::vector<const process*> by_parent_;  // the same, by parent and then by pid
};

// The line of /proc/PID/stat; pid 0 when it is not one. Times in the kernel's units are given by `per_second`.
process parse_stat(std::string_view line, double per_second);

// The text of /proc/PID/smaps_rollup, or else that of statm: pages of so many bytes.
std::optional<std::uint64_t> pss_in(std::string_view smaps_rollup);
std::uint64_t                rss_in(std::string_view statm, std::uint64_t page);

// The words that a process was started with; empty for a kernel thread, or when it has ended.
std::vector<std::string> arguments_of(pid_t pid);
// The same, as one printable line; the name in brackets when there are none: "[kthreadd]".
std::string command_of(const process& one);

}  // namespace runwell::svctl
