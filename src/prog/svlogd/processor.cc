#include "prog/svlogd/processor.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "prog/svlogd/settings.hh"
#include "sys/dir.hh"
#include "sys/files.hh"
#include "sys/spawn.hh"

namespace runwell {
namespace {

constexpr retry_pauses pauses{one_second, 60 * one_second};

// Above what the child gives a meaning to, so that no dup2 of it closes another.
constexpr int first_free = 16;

sys::unique_fd open_high(int dir, const char* name, int flags) noexcept {
    auto file = sys::open_entry(dir, name, flags, 0644);
    return sys::unique_fd{file ? ::fcntl(file->value(), F_DUPFD_CLOEXEC, first_free) : -1};
}

}  // namespace

old_name oldest_of(int directory, old_file what) noexcept {
    old_name oldest;
    ::lseek(directory, 0, SEEK_SET);
    const auto read = sys::each_name(directory, [&](const char* name, unsigned char) {
        if (!is_old_name(name, what) || (!oldest.empty() && name >= oldest.view())) return;
        oldest.clear();
        oldest.append(name);
    });
    return read ? oldest : old_name{};
}

std::optional<ticks> processor::due() const noexcept {
    if (pid_ > 0 || idle_) return std::nullopt;
    return retry_.due().value_or(0);
}

void processor::start(int directory, const char* name, const char* command, bool verbose, ticks now) noexcept {
    if (pid_ > 0 || idle_ || !retry_.may_try(now)) return;
    file_ = oldest_of(directory, old_file::unfinished);
    if (file_.empty()) {
        idle_ = true;
        retry_.succeeded();
        return;
    }
    if (verbose) sys::say({"svlogd: info: processing: ", name, "/", file_.view()});
    if (spawn(directory, command)) return;
    svlogd_messages.warn({"unable to run processor: ", name});
    failed(name, true, now);
}

bool processor::spawn(int directory, const char* command) noexcept {
    const old_name temporary = with_kind(file_, old_file::temporary);
    // Files of their own, should the processor of a svlogd that was killed still write to those of these names.
    ::unlinkat(directory, temporary.c_str(), 0);
    ::unlinkat(directory, "newstate", 0);
    const sys::unique_fd input    = open_high(directory, file_.c_str(), O_RDONLY);
    const sys::unique_fd state    = open_high(directory, "state", O_RDONLY | O_CREAT);
    const sys::unique_fd newstate = open_high(directory, "newstate", O_WRONLY | O_CREAT | O_EXCL);
    output_                       = open_high(directory, temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL);
    if (!input || !state || !newstate || !output_) return false;

    const std::array                    arguments{"sh", "-c", command, static_cast<const char*>(nullptr)};
    const std::array<sys::placement, 2> states{{{state.value(), 4}, {newstate.value(), 5}}};
    sys::child_plan                     plan;
    plan.path                = "/bin/sh";
    plan.argv                = arguments.data();
    plan.envp                = environ;
    plan.dir                 = directory;
    plan.fd_for_0            = input.value();
    plan.fd_for_1            = output_.value();
    plan.also                = states;
    const sys::spawned child = sys::spawn(plan);
    if (child.pid <= 0) return false;
    pid_ = child.pid;
    return true;
}

void processor::ended(int directory, const char* name, int status, bool again, bool verbose, ticks now) noexcept {
    pid_ = 0;
    if (directory < 0) {  // its directory has gone, or is no longer logged to
        file_.clear();
        output_.reset();
        return;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && finish(directory, name, verbose)) {
        retry_.succeeded();
        file_.clear();
        output_.reset();
        return;
    }
    ::unlinkat(directory, with_kind(file_, old_file::temporary).c_str(), 0);
    failed(name, again, now);
}

// The order leaves, at every point, the old file or the new one, and both only where the last step is missing.
bool processor::finish(int directory, const char* name, bool verbose) noexcept {
    const old_name temporary = with_kind(file_, old_file::temporary);
    const old_name done      = with_kind(file_, old_file::done);
    if (::fsync(output_.value()) != 0 || ::fchmod(output_.value(), 0744) != 0 ||
        ::renameat(directory, temporary.c_str(), directory, done.c_str()) != 0) {
        svlogd_messages.warn(error{"unable to rename processed: ", name, errno});
        return false;
    }
    if (::unlinkat(directory, file_.c_str(), 0) != 0)
        svlogd_messages.warn({"unable to unlink: ", name, "/", file_.view()});
    if (::renameat(directory, "newstate", directory, "state") != 0)
        svlogd_messages.warn(error{"unable to rename state: ", name, errno});
    ::fsync(directory);
    if (verbose) sys::say({"svlogd: info: processed: ", name, "/", done.view()});
    return true;
}

void processor::failed(const char* name, bool again, ticks now) noexcept {
    file_.clear();
    output_.reset();
    svlogd_messages.warn({again ? "processor failed, restart: " : "processor failed, left for the next start: ", name});
    retry_.failed(now, pauses);
}

}  // namespace runwell
