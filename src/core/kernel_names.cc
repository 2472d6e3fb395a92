#include "core/kernel_names.hh"

#include <csignal>
#include <tuple>

#include "core/text.hh"

namespace runwell {
namespace {

template <class Value>
struct word {
    std::string_view name;
    Value            value;
};

template <class Value, std::size_t Size>
std::optional<Value> find_value(const std::array<word<Value>, Size>& words, std::string_view name) noexcept {
    for (const auto& w : words)
        if (w.name == name) return w.value;
    return std::nullopt;
}

template <class Value, std::size_t Size>
std::string_view find_name(const std::array<word<Value>, Size>& words, Value value) noexcept {
    for (const auto& w : words)
        if (w.value == value) return w.name;
    return "?";
}

constexpr std::array schedule_words{
    word<schedule_kind>{"other", schedule_kind::other}, word<schedule_kind>{"fifo", schedule_kind::fifo},
    word<schedule_kind>{"rr", schedule_kind::rr},       word<schedule_kind>{"batch", schedule_kind::batch},
    word<schedule_kind>{"idle", schedule_kind::idle},
};

constexpr std::array io_words{
    word<io_class>{"realtime", io_class::realtime},
    word<io_class>{"best-effort", io_class::best_effort},
    word<io_class>{"idle", io_class::idle},
};

constexpr std::array resource_words{
    word<resource>{"data segment", resource::data},        word<resource>{"stack", resource::stack},
    word<resource>{"locked memory", resource::locked},     word<resource>{"memory", resource::memory},
    word<resource>{"open files", resource::files},         word<resource>{"processes", resource::processes},
    word<resource>{"file size", resource::file_size},      word<resource>{"core size", resource::core},
    word<resource>{"resident memory", resource::resident}, word<resource>{"cpu seconds", resource::cpu},
};

constexpr std::array signal_words{
    word<int>{"HUP", SIGHUP},       word<int>{"INT", SIGINT},   word<int>{"QUIT", SIGQUIT},
    word<int>{"ILL", SIGILL},       word<int>{"TRAP", SIGTRAP}, word<int>{"ABRT", SIGABRT},
    word<int>{"BUS", SIGBUS},       word<int>{"FPE", SIGFPE},   word<int>{"KILL", SIGKILL},
    word<int>{"USR1", SIGUSR1},     word<int>{"SEGV", SIGSEGV}, word<int>{"USR2", SIGUSR2},
    word<int>{"PIPE", SIGPIPE},     word<int>{"ALRM", SIGALRM}, word<int>{"TERM", SIGTERM},
    word<int>{"CHLD", SIGCHLD},     word<int>{"CONT", SIGCONT}, word<int>{"STOP", SIGSTOP},
    word<int>{"TSTP", SIGTSTP},     word<int>{"TTIN", SIGTTIN}, word<int>{"TTOU", SIGTTOU},
    word<int>{"URG", SIGURG},       word<int>{"XCPU", SIGXCPU}, word<int>{"XFSZ", SIGXFSZ},
    word<int>{"VTALRM", SIGVTALRM}, word<int>{"PROF", SIGPROF}, word<int>{"WINCH", SIGWINCH},
    word<int>{"IO", SIGIO},         word<int>{"PWR", SIGPWR},   word<int>{"SYS", SIGSYS},
};

// linux/capability.h; the place in the list is the number.
constexpr std::array<std::string_view, 41> capability_names{
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
};

constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_but_case(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (lower(a[i]) != lower(b[i])) return false;
    return true;
}

std::optional<std::uint64_t> capability_in(std::string_view name) noexcept {
    if (same_but_case(name, "all")) return every_capability;
    if (name.size() > 4 && same_but_case(name.substr(0, 4), "cap_")) name.remove_prefix(4);
    for (std::size_t i = 0; i < capability_names.size(); ++i)
        if (same_but_case(name, capability_names[i])) return std::uint64_t{1} << i;
    return std::nullopt;
}

}  // namespace

std::string_view name_of(schedule_kind which) noexcept { return find_name(schedule_words, which); }
std::string_view name_of(io_class which) noexcept { return find_name(io_words, which); }
std::string_view name_of(resource which) noexcept { return find_name(resource_words, which); }

std::optional<schedule_kind> schedule_in(std::string_view name) noexcept { return find_value(schedule_words, name); }
std::optional<io_class>      io_class_in(std::string_view name) noexcept { return find_value(io_words, name); }

std::optional<cpu_mask> cpus_in(std::string_view list) noexcept {
    constexpr std::int64_t bits = 64, highest = std::tuple_size_v<cpu_mask> * bits - 1;
    cpu_mask               mask{};
    for (two_parts items = split(list, ',');; items = split(items.rest, ',')) {
        const two_parts range = split(items.head, '-');
        const auto      first = number_between(range.head, 0, highest);
        const auto      last  = range.found ? number_between(range.rest, 0, highest) : first;
        if (!first || !last || *last < *first) return std::nullopt;
        for (std::int64_t n = *first; n <= *last; ++n)
            mask[static_cast<std::size_t>(n / bits)] |= std::uint64_t{1} << (n % bits);
        if (!items.found) return mask;
    }
}

std::optional<std::uint64_t> capabilities_in(std::string_view list) noexcept {
    std::uint64_t mask = 0;
    for (two_parts items = split(list, ',');; items = split(items.rest, ',')) {
        const auto one = capability_in(items.head);
        if (!one) return std::nullopt;
        mask |= *one;
        if (!items.found) return mask;
    }
}

std::optional<int> signal_in(std::string_view text) noexcept {
    if (const auto number = number_between(text, 1, 64)) return static_cast<int>(*number);
    if (text.starts_with("SIG")) text.remove_prefix(3);
    return find_value(signal_words, text);
}

}  // namespace runwell
