// chpst — run a program with a changed process state.
//
//   core/chpst_options reads the command line into a plan: what to change, in which order;
//   changer carries it out, one change after the other, and becomes the program.
//
// By the names envdir, envuidgid, pgrphack, setlock, setuidgid and softlimit it is these programs of daemontools.
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "core/chpst_options.hh"
#include "core/environment.hh"
#include "core/text.hh"
#include "core/version.hh"
#include "parts/users.hh"
#include "sys/cgroup.hh"
#include "sys/files.hh"
#include "sys/isolation.hh"
#include "sys/messages.hh"
#include "sys/pages.hh"
#include "sys/privileges.hh"
#include "sys/schedule.hh"
#include "sys/spawn.hh"
#include "sys/trust.hh"

namespace runwell {
namespace {

constexpr int           wrong_usage = 100;
constexpr int           failed      = 111;
constexpr sys::messages messages{"chpst"};  // by whatever name it is called

// The variables that -e and -U change, one behind the other in one stretch of memory, and the environment they make.
class variables {
public:
    result<void> open(char* const* inherited) noexcept;

    // Sets a variable; nothing (nullopt) removes it. The error is E2BIG: what does not fit here is more than
    // execve(2) takes.
    result<void> set(std::string_view name, std::optional<std::string_view> value) noexcept;

    // The same with what a file says (chpst(8), -e). Trouble without words, but with the errno, when it cannot be read.
    result<void> set_from(int file, std::string_view name) noexcept;

    const char* const* entries() const noexcept { return all_->entries(); }

private:
    std::span<char> room() const noexcept { return text_.bytes().subspan(used_); }
    bool            write(std::string_view text) noexcept;
    result<void>    finish(const char* entry) noexcept;

    sys::pages                 text_, table_;
    std::size_t                used_ = 0;
    std::optional<environment> all_;
};

// One process on its way to become another.
class changer {
public:
    changer(const plan& made, char** envp) noexcept : plan_{made}, envp_{envp} {}

    // Returns only when something could not be done: the exit code.
    int run() noexcept;

private:
    result<void> carry_out(const change& what) noexcept;

    result<void> open_variables() noexcept;
    result<void> read_directory(const char* directory, manner how) noexcept;
    result<void> read_variable(int dir, const char* directory, const char* name, manner how) noexcept;
    result<void> set_ids(const change& what) noexcept;

    result<void> change_root(const char* root) noexcept;
    result<void> take_lock(const change& what) noexcept;
    result<void> close_all_others() const noexcept;

    result<sys::identity> find_user(const change& what) const noexcept;

    int give_up(const change& at, const error& why) const noexcept;

