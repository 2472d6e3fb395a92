// processor.hh — old files, one after the other, through a program: svlogd(8), PROCESSOR.
//
//     @….u ── 0 ▶ sh -c PROCESSOR ── 1 ▶ @….t      exit 0:   @….t → @….s, @….u goes, newstate → state
//     state ─ 4 ▶                 ── 5 ▶ newstate   else:     @….t goes, and again after 1, 2, 4 … 60 seconds
//
// The queue is the directory: whatever is called @….u in it, the oldest first. So a rotation never waits, and what a
// crash has left is processed by the next svlogd. What bounds it is n: the oldest files are pruned, unless they are
// being processed.
#pragma once

#include <optional>
#include <string_view>

#include "core/retry.hh"
#include "core/rotation.hh"
#include "core/service.hh"
#include "sys/fd.hh"

namespace runwell {

class processor {
public:
    // Starts on the oldest file where it is time, and there is one. `directory` is open, `name` is what people call it;
    // both are borrowed for the call. `command` ends with a zero byte.
    void start(int directory, const char* name, const char* command, bool verbose, ticks now) noexcept;

    // The child has ended: finishes the file if it was good.
    void ended(int directory, const char* name, int status, bool again, bool verbose, ticks now) noexcept;

    // There may be something to do.
    void wake() noexcept { idle_ = false; }

    // What runs now; 0: nothing. It stays ours when the directory is closed.
    pid_t           pid() const noexcept { return pid_; }
    bool            failing() const noexcept { return retry_.failing(); }
    bool            idle() const noexcept { return idle_ && pid_ == 0; }
    const old_name& file() const noexcept { return file_; }  // empty: none

    // When start() is to be called; nothing: not before something happens.
    std::optional<ticks> due() const noexcept;

private:
    void failed(const char* name, bool again, ticks now) noexcept;
    bool spawn(int directory, const char* command) noexcept;
    bool finish(int directory, const char* name, bool verbose) noexcept;

    old_name       file_;  // @….u
    sys::unique_fd output_;
    pid_t          pid_  = 0;
    bool           idle_ = true;
    retry          retry_;
};

// The oldest file of this kind in the directory, other than `except`; empty: there is none.
old_name oldest_of(int directory, old_file what) noexcept;

}  // namespace runwell
