#include "svctl/watcher.hh"

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "svctl/errors.hh"

namespace runwell::svctl {
namespace {

constexpr std::uint32_t of_names     = IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM;
constexpr std::uint32_t of_service   = of_names | IN_ONLYDIR;
constexpr std::uint32_t of_supervise = IN_MOVED_TO | IN_MODIFY | IN_CREATE | IN_ONLYDIR;
constexpr std::uint32_t of_ok        = IN_CLOSE_NOWRITE;

// Debian links supervise/ to where it can be written to: the directory that such a link leads into, though not the
// file itself yet.
std::string way_of(const std::string& link) {
    std::error_code code;
    const auto      target = std::filesystem::read_symlink(link, code);
    if (code) return {};
    return (std::filesystem::path{link}.parent_path() / target).parent_path().string();
}

}  // namespace

watcher::watcher(const services_directory& in) : in_{&in} {
    auto made = sys::watch::make();
    if (!made)
        throw failure{exit_code::failed, "no changes can be heard: " + error_text(made.why().code),
                      "allow more, as root: sysctl -w fs.inotify.max_user_instances=1024"};
    watch_ = std::move(*made);
}

// Whether there is something to listen to.
bool watcher::listen(const std::string& path, std::uint32_t mask, watched at, const std::string& name) {
    const auto where = watch_.add(path.c_str(), mask);
    if (where) {
        auto&      all     = listeners_[*where];
        const auto is_same = [&](const listener& one) { return one.at == at && one.name == name; };
        if (std::none_of(all.begin(), all.end(), is_same)) all.push_back({at, name});
        return true;
    }
    const int code = where.why().code;
    if (code == ENOENT || code == ENOTDIR) return false;
    if (code == ENOSPC)
        throw failure{exit_code::failed, "changes of " + path + " cannot be heard: there are too many watches",
                      "allow more, as root: sysctl -w fs.inotify.max_user_watches=524288"};
    throw system_failure(code, "listen to", path);
}

void watcher::watch_names() { listen(in_->directory(), of_names | IN_ONLYDIR, watched::names, {}); }

void watcher::add(const std::string& name) {
    if (!names_.insert(name).second) return;
    awaited_.insert(name);
    try {
        listen(in_->path(name), of_service, watched::service, name);
        listen_below(name);
    } catch (const failure&) {
        remove(name);
        throw;
    }
}

// The outer directories come first, so that a change during this function is heard there.
void watcher::listen_below(const std::string& name) {
    const std::string supervise = in_->path(name) + "/supervise";
    if (!listen(supervise, of_supervise, watched::supervise, name)) {
        if (const std::string way = way_of(supervise); !way.empty()) listen(way, of_names, watched::way, name);
        return;
    }
    listen_to_ok(name);
}

// Every client opens it for a moment: that is heard only as long as it may be a runsv.
void watcher::listen_to_ok(const std::string& name) {
    listen(in_->path(name) + "/supervise/ok", awaited_.contains(name) ? of_ok | IN_OPEN : of_ok, watched::ok, name);
}

service_state watcher::look(const std::string& name) {
    for (;;) {
        service_state now = look_at(in_->fd(), name);
        if (!names_.contains(name)) return now;
        const bool was_awaited = awaited_.contains(name);
        if (now.present() == !was_awaited) return now;
        if (now.present())
            awaited_.erase(name);
        else
            awaited_.insert(name);
        listen_to_ok(name);
        // A runsv that came just before it was listened for is seen by another look.
        if (now.present()) return now;
    }
}

void watcher::remove(const std::string& name) {
    names_.erase(name);
    awaited_.erase(name);
    for (auto& [where, all] : listeners_) {
        std::erase_if(all, [&](const listener& one) { return one.name == name && one.at != watched::names; });
        if (all.empty()) watch_.remove(where);
    }
    std::erase_if(listeners_, [](const auto& entry) { return entry.second.empty(); });
}

watcher::changes watcher::read() {
    changes               heard;
    std::set<std::string> grown;  // where there may be more to listen to
    watch_.each([&](const sys::change& what) {
        if ((what.mask & IN_Q_OVERFLOW) != 0) {
            heard.names    = true;
            grown          = names_;
            heard.services = names_;
            return;
        }
        const auto found = listeners_.find(what.where);
        if (found == listeners_.end()) return;
        if ((what.mask & IN_IGNORED) != 0) {
            for (const listener& one : found->second) heard.services.insert(one.name);
            listeners_.erase(found);
            return;
        }
        for (const listener& one : found->second) {
            switch (one.at) {
                case watched::names: heard.names = true; break;
                case watched::way: grown.insert(one.name); break;
                case watched::service:
                    if (what.name == "supervise") grown.insert(one.name);
                    if (what.name == "down" || what.name == "log") heard.services.insert(one.name);
                    break;
                case watched::supervise:
                    if (what.name == "ok") grown.insert(one.name);
                    if (what.name == "status") heard.services.insert(one.name);
                    break;
                case watched::ok: heard.services.insert(one.name); break;
            }
        }
    });
    heard.services.erase(std::string{});
    for (const std::string& name : grown) {
        if (!names_.contains(name)) continue;
        listen_below(name);
        heard.services.insert(name);
    }
    return heard;
}

}  // namespace runwell::svctl
