#include "core/chpst_options.hh"

#include <array>
#include <limits>

#include "core/options.hh"
#include "core/text.hh"

namespace runwell {
namespace {

// -- the tools ----------------------------------------------------------------------------------------------------

struct tool_row {
    tool             which;
    std::string_view name;
    std::string_view usage;
};

constexpr std::array tool_rows{
    tool_row{
        tool::chpst, "chpst",
        " [-vVP012] [-u user[:group]] [-U user[:group]] [-b argv0] [-e dir] [-/ root] [-C pwd] [-n nice] [-l|-L lock]"
        " [-m n] [-d n] [-o n] [-p n] [-f n] [-c n] [-t n] prog"},
    tool_row{tool::envdir, "envdir", " dir child"},
    tool_row{tool::envuidgid, "envuidgid", " account child"},
    tool_row{tool::pgrphack, "pgrphack", " child"},
    tool_row{tool::setlock, "setlock", " [ -nNxX ] file program [ arg ... ]"},
    tool_row{tool::setuidgid, "setuidgid", " account child"},
    tool_row{tool::softlimit, "softlimit",
             " [-a allbytes] [-c corebytes] [-d databytes] [-f filebytes] [-l lockbytes] [-m membytes] [-o openfiles]"
             " [-p processes] [-r residentbytes] [-s stackbytes] [-t cpusecs] child"},
};

// -- the options --------------------------------------------------------------------------------------------------

enum class option : std::uint8_t {
    // chpst(8)
    user,
    id_variables,
    argv0,
    environment,
    root,
    directory,
    nice,
    lock,
    lock_now,
    memory,
    limit,
    verbose,
    version,
    session,
    close_0,
    close_1,
    close_2,
    // setlock, softlimit
    wait,
    fail_at_once,
    silent,
    loud,
    limit_or_most,
    memory_or_most,
    // by their words
    groups,
    umask,
    oom_score,
    no_new_privs,
    cap_drop,
    cap_keep,
    cpus,
    io_class_,
    io_prio,
    sched,
    hard,
    cgroup,
    cgroup_set,
    death_signal,
    close_fds,
    null,
    new_net,
    new_mount,
    read_only,
    private_tmp,
    may_read,
    may_write,
    print,
};

struct chpst_option {
    char             letter;  // '\0': none
    std::string_view name;    // "": none
    option           what;
    bool             takes;  // an argument
    resource         limits = resource::data;
};

constexpr std::array chpst_rows{
    chpst_option{'u', "", option::user, true},
    chpst_option{'U', "", option::id_variables, true},
    chpst_option{'b', "", option::argv0, true},
    chpst_option{'e', "", option::environment, true},
    chpst_option{'/', "", option::root, true},
    chpst_option{'C', "", option::directory, true},
    chpst_option{'n', "", option::nice, true},
    chpst_option{'l', "", option::lock, true},
    chpst_option{'L', "", option::lock_now, true},
    chpst_option{'m', "", option::memory, true},
    chpst_option{'d', "", option::limit, true, resource::data},
    chpst_option{'o', "", option::limit, true, resource::files},
    chpst_option{'p', "", option::limit, true, resource::processes},
    chpst_option{'f', "", option::limit, true, resource::file_size},
    chpst_option{'c', "", option::limit, true, resource::core},
    chpst_option{'r', "", option::limit, true, resource::resident},
    chpst_option{'t', "", option::limit, true, resource::cpu},
    chpst_option{'v', "", option::verbose, false},
    chpst_option{'V', "", option::version, false},
    chpst_option{'P', "", option::session, false},
    chpst_option{'0', "", option::close_0, false},
    chpst_option{'1', "", option::close_1, false},
    chpst_option{'2', "", option::close_2, false},
    chpst_option{'\0', "groups", option::groups, true},
    chpst_option{'\0', "umask", option::umask, true},
    chpst_option{'\0', "oom-score", option::oom_score, true},
    chpst_option{'\0', "no-new-privs", option::no_new_privs, false},
    chpst_option{'\0', "cap-drop", option::cap_drop, true},
    chpst_option{'\0', "cap-keep", option::cap_keep, true},
    chpst_option{'\0', "cpus", option::cpus, true},
    chpst_option{'\0', "io-class", option::io_class_, true},
    chpst_option{'\0', "io-prio", option::io_prio, true},
    chpst_option{'\0', "sched", option::sched, true},
    chpst_option{'\0', "hard", option::hard, false},
    chpst_option{'\0', "cgroup", option::cgroup, true},
    chpst_option{'\0', "cgroup-set", option::cgroup_set, true},
    chpst_option{'\0', "death-signal", option::death_signal, true},
    chpst_option{'\0', "close-fds", option::close_fds, false},
    chpst_option{'\0', "null", option::null, false},
    chpst_option{'\0', "new-net", option::new_net, false},
    chpst_option{'\0', "new-mount", option::new_mount, false},
    chpst_option{'\0', "read-only", option::read_only, true},
    chpst_option{'\0', "private-tmp", option::private_tmp, false},
    chpst_option{'\0', "may-read", option::may_read, true},
    chpst_option{'\0', "may-write", option::may_write, true},
    chpst_option{'\0', "print", option::print, false},
};

constexpr std::array setlock_rows{
    chpst_option{'n', "", option::wait, false},
    chpst_option{'N', "", option::fail_at_once, false},
    chpst_option{'x', "", option::silent, false},
    chpst_option{'X', "", option::loud, false},
};

constexpr std::array softlimit_rows{
    chpst_option{'a', "", option::limit_or_most, true, resource::memory},
    chpst_option{'c', "", option::limit_or_most, true, resource::core},
    chpst_option{'d', "", option::limit_or_most, true, resource::data},
    chpst_option{'f', "", option::limit_or_most, true, resource::file_size},
    chpst_option{'l', "", option::limit_or_most, true, resource::locked},
    chpst_option{'m', "", option::memory_or_most, true},
    chpst_option{'o', "", option::limit_or_most, true, resource::files},
    chpst_option{'p', "", option::limit_or_most, true, resource::processes},
    chpst_option{'r', "", option::limit_or_most, true, resource::resident},
    chpst_option{'s', "", option::limit_or_most, true, resource::stack},
    chpst_option{'t', "", option::limit_or_most, true, resource::cpu},
};

std::span<const chpst_option> rows_of(tool which) noexcept {
    switch (which) {
        case tool::chpst: return chpst_rows;
        case tool::setlock: return setlock_rows;
        case tool::softlimit: return softlimit_rows;
        case tool::envdir:
        case tool::envuidgid:
        case tool::pgrphack:
        case tool::setuidgid: return {};
    }
    return {};
}

// -- numbers ------------------------------------------------------------------------------------------------------

// What runit takes for the number of a limit: digits, or nothing for 0; too much is as much as can be.
std::optional<std::int64_t> limit_in(std::string_view text) noexcept {
    const scanned_number read = scan_number(text);
    if (read.digits != text.size()) return std::nullopt;
    constexpr auto highest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    return read.value > highest ? most : static_cast<std::int64_t>(read.value);
}

// A number with a sign or without, from -largest to largest; beyond that, the largest. Nothing behind the sign is 0.
std::optional<std::int64_t> signed_in(std::string_view text, std::int64_t largest) noexcept {
    const bool minus = text.starts_with('-');
    if (minus || text.starts_with('+')) text.remove_prefix(1);
    const scanned_number read = scan_number(text);
    if (read.digits != text.size()) return std::nullopt;
    const std::int64_t size =
        read.value > static_cast<std::uint64_t>(largest) ? largest : static_cast<std::int64_t>(read.value);
    return minus ? -size : size;
}

std::optional<std::int64_t> octal_in(std::string_view text, std::int64_t largest) noexcept {
    std::int64_t value = 0;
    for (const char c : text) {
        if (c < '0' || c > '7') return std::nullopt;
        value = value * 8 + (c - '0');
        if (value > largest) return std::nullopt;
    }
    if (text.empty()) return std::nullopt;
    return value;
}

// Names with slashes between them; a slash before them means the root of the hierarchy. No way up.
bool is_cgroup_path(std::string_view path) noexcept {
    if (path.starts_with('/')) path.remove_prefix(1);
    for (two_parts parts = split(path, '/');; parts = split(parts.rest, '/')) {
        if (parts.head.empty() || parts.head == "." || parts.head == "..") return false;
        if (!parts.found) return true;
    }
}

// FILE=VALUE, where the file is of a controller ("memory.max") and of the cgroup itself.
bool is_cgroup_setting(std::string_view text) noexcept {
    const two_parts setting = split(text, '=');
    const two_parts file    = split(setting.head, '.');
    return setting.found && file.found && !file.head.empty() && !split(setting.head, '/').found;
}

// -- from options to changes ------------------------------------------------------------------------------------------

// Puts together what several options say about one change, and refuses what they contradict each other in.
class planner {
public:
    explicit planner(plan& made) noexcept : plan_{made} {}

