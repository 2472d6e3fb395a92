// watcher.hh — hear it when services change, come or go (inotify); nothing wakes up while nothing happens.
//
//     DIR/            names come and go                                          (only after watch_names())
//     DIR/NAME/       supervise/, down and log/ come and go
//     …/supervise/    a runsv writes its status
//     …/supervise/ok  a runsv leaves: the last that reads it has closed it; or comes, where there is none: opens it
//
// Reading these files wakes no watcher: only changes by a supervisor do. A change is a reason to look,
// never more: look() says what is so.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "svctl/service.hh"
#include "svctl/services_directory.hh"
#include "sys/watch.hh"

namespace runwell::svctl {

class watcher {
public:
    // Throws a failure when the system allows no more of these.
    explicit watcher(const services_directory& in);

    // Listens to a service or log service, if it is not listened to yet. Add it first, then look at it. Throws a
    // failure when this user may not listen, or too much is listened to already.
    void add(const std::string& name);
    void remove(const std::string& name);

    // Its state now. Every later change is heard, if the watcher listens to it.
    service_state look(const std::string& name);

    // Listens to names that come and go.
    void watch_names();

    const sys::unique_fd& fd() const noexcept { return watch_.fd(); }

    struct changes {
        std::set<std::string> services;       // look at these again
        bool                  names = false;  // ask the services directory for its names again
    };
    // The changes since the last call; never blocks.
    changes read();

private:
    enum class watched : std::uint8_t { names, service, supervise, ok, way };
    struct listener {
        watched     at;
        std::string name;
    };

    bool listen(const std::string& path, std::uint32_t mask, watched at, const std::string& name);
    void listen_below(const std::string& name);
    void listen_to_ok(const std::string& name);

    const services_directory*            in_;
    sys::watch                           watch_;
    std::map<int, std::vector<listener>> listeners_;
    std::set<std::string>                names_;
    std::set<std::string>                awaited_;  // of these: the ones whose runsv is still to come
};

}  // namespace runwell::svctl
