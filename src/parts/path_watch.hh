// path_watch.hh — reports when a path comes to lead elsewhere, through whatever links it goes (inotify).
//
//     /service ──link──▶ /run/runit/service ──link──▶ /etc/runit/current
//     │way                │way  │way  │way            │way │way  │way
//
// Every file on the way is watched for its own end and its own move, and a link for its replacement; nothing is heard
// of unrelated entries beside it. Where the way ends early, the last directory is watched for the missing name. A watch
// is always there before what it watches is read, so no change falls between.
//
// A directory that a process works in reports its own removal only when the last process has left it. The caller names
// another source that reports it at once: `removal`.
//
// inotify does not report mounts over the way, and changes made by other machines in a network file system.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "core/fixed.hh"
#include "core/result.hh"
#include "sys/table.hh"
#include "sys/watch.hh"

namespace runwell::parts {

class path_watch {
public:
    using path_text = fixed_text<4095>;  // PATH_MAX

    // A default one follows nothing, and follow() of it fails. Errors: see sys::watch::make.
    static result<path_watch> make() noexcept;

    // What reports that the directory at the end of a way has been removed while a process works in it.
    enum class removal : unsigned char {
        run_file,  // its ./run, which goes first; where there is none, the directory above: for the directory of a
                   // service
        above,     // the directory above, whatever else is deleted there
        none,      // nothing: its entries are watched, and while it has one it cannot be removed
    };

    // Watches the way that `path` takes from the directory `base` ("" for the working directory; not used when `path`
    // is absolute), in the place of what `owner` watched before. False when some of it cannot be watched: no permission
    // to read it, too many watches. `end`, if wanted, is where the path leads, free of links, as far as it exists.
    bool follow(int owner, std::string_view base, std::string_view path, removal by, path_text* end = nullptr) noexcept;

    // errno of the last watch that could not be had; 0 when there was none since the last call.
    int next_error() noexcept { return std::exchange(error_, 0); }

    // Watches a directory for what happens to its entries, too; mask as of inotify(7). False when it cannot be.
    bool watch_entries(int owner, const char* path, std::uint32_t mask) noexcept;

    void release(int owner) noexcept;

    const sys::unique_fd& fd() const noexcept { return watch_.fd(); }

    // Tells what has happened: moved(owner) when the way of an owner may have changed, happened(owner, change) for the
    // entries of a directory, missed() when the kernel had to drop events. moved() and missed() only take notes;
    // happened() may follow and release.
    template <class Moved, class Happened, class Missed>
    void each(Moved moved, Happened happened, Missed missed) noexcept {
        watch_.each([&](const sys::change& what) {
            if ((what.mask & IN_Q_OVERFLOW) != 0) return missed();
            int listener = nobody;
            for (const component& s : components_.all().first(count_)) {
                if (s.where != what.where) continue;
                if (is_turn(s, what))
                    moved(s.owner);
                else if (s.what == component::kind::entries)
                    listener = s.owner;
            }
            if ((what.mask & IN_IGNORED) != 0)
                forget(what.where);
            else if (listener != nobody)
                happened(listener, what);
        });
    }

private:
    static constexpr int nobody = -2;

    struct component {
        enum class kind : std::uint8_t {
            way,      // a file on the way: its own end, its own move
            name,     // a directory, for the entry whose name has this hash
            entries,  // a directory, for all its entries
        };
        int           where;
        int           owner;
        std::uint32_t hash;
        kind          what;
        bool          old;
    };
    struct walk;

    static bool is_turn(const component& s, const sys::change& what) noexcept;
    // errno of the watch; 0: it exists.
    int  add(const component& what, const char* path, std::uint32_t mask) noexcept;
    bool walk_along(walk& on) noexcept;
    bool watch_parent(const walk& on) noexcept;
    bool watch_removal(const walk& on, removal by) noexcept;
    void drop_old() noexcept;
    void forget(int where) noexcept;

    sys::watch            watch_;
    sys::table<component> components_;
    std::size_t           count_ = 0;
    int                   error_ = 0;
};

}  // namespace runwell::parts
