#include "sys/supervise.hh"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "core/text.hh"
#include "core/trust.hh"
#include "sys/files.hh"
#include "sys/ledger.hh"

namespace runwell::sys {
namespace {

constexpr mode_t private_directory = 0700, private_file = 0600;

// Makes supervise/; where that is a link to nothing, the directory that it points to.
result<void> make_directory(int service, const supervise_names& names) noexcept {
    if (::mkdirat(service, "supervise", private_directory) == 0 || errno != EEXIST) return {};

    std::array<char, 256> target{};
    const ssize_t         length = ::readlinkat(service, "supervise", target.data(), target.size());
    if (length < 0) return {};  // not a link
    if (length == static_cast<ssize_t>(target.size())) return error{"unable to readlink ", names.link_too_long};
    ::mkdirat(service, target.data(), private_directory);
    return {};
}

result<unique_fd> open_fifo(int directory, const char* path, int flags) noexcept {
    ::mkfifoat(directory, path, private_file);
    return open_entry(directory, path, flags, 0, links::ours);
}

std::span<const std::byte> bytes_of(std::string_view text) noexcept { return std::as_bytes(std::span{text}); }

// Opens the file of this name, if it is a file of ours with one name.
result<unique_fd> open_own(int directory, const char* path) noexcept {
    auto        there = open_entry(directory, path, O_WRONLY);
    struct stat is;
    if (there &&
        (::fstat(there->value(), &is) != 0 || !S_ISREG(is.st_mode) || is.st_uid != ::geteuid() || is.st_nlink != 1))
        return error{"unable to open ", path, EPERM};
    return there;
}

// It is overwritten where it lies. Where the length changes, a reader may see a part of each: only for where there is
// no room for a new file.
bool write_in_place(unique_fd& file, int directory, const char* path, std::span<const std::byte> content) noexcept {
    auto there = open_own(directory, path);
    if (!there) return false;
    if (::pwrite(there->value(), content.data(), content.size(), 0) != static_cast<ssize_t>(content.size()) ||
        ::ftruncate(there->value(), static_cast<off_t>(content.size())) != 0)
        return false;
    file = std::move(*there);
    return true;
}

// `file` becomes a new one under this name; on a full disk what is there is overwritten.
result<void> renew(unique_fd& file, int directory, const char* path, const char* beside, const char* spoken,
                   std::span<const std::byte> content) noexcept {
    auto made = replace_file(directory, path, beside, content);
    if (!made) {
        if (write_in_place(file, directory, path, content)) return {};
        return error{made.why().what, spoken, made.why().code};
    }
    file = std::move(*made);
    return {};
}

bool only_we_put_names_into(int directory, const char* path, bool sticky_will_do) noexcept {
    struct stat is;
    if (::fstatat(directory, path, &is, AT_EMPTY_PATH) != 0) return false;
    const writers who = writers_of({is.st_uid, is.st_mode}, ::geteuid());
    return who == writers::only_us || (sticky_will_do && who == writers::anybody);
}

std::optional<status> read_status(int directory) noexcept {
    const auto    file = open_entry(directory, "status", O_RDONLY);
    struct stat   is;
    status_record record;
    if (!file || ::fstat(file->value(), &is) != 0 || !S_ISREG(is.st_mode) ||
        ::pread(file->value(), record.data(), record.size(), 0) != static_cast<ssize_t>(record.size()))
        return std::nullopt;
    return decode(record);
}

// The file still has its name, and now has these bytes at its beginning, by one write.
bool write_over(const unique_fd& file, std::span<const std::byte> content) noexcept {
    return file && !is_removed(file) &&
           ::pwrite(file.value(), content.data(), content.size(), 0) == static_cast<ssize_t>(content.size());
}

}  // namespace

result<supervise> supervise::open(int service, const supervise_names& names) noexcept {
    supervise opened;
    opened.names_  = &names;
    auto directory = hold_directory(service, "supervise");
    if (!directory) return error{"unable to open ", names.lock, directory.why().code};
    opened.directory_ = std::move(*directory);
    return opened;
}

// Whether the record in the lock file is root's or our own word: core/trust.hh. supervise may be a link, so two
// directories have its name.
void supervise::hold_lock(int service, unique_fd lock) noexcept {
    const int   directory = directory_.value();
    struct stat is;
    const bool  is_file = ::fstat(lock.value(), &is) == 0 && S_ISREG(is.st_mode) && is_ours(is.st_uid) &&
                         (is.st_mode & (S_IWGRP | S_IWOTH)) == 0;
    trusted_ = is_file && only_we_put_names_into(directory, "", false) &&
               only_we_put_names_into(directory, "..", true) && only_we_put_names_into(service, "", true);
    one_name_ = is_file && is.st_nlink == 1;
    lock_     = std::move(lock);
}

void supervise::forget_record() const noexcept {
    if (one_name_ && read_ledger(lock_.value()).from) empty_ledger(lock_.value());
}

supervise::hold supervise::held() const noexcept {
    return {.directory = directory_.value(),
            .lock      = lock_.value(),
            .control   = control_.value(),
            .ok        = ok_.value(),
            .pid       = pid_.value(),
            .stat      = stat_.value(),
            .status    = status_.value(),
            .published = published_.has_value()};
}

supervise supervise::handed_over(int service, const supervise_names& names, const hold& held,
                                 const status& now) noexcept {
    supervise taken;
    taken.names_ = &names;
    taken.directory_.reset(held.directory);
    taken.hold_lock(service, unique_fd{held.lock});
    taken.control_.reset(held.control);
    taken.ok_.reset(held.ok);
    taken.pid_.reset(held.pid);
    taken.stat_.reset(held.stat);
    taken.status_.reset(held.status);
    if (!held.published) return taken;
    taken.published_ = now;
    taken.pid_size_  = now.pid != 0 ? decimal{now.pid}.view().size() + 1 : 0;
    return taken;
}

result<supervise> supervise::lock(int service, const supervise_names& names, bool wait) noexcept {
    TRY(make_directory(service, names));
    supervise made = TRY(open(service, names));
    auto      lock = open_entry(made.directory_.value(), "lock", O_RDWR | O_CREAT, private_file);
    if (!lock) return error{"unable to open ", names.lock, lock.why().code};
    made.hold_lock(service, std::move(*lock));
    while (::flock(made.lock_.value(), LOCK_EX | (wait ? 0 : LOCK_NB)) != 0)
        if (errno != EINTR) return error{"unable to lock ", names.lock, errno};
    return made;
}

result<void> supervise::open_fifos() noexcept {
    // Open for writing too, so that it never comes to an end when a client closes it.
    auto control = open_fifo(directory_.value(), "control", O_RDWR);
    if (!control) return error{"unable to open ", names_->control, control.why().code};
    struct stat is;
    if (::fstat(control->value(), &is) != 0 || !S_ISFIFO(is.st_mode)) return error{names_->control_is_no_fifo};

    auto ok = open_fifo(directory_.value(), "ok", O_RDONLY);
    if (!ok) return error{"unable to open ", names_->ok, ok.why().code};
    control_ = std::move(*control);
    ok_      = std::move(*ok);
    return {};
}

std::optional<char> supervise::next_command() const noexcept {
    char byte = '\0';
    if (::read(control_.value(), &byte, 1) != 1) return std::nullopt;
    return byte;
}

std::optional<status> supervise::last_said() const noexcept { return read_status(directory_.value()); }

bool supervise::go_on_with_status() noexcept {
    auto there = open_own(directory_.value(), "status");
    if (there) status_ = std::move(*there);
    return static_cast<bool>(there);
}

file_identity supervise::status_file() const noexcept { return identity_by_birth(directory_.value(), "status"); }

// Each as far as it can be written. What says something else than what is true is not left standing.
result<void> supervise::publish(const status& now) noexcept {
    if (published_ == now) return {};
    const auto before = std::exchange(published_, std::nullopt);

    result<void>       said  = {};
    const result<void> pid   = !before || before->pid != now.pid ? publish_pid(now.pid) : result<void>{};
    const result<void> text  = publish_words(words(now), before ? words(*before).size() : 0);
    const result<void> bytes = publish_record(encode(now));
    if (!bytes) ::unlinkat(directory_.value(), "status", 0);
    for (const result<void>* each : {&pid, &text, &bytes})
        if (said && !*each) said = *each;
    if (said) published_ = now;
    return said;
}

// By way of the empty file, which is what a service without a process has: never by changing digits.
result<void> supervise::publish_pid(std::uint32_t pid) noexcept {
    fixed_text<24> line;
    if (pid != 0) {
        line.append(decimal{pid}.view());
        line.append('\n');
    }
    const auto content = bytes_of(line.view());
    const bool fits    = line.empty() || line.size() == pid_size_;
    if (fits && pid_ && ::ftruncate(pid_.value(), 0) == 0 && write_over(pid_, content)) return {};
    TRY(renew(pid_, directory_.value(), "pid", "pid.new", names_->pid_new, content));
    pid_size_ = line.size();
    return {};
}

// Over `size` bytes of other words, if these are as many.
result<void> supervise::publish_words(const status_words& text, std::size_t size) noexcept {
    const auto content = bytes_of(text.view());
    if (text.size() == size && write_over(stat_, content)) return {};
    return renew(stat_, directory_.value(), "stat", "stat.new", names_->stat_new, content);
}

result<void> supervise::publish_record(const status_record& record) noexcept {
    if (write_over(status_, record)) return {};
    new_status_ = true;
    return renew(status_, directory_.value(), "status", "status.new", names_->status_new, record);
}

bool supervise::removed() const noexcept { return is_removed(directory_) || is_removed(lock_); }

bool supervise::is_intact_in(int service) const noexcept {
    return !is_removed(control_) && !is_removed(ok_) && holds_lock_in(service);
}

bool supervise::holds_lock_in(int service) const noexcept {
    struct stat named, ours;
    return ::fstatat(service, "supervise/lock", &named, 0) == 0 && ::fstat(lock_.value(), &ours) == 0 &&
           named.st_ino == ours.st_ino && named.st_dev == ours.st_dev;
}

}  // namespace runwell::sys
