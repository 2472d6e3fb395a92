#include "parts/path_watch.hh"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

namespace runwell::parts {
namespace {

constexpr std::uint32_t own_end    = IN_DELETE_SELF | IN_MOVE_SELF;
constexpr std::uint32_t appearing  = IN_CREATE | IN_MOVED_TO;
constexpr std::uint32_t vanishing  = IN_DELETE;  // a move shows in the moved file itself
constexpr int           most_links = 40;         // as the kernel has it
constexpr int           most_turns = 1000;       // of a path that changes faster than it can be followed

std::uint32_t hash_of(std::string_view name) noexcept {
    std::uint32_t hash = 2166136261U;  // FNV-1a
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    return hash;
}

bool exists(const char* path) noexcept {
    struct stat found;
    return ::lstat(path, &found) == 0;
}

const char* or_here(const path_watch::path_text& path) noexcept { return path.empty() ? "." : path.c_str(); }

// `path` with one more component.
bool enter(path_watch::path_text& path, std::string_view name) noexcept {
    if (!path.empty() && path.view().back() != '/' && !path.append('/')) return false;
    return path.append(name);
}

}  // namespace

// A point on the way: the path behind it, free of links, and the path still ahead.
struct path_watch::walk {
    int              owner;
    path_text        here;
    path_text        text;  // holds what is ahead
    std::string_view ahead;
    int              links = 0;

    // Goes on with this text; false when it is too long for a path.
    bool go_on(std::string_view target) noexcept {
        path_text next;
        if (!next.append(target) || !next.append('/') || !next.append(ahead)) return false;
        text  = next;
        ahead = text.view();
        if (target.starts_with('/')) {
            here.clear();
            here.append('/');
        }
        return true;
    }

