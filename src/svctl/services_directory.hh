// services_directory.hh — the services in a services directory, and which of them the words of a command line name.
//
//     const services_directory services{"/etc/service"};
//     services.names()                       "db", "web-1", "web-2"          what begins with a dot is none
//     services.select({"web-*"})             "web-1", "web-2"
//     services.select({"*/log"})             "db/log", …                     the loggers of those that have one
//     services.select({"./web-1", "db/"})    "web-1", "db"               paths that lead to the same directory
//     services.select({"../../etc"})         a failure: names do not leave the directory
//     services.filter({"web"})               "web-1", "web-2"            whatever holds it, where none is called so
//
// A services directory of plain runit works the same way.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sys/fd.hh"

namespace runwell::svctl {

class services_directory {
public:
    // Throws a failure when the directory cannot be opened.
    explicit services_directory(std::string directory);

    const std::string& directory() const noexcept { return directory_; }
    int                fd() const noexcept { return fd_.value(); }
    std::string        path(std::string_view name) const { return directory_ + "/" + std::string{name}; }

    // The services, in order: every directory, or link to one, whose name does not begin with a dot. A link that leads
    // nowhere is one, too: it is meant to be a service.
    std::vector<std::string> names() const;

    // Whether the service has a log service.
    bool has_log(const std::string& name) const;

    // What the words of a command line mean, in the order of the words and each once. See select_names().
    std::vector<std::string> select(std::span<const std::string> words) const;
    // The same, where a word that is neither name nor pattern means all names that it is a part of.
    std::vector<std::string> filter(std::span<const std::string> words) const;

private:
    std::string name_of(const std::string& word, std::span<const std::string> names) const;

    std::string    directory_;
    sys::unique_fd fd_;
};

// A word is the name of a service, or a pattern as in fnmatch(3), either of them with "/log" for the log service.
// "web.service" is "web" where nothing is called so.
// Throws a failure, before anything is done, when a word
//   · leaves the directory: holds another slash, or begins with a dot;
//   · means nothing: no service of that name, no match, no log service;
//   · means two things: it is the name of one service and a pattern for others.
// `where` is the directory, for what is said.
std::vector<std::string> select_names(std::span<const std::string> words, std::span<const std::string> names,
                                      const std::function<bool(const std::string&)>& has_log, std::string_view where);

}  // namespace runwell::svctl
