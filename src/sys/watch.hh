// watch.hh — changes of files and directories, as something to read (inotify).
//
//     watch w = TRY(watch::make());
//     int   d = TRY(w.add("/etc/service", IN_CREATE | IN_DELETE));
//     wait_for(w.fd(), …);
//     w.each([&](const change& c) { … });
//
// A user may have only so many of these at once (fs.inotify.max_user_instances, 128 by default): a program must be able
// to do without.
#pragma once

#include <sys/inotify.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/result.hh"
#include "sys/fd.hh"

namespace runwell::sys {

struct change {
    int              where = -1;  // what add() returned
    std::uint32_t    mask  = 0;   // IN_…
    std::string_view name  = {};  // the entry of a watched directory; valid only during the call
};

class watch {
public:
    watch() noexcept = default;

    // Trouble: EMFILE when the user has too many.
    static result<watch> make() noexcept;

    // Watches `path` for the events in `mask`; the number of the watch. A second add() of the same file replaces its
    // mask and returns the same number.
    result<int> add(const char* path, std::uint32_t mask) const noexcept;
    void        remove(int where) const noexcept;

    const unique_fd& fd() const noexcept { return fd_; }

    // Calls heard(change) for everything that has happened since; never waits.
    template <class Heard>
    void each(Heard heard) const noexcept {
        alignas(inotify_event) std::array<char, 4096> bytes;
        for (std::size_t size = read(bytes); size != 0; size = read(bytes)) {
            for (std::size_t at = 0; at < size;) {
                const auto* event = reinterpret_cast<const inotify_event*>(bytes.data() + at);
                heard(change{event->wd, event->mask, event->len == 0 ? std::string_view{} : event->name});
                at += sizeof(inotify_event) + event->len;
            }
        }
    }

private:
    std::size_t read(std::array<char, 4096>& bytes) const noexcept;

    unique_fd fd_;
};

}  // namespace runwell::sys