    std::string_view next() noexcept {
        const std::size_t from = ahead.find_first_not_of('/');
        if (from == std::string_view::npos) return {};
        ahead.remove_prefix(from);
        const std::string_view name = ahead.substr(0, ahead.find('/'));
        ahead.remove_prefix(name.size());
        return name;
    }
};

result<path_watch> path_watch::make() noexcept {
    path_watch made;
    made.watch_ = TRY(sys::watch::make());
    return made;
}

bool path_watch::is_turn(const component& s, const sys::change& what) noexcept {
    switch (s.what) {
        case component::kind::way:
        case component::kind::entries:
            return (what.mask & (own_end | IN_IGNORED | IN_UNMOUNT)) != 0 ||
                   ((what.mask & IN_ATTRIB) != 0 && s.what == component::kind::way && what.name.empty());
        case component::kind::name:
            return (what.mask & (own_end | IN_IGNORED | IN_UNMOUNT)) != 0 ||
                   (!what.name.empty() && hash_of(what.name) == s.hash);
    }
    return false;
}

int path_watch::add(const component& what, const char* path, std::uint32_t mask) noexcept {
    if (!watch_.fd()) return error_ = EMFILE;
    if (!components_.grow(count_ + 1)) return error_ = ENOMEM;
    const result<int> where = watch_.add(path, mask | IN_MASK_ADD);
    if (!where) {
        const int code = where.why().code;
        if (code != ENOENT && code != ENOTDIR) error_ = code;
        return code;
    }
    component& s = components_.all()[count_++];
    s            = what;
    s.where      = *where;
    return 0;
}

// True when all of the way that exists is watched.
bool path_watch::walk_along(walk& on) noexcept {
    bool whole = true;
    for (int turns = 0; turns < most_turns; ++turns) {
        const std::string_view before = on.ahead;
        const std::string_view name   = on.next();
        if (name.empty()) return whole;
        if (name == ".") continue;
        path_text child = on.here;
        if (!enter(child, name)) return whole;  // too long for any path: it cannot come to exist

        const component way{-1, on.owner, 0, component::kind::way, false};
        int             code = add(way, child.c_str(), own_end | IN_DONT_FOLLOW);
        if (code == ENOENT || code == ENOTDIR) {
            const component missing{-1, on.owner, hash_of(name), component::kind::name, false};
            if (add(missing, or_here(on.here), appearing | own_end) != 0) return false;
            if (!exists(child.c_str())) return whole;
            on.ahead = before;  // it came just now
            continue;
        }
        if (code != 0) whole = false;

        char    bytes[PATH_MAX];
        ssize_t size = ::readlink(child.c_str(), bytes, sizeof bytes);
        if (size >= 0) {
            // A link that is replaced by a rename shows as a change of its attributes, should it have another name.
            if (add(way, child.c_str(), own_end | IN_ATTRIB | IN_DONT_FOLLOW) != 0) whole = false;
            size = ::readlink(child.c_str(), bytes, sizeof bytes);
        }
        if (size >= 0) {
            if (++on.links > most_links || !on.go_on({bytes, static_cast<std::size_t>(size)})) return whole;
        } else if (errno == EINVAL) {
            on.here = child;
        } else if (errno == ENOENT) {
            on.ahead = before;  // it went just now
        } else {
            return false;
        }
    }
    return false;
}

bool path_watch::watch_parent(const walk& on) noexcept {
    std::string_view last  = on.here.view();
    std::string_view above = last;
    if (const std::size_t slash = last.rfind('/'); slash != std::string_view::npos) last.remove_prefix(slash + 1);
    above.remove_suffix(last.size());  // "" or ends with a slash
    if (last.empty() || last == "..") return true;
    path_text directory;
    directory.append(above.empty() ? "." : above);
    const component name{-1, on.owner, hash_of(last), component::kind::name, false};
    return add(name, directory.c_str(), vanishing | own_end) == 0;
}

// To remove a directory is to remove its ./run before, and the end of that file (a link less) is reported at once even
// while a process executes it. A directory without a ./run is watched from above.
bool path_watch::watch_removal(const walk& on, removal by) noexcept {
    switch (by) {
        case removal::none: return true;
        case removal::above: return watch_parent(on);
        case removal::run_file: break;
    }
    path_text run = on.here;
    if (enter(run, "run")) {
        const component file{-1, on.owner, 0, component::kind::way, false};
        const int       code = add(file, run.c_str(), own_end | IN_ATTRIB | IN_DONT_FOLLOW);
        if (code == 0) return true;
        if (code != ENOENT && code != ENOTDIR) return false;
    }
    return watch_parent(on);
}

bool path_watch::follow(int owner, std::string_view base, std::string_view path, removal by, path_text* end) noexcept {
    for (component& s : components_.all().first(count_)) s.old = s.owner == owner;
    walk on{.owner = owner, .here = {}, .text = {}, .ahead = {}};
    on.here.append(base);
    bool whole = on.go_on(path) && walk_along(on);
    whole      = watch_removal(on, by) && whole;
    drop_old();
    if (end != nullptr) *end = on.here;
    return whole;
}

bool path_watch::watch_entries(int owner, const char* path, std::uint32_t mask) noexcept {
    if (add({-1, owner, 0, component::kind::entries, false}, path, mask | IN_ONLYDIR) != 0) return false;
    const component& added = components_.all()[count_ - 1];
    for (const component& s : components_.all().first(count_ - 1))
        if (s.where == added.where && s.owner == owner && s.what == component::kind::entries) {
            --count_;  // it was there before
            break;
        }
    return true;
}

void path_watch::release(int owner) noexcept {
    for (component& s : components_.all().first(count_)) s.old = s.owner == owner;
    drop_old();
}

// A watch ends with the last component that needs it.
void path_watch::drop_old() noexcept {
    const auto steps = components_.all();
    for (std::size_t k = 0; k < count_;) {
        if (!steps[k].old) {
            ++k;
            continue;
        }
        const int where = steps[k].where;
        steps[k]        = steps[--count_];
        bool needed     = false;
        for (const component& s : steps.first(count_)) needed = needed || s.where == where;
        if (!needed) watch_.remove(where);
    }
}

void path_watch::forget(int where) noexcept {
    const auto steps = components_.all();
    for (std::size_t k = 0; k < count_;) {
        if (steps[k].where == where)
            steps[k] = steps[--count_];
        else
            ++k;
    }
}

}  // namespace runwell::parts
