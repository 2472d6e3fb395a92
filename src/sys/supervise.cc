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
#include "sys/files.hh"

namespace runwell::sys {
namespace {

constexpr mode_t private_directory = 0700, private_file = 0600;

// Makes supervise/; where that is a link to nothing, the directory that it points to.
outcome make_directory(int service, const supervise_names& names) noexcept {
    if (::mkdirat(service, "supervise", private_directory) == 0 || errno != EEXIST) return done{};

    std::array<char, 256> target{};
    const ssize_t         length = ::readlinkat(service, "supervise", target.data(), target.size());
    if (length < 0) return done{};  // not a link
    if (length == static_cast<ssize_t>(target.size())) return trouble{"unable to readlink ", names.link_too_long};
    ::mkdirat(service, target.data(), private_directory);
    return done{};
}

result<unique_fd> open_fifo(int directory, const char* path, int flags) noexcept {
    ::mkfifoat(directory, path, private_file);
    return open_entry(directory, path, flags, 0, links::ours);
}

std::span<const std::byte> bytes_of(std::string_view text) noexcept { return std::as_bytes(std::span{text}); }

// `file` becomes a new one under this name.
outcome renew(unique_fd& file, int directory, const char* path, const char* beside, const char* spoken,
              std::span<const std::byte> content) noexcept {
    auto made = replace_file(directory, path, beside, content);
    if (!made) return trouble{made.why().what, spoken, made.why().error};
    file = std::move(*made);
    return done{};
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
    if (!directory) return trouble{"unable to open ", names.lock, directory.why().error};
    opened.directory_ = std::move(*directory);
    return opened;
}

void supervise::hold_lock(unique_fd lock) noexcept {
    struct stat is;
    only_ours_ = ::fstat(lock.value(), &is) == 0 && S_ISREG(is.st_mode) && is.st_nlink == 1 &&
                 is.st_uid == ::geteuid() && (is.st_mode & (S_IWGRP | S_IWOTH)) == 0;
    lock_ = std::move(lock);
}

result<supervise> supervise::take_over(int service, const supervise_names& names, const hold& held) noexcept {
    supervise taken = TRY(open(service, names));
    taken.hold_lock(unique_fd{held.lock});
    taken.control_.reset(held.control);
    taken.ok_.reset(held.ok);
    return taken;
}

result<supervise> supervise::lock(int service, const supervise_names& names, bool wait) noexcept {
    TRY(make_directory(service, names));
    supervise made = TRY(open(service, names));
    auto      lock = open_entry(made.directory_.value(), "lock", O_RDWR | O_CREAT, private_file);
    if (!lock) return trouble{"unable to open ", names.lock, lock.why().error};
    made.hold_lock(std::move(*lock));
    while (::flock(made.lock_.value(), LOCK_EX | (wait ? 0 : LOCK_NB)) != 0)
        if (errno != EINTR) return trouble{"unable to lock ", names.lock, errno};
    return made;
}

outcome supervise::open_fifos() noexcept {
    // Open for writing too, so that it never comes to an end when a client closes it.
    auto control = open_fifo(directory_.value(), "control", O_RDWR);
    if (!control) return trouble{"unable to open ", names_->control, control.why().error};
    struct stat is;
    if (::fstat(control->value(), &is) != 0 || !S_ISFIFO(is.st_mode)) return trouble{names_->control_is_no_fifo};

    auto ok = open_fifo(directory_.value(), "ok", O_RDONLY);
    if (!ok) return trouble{"unable to open ", names_->ok, ok.why().error};
    control_ = std::move(*control);
    ok_      = std::move(*ok);
    return done{};
}

std::optional<char> supervise::next_command() const noexcept {
    char byte = '\0';
    if (::read(control_.value(), &byte, 1) != 1) return std::nullopt;
    return byte;
}

std::optional<status> supervise::last_said() const noexcept {
    status_record record;
    const auto    file = open_at(directory_.value(), "status", O_RDONLY);
    if (!file || ::read(file->value(), record.data(), record.size()) != static_cast<ssize_t>(record.size()))
        return std::nullopt;
    return decode(record);
}

bool supervise::last_said_exit() const noexcept {
    char          text[64];
    const auto    file = open_at(directory_.value(), "stat", O_RDONLY);
    const ssize_t size = file ? ::read(file->value(), text, sizeof text) : 0;
    return size > 0 &&
           std::string_view{text, static_cast<std::size_t>(size)}.find("want exit") != std::string_view::npos;
}

outcome supervise::publish(const status& now) noexcept {
    if (published_ == now) return done{};
    const auto before = std::exchange(published_, std::nullopt);

    if (!before || before->pid != now.pid) TRY(publish_pid(now.pid));
    TRY(publish_words(words(now), before ? words(*before).size() : 0));
    TRY(publish_record(encode(now)));
    published_ = now;
    return done{};
}

// By way of the empty file, which is what a service without a process has: never by changing digits.
outcome supervise::publish_pid(std::uint32_t pid) noexcept {
    fixed_text<24> line;
    if (pid != 0) {
        line.append(decimal{pid}.view());
        line.append('\n');
    }
    const auto content = bytes_of(line.view());
    const bool fits    = line.empty() || line.size() == pid_size_;
    if (fits && pid_ && ::ftruncate(pid_.value(), 0) == 0 && write_over(pid_, content)) return done{};
    TRY(renew(pid_, directory_.value(), "pid", "pid.new", names_->pid_new, content));
    pid_size_ = line.size();
    return done{};
}

// Over `size` bytes of other words, if these are as many.
outcome supervise::publish_words(const status_words& text, std::size_t size) noexcept {
    const auto content = bytes_of(text.view());
    if (text.size() == size && write_over(stat_, content)) return done{};
    return renew(stat_, directory_.value(), "stat", "stat.new", names_->stat_new, content);
}

outcome supervise::publish_record(const status_record& record) noexcept {
    if (write_over(status_, record)) return done{};
    return renew(status_, directory_.value(), "status", "status.new", names_->status_new, record);
}

bool supervise::removed() const noexcept { return is_removed(directory_); }

}  // namespace runwell::sys