    const plan&      plan_;
    char**           envp_;
    variables        variables_;
    bool             changed_      = false;  // the variables
    bool             changed_root_ = false;
    sys::cgroup      cgroup_;
    sys::file_rules  rules_;
    int              lock_   = -1;  // for as long as the program runs, and its children
    pid_t            parent_ = ::getppid();
    fixed_text<4400> named_;  // in a error: a directory and a file
};

// -- the environment --------------------------------------------------------------------------------------------------

// execve(2) takes 6 MB of arguments and environment, and counts the pointers to them. Where memory is limited, less
// must do.
result<void> variables::open(char* const* inherited) noexcept {
    constexpr std::size_t at_most = 8U << 20, at_least = 64U << 10;
    const std::size_t     known = (count_entries(inherited) + 1) * sizeof(char*);
    for (std::size_t size = at_most;; size /= 2) {
        auto text  = sys::pages::make(size);
        auto table = sys::pages::make(known + size);
        if (text && table) {
            text_  = std::move(*text);
            table_ = std::move(*table);
            all_.emplace(inherited, table_.as<const char*>());
            return {};
        }
        if (size == at_least) return text ? table.why() : text.why();
    }
}

bool variables::write(std::string_view text) noexcept {
    if (text.size() >= room().size()) return false;
    std::memcpy(room().data(), text.data(), text.size());
    used_ += text.size();
    return true;
}

result<void> variables::finish(const char* entry) noexcept {
    if (room().empty()) return error{"", "", E2BIG};
    text_.bytes()[used_++] = '\0';
    if (!all_->change(entry)) return error{"", "", E2BIG};
    return {};
}

result<void> variables::set(std::string_view name, std::optional<std::string_view> value) noexcept {
    const char* const entry = room().data();
    if (!write(name) || (value && (!write("=") || !write(*value)))) return error{"", "", E2BIG};
    return finish(entry);
}

result<void> variables::set_from(int file, std::string_view name) noexcept {
    const char* const entry = room().data();
    if (!write(name) || !write("=")) return error{"", "", E2BIG};
    constexpr std::size_t at_once = 64U << 10;
    std::size_t           size    = 0;
    for (bool more = true; more;) {
        const auto    free = room().subspan(size).first(std::min(at_once, room().size() - size));
        const ssize_t got  = ::read(file, free.data(), free.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return error{"", "", errno};
        more = got > 0 && std::memchr(free.data(), '\n', static_cast<std::size_t>(got)) == nullptr;
        size += static_cast<std::size_t>(got);
    }
    if (size == 0)
        --used_;  // an empty file removes the variable: no "=" behind its name
    else
        used_ += make_value(room().first(size));
    return finish(entry);
}

result<void> changer::open_variables() noexcept {
    if (changed_) return {};
    changed_ = true;
    return variables_.open(envp_);
}

result<void> changer::read_directory(const char* directory, manner how) noexcept {
    static_cast<void>(TRY(open_variables()));
    constexpr const char* unable = "unable to switch to directory: ";
    const sys::unique_fd  place{::open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (!place) return error{unable, directory, errno};
    const sys::unique_fd list{::openat(place.value(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!list) {
        const int   code = errno;
        struct stat info {};
        const bool  inside = ::fstatat(place.value(), ".", &info, 0) == 0;  // it may be searched, but not listed
        return error{inside ? "unable to open directory: " : unable, directory, code};
    }

    alignas(dirent) std::array<char, 16384> bytes;
    for (;;) {
        const long got = ::syscall(SYS_getdents64, list.value(), bytes.data(), bytes.size());
        if (got < 0) return error{"unable to read directory: ", directory, errno};
        if (got == 0) return {};
        for (long at = 0; at < got;) {
            const auto* const entry = reinterpret_cast<const dirent*>(bytes.data() + at);
            if (entry->d_name[0] != '.')
                static_cast<void>(TRY(read_variable(list.value(), directory, entry->d_name, how)));
            at += entry->d_reclen;
        }
    }
}

// A link to nowhere removes the variable, as an empty file does: the variable has no value.
result<void> changer::read_variable(int dir, const char* directory, const char* name, manner how) noexcept {
    const auto   file = sys::open_trusted(dir, name, sys::expected::any, O_RDONLY);
    result<void> read = file                        ? variables_.set_from(file->file.value(), name)
                        : file.why().code == ENOENT ? variables_.set(name, std::nullopt)
                                                    : result<void>{file.why()};
    if (read) return read;
    const int code = read.why().code;
    if (code == E2BIG) return error{"unable to run: ", plan_.program[0], code};

    named_.clear();
    named_.append_cut(directory);
    named_.append_cut("/");
    named_.append_cut(name);
    if (code == ELOOP || code == EMLINK) {
        named_.append_cut(": other users can write to the directory, and this is a link");
        return error{"unable to read ", named_.c_str()};
    }
    if (code != EISDIR || has(how, manner::daemontools)) return error{"unable to read ", named_.c_str(), code};
    if (plan_.verbose) messages.warn(error{"unable to read ", named_.c_str(), code});
    return {};
}

result<sys::identity> changer::find_user(const change& what) const noexcept {
    const auto form = has(what.how, manner::daemontools) ? parts::naming::account : parts::naming::user_groups;
    return parts::find_identity(what.text, form, has(what.how, manner::init_groups),
                                changed_root_ ? parts::user_database::new_root : parts::user_database::system);
}

result<void> changer::set_ids(const change& what) noexcept {
    const auto who = TRY(find_user(what));
    static_cast<void>(TRY(open_variables()));
    const bool fit =
        variables_.set("GID", decimal{who.groups()[0]}.view()) && variables_.set("UID", decimal{who.uid}.view());
    if (!fit) return error{"unable to run: ", plan_.program[0], E2BIG};
    return {};
}

// -- the other changes ----------------------------------------------------------------------------------------------

result<void> changer::change_root(const char* root) noexcept {
    if (::chdir(root) != 0) return error{"unable to change directory: ", root, errno};
    if (::chroot(".") != 0) return error{"unable to change root directory", "", errno};
    changed_root_ = true;
    return {};
}

result<void> change_directory(const char* directory) noexcept {
    if (::chdir(directory) != 0) return error{"unable to change directory: ", directory, errno};
    return {};
}

// The descriptor stays open in the program, which has the lock by that; it is none of those that a program uses
// unasked.
result<void> changer::take_lock(const change& what) noexcept {
    constexpr int flags = O_WRONLY | O_CREAT | O_APPEND;
    auto          file  = sys::open_trusted_path(AT_FDCWD, what.text, sys::expected::any, flags, 0600);
    if (!file) return error{"unable to open lock: ", what.text, file.why().code};
    // The lowest free number, which the directory of the file no longer takes: the program inherits it.
    lock_ = ::fcntl(file->file.value(), F_DUPFD, STDERR_FILENO + 1);
    if (lock_ < 0) return error{"unable to open lock: ", what.text, errno};
    const int operation = has(what.how, manner::waiting) ? LOCK_EX : LOCK_EX | LOCK_NB;
    while (::flock(lock_, operation) != 0)
        if (errno != EINTR) return error{"unable to lock: ", what.text, errno};
    return {};
}

result<void> open_null() noexcept {
    const int null = ::open("/dev/null", O_RDWR);
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        if (null < 0 || (null != fd && ::dup2(null, fd) != fd)) return error{"unable to open ", "/dev/null", errno};
    if (null > STDERR_FILENO) ::close(null);
    return {};
}

result<void> close_one(int fd, const char* unable) noexcept {
    if (::close(fd) != 0) return error{unable, "", errno};
    return {};
}

result<void> changer::close_all_others() const noexcept {
    const auto close_range = [](unsigned first, unsigned last) {
        return first > last || ::syscall(SYS_close_range, first, last, 0U) == 0;
    };
    constexpr auto first = static_cast<unsigned>(STDERR_FILENO) + 1;
    const auto     lock  = lock_ >= 0 ? static_cast<unsigned>(lock_) : first - 1;
    if (!close_range(first, lock - 1) || !close_range(lock + 1, ~0U))
        return error{"unable to close descriptors", "", errno};
    return {};
}

result<void> changer::carry_out(const change& what) noexcept {
    const auto number = static_cast<int>(what.number);
    switch (what.what) {
        case change_kind::session: ::setsid(); return {};  // a process that leads a session already keeps it
        case change_kind::environment: return read_directory(what.text, what.how);
        case change_kind::oom_score: return sys::set_oom_score(number);
        case change_kind::cgroup: cgroup_ = TRY(sys::cgroup::make(what.text, plan_.changes())); return {};
        case change_kind::cgroup_set: return cgroup_.set(what.text);
        case change_kind::cgroup_enter: return cgroup_.enter();
        case change_kind::new_net: return sys::leave_network();
        case change_kind::new_mount: return sys::keep_mounts_apart();
        case change_kind::read_only: return sys::make_read_only(what.text);
        case change_kind::private_tmp: return sys::mount_private_tmp();
        case change_kind::root: return change_root(what.text);
        case change_kind::directory: return change_directory(what.text);
        case change_kind::nice: return sys::add_nice(number);
        case change_kind::schedule: return sys::set_schedule(static_cast<schedule_kind>(what.kind), number);
        case change_kind::io_priority: return sys::set_io_priority(static_cast<io_class>(what.kind), number);
        case change_kind::cpus: return sys::set_cpus(*cpus_in(what.text), what.text);
        case change_kind::id_variables: return set_ids(what);
        case change_kind::bounding: return sys::drop_from_bounding_set(what.bits, has(what.how, manner::ambient));
        case change_kind::identity: return sys::become_user(TRY(find_user(what)));
        case change_kind::capabilities: return sys::set_capabilities(what.bits, has(what.how, manner::ambient));
        case change_kind::lock: return take_lock(what);
        case change_kind::ruleset: rules_ = TRY(sys::file_rules::make()); return {};
        case change_kind::may_read: return rules_.allow_read(what.text);
        case change_kind::may_write: return rules_.allow_write(what.text);
        case change_kind::null: return open_null();
        case change_kind::close_0: return close_one(STDIN_FILENO, "unable to close stdin");
        case change_kind::close_1: return close_one(STDOUT_FILENO, "unable to close stdout");
        case change_kind::close_2: return close_one(STDERR_FILENO, "unable to close stderr");
        case change_kind::limit:
            return sys::set_limit(static_cast<resource>(what.kind), what.number, has(what.how, manner::hard));
        case change_kind::umask: ::umask(static_cast<mode_t>(what.number)); return {};
        case change_kind::death_signal: return sys::die_with_parent(number, parent_);
        case change_kind::no_new_privs: return sys::refuse_new_privileges();
        case change_kind::restriction: return rules_.restrict_to_these();
        case change_kind::close_fds: return close_all_others();
    }
    return {};
}

// -- the end of chpst -------------------------------------------------------------------------------------------------

// If the kernel lacks a feature, the name of the feature helps a reader more than the errno.
int changer::give_up(const change& at, const error& why) const noexcept {
    if (plan_.silent) return 0;
    const kernel_feature needed  = feature_of(at.what);
    const bool           missing = !needed.name.empty() && (why.code == ENOSYS || why.code == EOPNOTSUPP ||
                                                  (needed.absent != 0 && why.code == needed.absent));
    if (!missing) return messages.fatal(why, failed);
    sys::say({messages.program, ": fatal: ", why.what, why.subject, ": this kernel does not have ", needed.name});
    return failed;
}

int changer::run() noexcept {
    for (const change& each : plan_.changes())
        if (const result<void> made = carry_out(each); !made) return give_up(each, made.why());

    auto* const       program = const_cast<const char**>(plan_.program);
    const char* const path    = program[0];
    if (plan_.argv0 != nullptr) program[0] = plan_.argv0;
    const auto* const entries = changed_ ? variables_.entries() : envp_;
    // The program is looked for where chpst was: not in the PATH that -e has set.
    const int code = sys::execute(path, program, const_cast<char* const*>(entries), sys::search_path(envp_));
    return plan_.silent ? 0 : messages.fatal({"unable to run: ", program[0], code}, failed);
}

// --print: the changes, one in each line; with -v, also the features of the kernel that they need.
int show(const plan& made) noexcept {
    constexpr int out  = STDOUT_FILENO;
    bool          good = true;
    for (const change& each : made.changes()) {
        const description    said   = describe(each);
        const kernel_feature needed = feature_of(each.what);
        good                        = good && sys::print(out, {said.words.view(), said.subject});
        if (made.verbose && !needed.name.empty()) good = good && sys::print(out, {"; needs ", needed.name});
        good = good && sys::print(out, {"\n"});
    }
    good = good && sys::print(out, {"run"});
    for (const char* const* word = made.program; *word != nullptr; ++word) good = good && sys::print(out, {" ", *word});
    if (made.argv0 != nullptr) good = good && sys::print(out, {" as ", made.argv0});
    good = good && sys::print(out, {"\n"});
    return good ? 0 : messages.fatal({"unable to print the plan", "", errno}, failed);
}

int refuse(const refusal& why, tool which, std::string_view argv0) noexcept {
    if (why.version) sys::say({version_words});
    if (!why.words.empty()) sys::say({base_name(argv0), ": ", why.words, why.subject});
    const std::string_view name = tool_name(argv0);
    sys::say({"usage: ", name, usage_of(which), "\n"});
    return wrong_usage;
}

}  // namespace
}  // namespace runwell

int main(int argc, char** argv, char** envp) {
    using namespace runwell;
    const std::string_view argv0 = argc > 0 ? argv[0] : "chpst";
    const tool             which = tool_of(tool_name(argv0));
    plan                   made;
    const auto             no = read_options(which, {argv + (argc > 0), argv + argc}, made);
    if (no) return refuse(*no, which, argv0);
    return made.print ? show(made) : changer{made, envp}.run();
}