    std::optional<refusal> take(const chpst_option& row, const char* text) noexcept;
    std::optional<refusal> finish() noexcept;

private:
    using answer = std::optional<refusal>;

    answer put(const change& what) noexcept {
        if (plan_.put(what)) return std::nullopt;
        return refusal{"too many options"};
    }
    answer put(change_kind what, const char* text = "") noexcept { return put(change{.what = what, .text = text}); }
    answer put_limit(resource which, std::int64_t number) noexcept {
        return put(change{.what = change_kind::limit, .number = number, .kind = static_cast<std::uint8_t>(which)});
    }
    // A number, or a refusal that names the option.
    answer put_number(change_kind what, const chpst_option& row, std::optional<std::int64_t> number) noexcept {
        if (!number) return bad_value(row);
        return put(change{.what = what, .number = *number});
    }
    answer put_lock(const char* file, manner how) noexcept {
        if (plan_.find(change_kind::lock) != nullptr) return refusal{};
        return put(change{.what = change_kind::lock, .text = file, .how = how});
    }
    static answer bad_value(const chpst_option& row) noexcept {
        // runit says nothing but its usage about the numbers that it knows.
        return row.name.empty() ? refusal{} : refusal{"invalid argument -- ", row.name};
    }

    answer limits(const chpst_option& row, const char* text, bool all_of_memory, bool may_be_most) noexcept;
    answer schedule(const chpst_option& row, std::string_view text) noexcept;
    answer finish_identity() noexcept;
    answer finish_capabilities() noexcept;
    answer finish_cgroup() noexcept;
    answer finish_mounts() noexcept;
    answer finish_restriction() noexcept;
    answer finish_limits() noexcept;
    answer finish_io() noexcept;

    plan&                        plan_;
    bool                         hard_        = false;
    bool                         init_groups_ = false;
    std::uint64_t                drop_        = 0;
    std::optional<std::uint64_t> keep_;
    std::optional<io_class>      io_class_;
    std::optional<std::int64_t>  io_prio_;
};

planner::answer planner::limits(const chpst_option& row, const char* text, bool all_of_memory,
                                bool may_be_most) noexcept {
    const auto number = may_be_most && std::string_view{text} == "=" ? std::optional{most} : limit_in(text);
    if (!number) return refusal{};
    if (!all_of_memory) return put_limit(row.limits, *number);
    for (const resource each : {resource::data, resource::stack, resource::locked, resource::memory})
        if (auto no = put_limit(each, *number)) return no;
    return std::nullopt;
}

// "batch", "fifo:10": the two real-time policies have a priority, 1 … 99, and the others have none.
planner::answer planner::schedule(const chpst_option& row, std::string_view text) noexcept {
    const two_parts parts  = split(text, ':');
    const auto      policy = schedule_in(parts.head);
    if (!policy) return bad_value(row);
    const bool real_time = *policy == schedule_kind::fifo || *policy == schedule_kind::rr;
    if (real_time != parts.found) return bad_value(row);
    const auto priority = real_time ? number_between(parts.rest, 1, 99) : std::optional<std::int64_t>{0};
    if (!priority) return bad_value(row);
    return put(change{.what = change_kind::schedule, .number = *priority, .kind = static_cast<std::uint8_t>(*policy)});
}

std::optional<refusal> planner::take(const chpst_option& row, const char* text) noexcept {
    switch (row.what) {
        case option::user: return put(change_kind::identity, text);
        case option::id_variables: return put(change_kind::id_variables, text);
        case option::argv0: plan_.argv0 = text; return std::nullopt;
        case option::environment: return put(change_kind::environment, text);
        case option::root: return put(change_kind::root, text);
        case option::directory: return put(change_kind::directory, text);
        case option::nice: return put_number(change_kind::nice, row, signed_in(text, 40));
        case option::lock: return put_lock(text, manner::waiting);
        case option::lock_now: return put_lock(text, manner::plainly);
        case option::memory: return limits(row, text, true, false);
        case option::limit: return limits(row, text, false, false);
        case option::memory_or_most: return limits(row, text, true, true);
        case option::limit_or_most: return limits(row, text, false, true);
        case option::verbose: plan_.verbose = true; return std::nullopt;
        case option::version: return refusal{.version = true};
        case option::session: return put(change_kind::session);
        case option::close_0: return put(change_kind::close_0);
        case option::close_1: return put(change_kind::close_1);
        case option::close_2: return put(change_kind::close_2);
        case option::wait: return put(change{.what = change_kind::lock, .how = manner::waiting});
        case option::fail_at_once: return put(change_kind::lock);
        case option::silent: plan_.silent = true; return std::nullopt;
        case option::loud: plan_.silent = false; return std::nullopt;
        case option::groups:
            init_groups_ = true;
            return std::string_view{text} == "init" ? std::nullopt : bad_value(row);
        case option::umask: return put_number(change_kind::umask, row, octal_in(text, 0777));
        case option::oom_score: {
            const auto score = signed_in(text, 1001);
            const bool good  = score && *score >= -1000 && *score <= 1000 && *text != '\0';
            return put_number(change_kind::oom_score, row, good ? score : std::nullopt);
        }
        case option::no_new_privs: return put(change_kind::no_new_privs);
        case option::cap_drop: {
            const auto named = capabilities_in(text);
            drop_ |= named.value_or(0);
            return named ? std::nullopt : bad_value(row);
        }
        case option::cap_keep: {
            const auto named = capabilities_in(text);
            keep_            = keep_.value_or(0) | named.value_or(0);
            return named ? std::nullopt : bad_value(row);
        }
        case option::cpus: return cpus_in(text) ? put(change_kind::cpus, text) : bad_value(row);
        case option::io_class_: io_class_ = io_class_in(text); return io_class_ ? std::nullopt : bad_value(row);
        case option::io_prio: io_prio_ = number_between(text, 0, 7); return io_prio_ ? std::nullopt : bad_value(row);
        case option::sched: return schedule(row, text);
        case option::hard: hard_ = true; return std::nullopt;
        case option::cgroup: return put(change_kind::cgroup, text);
        case option::cgroup_set: return put(change_kind::cgroup_set, text);
        case option::death_signal: {
            const auto signal = signal_in(text);
            return put_number(change_kind::death_signal, row,
                              signal ? std::optional<std::int64_t>{*signal} : std::nullopt);
        }
        case option::close_fds: return put(change_kind::close_fds);
        case option::null: return put(change_kind::null);
        case option::new_net: return put(change_kind::new_net);
        case option::new_mount: return put(change_kind::new_mount);
        case option::read_only: return put(change_kind::read_only, text);
        case option::private_tmp: return put(change_kind::private_tmp);
        case option::may_read: return put(change_kind::may_read, text);
        case option::may_write: return put(change_kind::may_write, text);
        case option::print: plan_.print = true; return std::nullopt;
    }
    return std::nullopt;
}

planner::answer planner::finish_identity() noexcept {
    if (!init_groups_) return std::nullopt;
    const change* const user = plan_.find(change_kind::identity);
    if (user == nullptr || *user->text == ':') return refusal{"--groups=init needs -u with the name of a user"};
    change wider = *user;
    wider.how    = wider.how | manner::init_groups;
    return put(wider);
}

// Only the kept capabilities remain; as ambient ones they survive the change of user (capabilities(7)).
planner::answer planner::finish_capabilities() noexcept {
    if (drop_ == 0 && !keep_) return std::nullopt;
    const std::uint64_t stay = keep_.value_or(every_capability) & ~drop_;
    const manner        how  = keep_ ? manner::ambient : manner::plainly;
    if (auto no = put(change{.what = change_kind::bounding, .bits = ~stay, .how = how})) return no;
    return put(change{.what = change_kind::capabilities, .bits = stay, .how = how});
}

planner::answer planner::finish_cgroup() noexcept {
    const change* const group = plan_.find(change_kind::cgroup);
    if (group == nullptr)
        return plan_.find(change_kind::cgroup_set) != nullptr ? answer{refusal{"--cgroup-set needs --cgroup"}}
                                                              : std::nullopt;
    if (!is_cgroup_path(group->text)) return refusal{"invalid argument -- ", "cgroup"};
    for (const change& each : plan_.changes()) {
        if (each.what == change_kind::cgroup_set && !is_cgroup_setting(each.text))
            return refusal{"invalid argument -- ", "cgroup-set"};
    }
    return put(change_kind::cgroup_enter, group->text);
}

planner::answer planner::finish_mounts() noexcept {
    const bool needed =
        plan_.find(change_kind::read_only) != nullptr || plan_.find(change_kind::private_tmp) != nullptr;
    return needed ? put(change_kind::new_mount) : std::nullopt;
}

// The kernel lets a process restrict itself only when it cannot gain privileges any more (landlock(7)).
planner::answer planner::finish_restriction() noexcept {
    if (plan_.find(change_kind::may_read) == nullptr && plan_.find(change_kind::may_write) == nullptr)
        return std::nullopt;
    for (const change_kind each : {change_kind::ruleset, change_kind::no_new_privs, change_kind::restriction})
        if (auto no = put(each)) return no;
    return std::nullopt;
}

planner::answer planner::finish_limits() noexcept {
    if (!hard_) return std::nullopt;
    bool any = false;
    for (const change& each : plan_.changes()) {
        if (each.what != change_kind::limit) continue;
        change harder = each;
        harder.how    = manner::hard;
        any           = plan_.put(harder);  // in the place of the other
    }
    return any ? std::nullopt : answer{refusal{"--hard needs a limit"}};
}

planner::answer planner::finish_io() noexcept {
    if (!io_class_ && !io_prio_) return std::nullopt;
    constexpr std::int64_t middle = 4;  // what the kernel takes for a process of nice level 0
    const auto             kind   = io_class_.value_or(io_class::best_effort);
    const std::int64_t     level  = kind == io_class::idle ? 0 : io_prio_.value_or(middle);
    return put(change{.what = change_kind::io_priority, .number = level, .kind = static_cast<std::uint8_t>(kind)});
}

std::optional<refusal> planner::finish() noexcept {
    if (auto no = finish_identity()) return no;
    if (auto no = finish_capabilities()) return no;
    if (auto no = finish_cgroup()) return no;
    if (auto no = finish_mounts()) return no;
    if (auto no = finish_restriction()) return no;
    if (auto no = finish_io()) return no;
    return finish_limits();
}

// -- the tools that take an argument of their own ---------------------------------------------------------------------

// The argument that a tool wants before the program.
bool takes_first(tool which) noexcept {
    switch (which) {
        case tool::envdir:
        case tool::envuidgid:
        case tool::setlock:
        case tool::setuidgid: return true;
        case tool::chpst:
        case tool::pgrphack:
        case tool::softlimit: return false;
    }
    return false;
}

// What a tool does by its very name.
std::optional<change> change_of(tool which, const char* first, const plan& made) noexcept {
    switch (which) {
        case tool::envdir: return change{.what = change_kind::environment, .text = first, .how = manner::daemontools};
        case tool::envuidgid:
            return change{.what = change_kind::id_variables, .text = first, .how = manner::daemontools};
        case tool::setuidgid: return change{.what = change_kind::identity, .text = first, .how = manner::daemontools};
        case tool::pgrphack: return change{.what = change_kind::session};
        case tool::setlock: {
            const change* const asked = made.find(change_kind::lock);
            return change{
                .what = change_kind::lock, .text = first, .how = asked != nullptr ? asked->how : manner::plainly};
        }
        case tool::chpst:
        case tool::softlimit: return std::nullopt;
    }
    return std::nullopt;
}

}  // namespace

// -- the interface ----------------------------------------------------------------------------------------------------

std::string_view tool_name(std::string_view argv0) noexcept {
    std::string_view name = base_name(argv0);
    if (name.starts_with('d')) name.remove_prefix(1);
    return name;
}

tool tool_of(std::string_view name) noexcept {
    for (const tool_row& row : tool_rows)
        if (row.name == name) return row.which;
    return tool::chpst;
}

std::string_view usage_of(tool which) noexcept {
    for (const tool_row& row : tool_rows)
        if (row.which == which) return row.usage;
    return {};
}

std::optional<refusal> read_options(tool as, std::span<const char* const> arguments, plan& made) noexcept {
    if (as != tool::chpst && arguments.size() == 1 && arguments[0] == std::string_view{"-V"})
        return refusal{.version = true};
    planner       planned{made};
    option_reader reader{rows_of(as), arguments,
                         as == tool::chpst ? double_dash::is_a_name : double_dash::ends_options};
    // The other tools have no options at all: "-x" is their first argument.
    if (!rows_of(as).empty()) {
        for (auto found = reader.next();; found = reader.next()) {
            if (found.error) return refusal{found.error->words, found.error->option};
            if (found.row == nullptr) break;
            if (auto no = planned.take(*found.row, found.value)) return no;
        }
    }
    if (auto no = planned.finish()) return no;

    auto        rest  = reader.rest();
    const char* first = "";
    if (takes_first(as) && !rest.empty()) {
        first = rest[0];
        rest  = rest.subspan(1);
    }
    if (rest.empty()) return refusal{};
    if (const auto own = change_of(as, first, made)) made.put(*own);
    made.program = rest.data();
    return std::nullopt;
}

}  // namespace runwell
