// svctl enable, disable — link a service into the services directory, or take the link away; the supervisor does the
// rest.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <map>

#include "svctl/diagnosis.hh"
#include "svctl/files.hh"
#include "svctl/operation.hh"
#include "svctl/shell_script.hh"
#include "sys/files.hh"
#include "sys/trust.hh"

namespace runwell::svctl {
namespace {

namespace fs = std::filesystem;

struct options {
    std::vector<std::string> names;
    std::string              available;
    std::optional<double>    seconds;
    bool                     no_wait = false, now = false, down = false, as_json = false;
};

// The directory of available services: that of a path like ./web, if that is what was typed.
services_directory open_available(const settings& in, const options& asked) {
    std::string directory = in.available(asked.available);
    if (asked.available.empty()) {
        std::error_code code;
        std::string     parent;
        const auto      leads_elsewhere = [&](const std::string& word) {
            const fs::path path = fs::absolute(word).lexically_normal();
            const fs::path at   = path.has_filename() ? path : path.parent_path();
            if (word.find('/') == std::string::npos || !fs::exists(at / "run", code)) return false;
            if (is_same_file(at.parent_path(), directory)) return false;
            const bool agrees = parent.empty() || parent == at.parent_path();
            parent            = at.parent_path();
            return agrees;
        };
        if (std::all_of(asked.names.begin(), asked.names.end(), leads_elsewhere)) directory = parent;
    }
    try {
        return in.open_available(directory);
    } catch (const failure& why) {
        throw failure{why.code(), printable(directory) + ", the directory of available services, cannot be opened",
                      "name another one: --available DIR, or the variable SVAVAILABLE"};
    }
}

// No supervisor would act on a change: said once, and not waited for.
bool is_scanned(const services_directory& services) { return runsvdir_of(services, process_table::read()) != nullptr; }

void say_that_it_is_not_scanned(const services_directory& services) {
    say(failure{exit_code::good,
                "no runsvdir runs on " + printable(services.directory()) + ": nothing is started or stopped now",
                "start one: runsvdir -P " + printable(shell_quoted(services.directory())) + " &"});
}

// -- enable ----------------------------------------------------------------------------------------------------------

// Throws where it could not be linked; done for all names before the first is linked.
void check_room(const services_directory& services, const services_directory& available, const std::string& name) {
    std::error_code code;
    const auto      at = services.path(name);
    if (!is_present(at) || is_same_file(at, available.path(name))) return;
    const bool link = fs::is_symlink(at, code);
    throw failure{exit_code::failed,
                  printable(at) + (link ? " is a link to " + printable(fs::read_symlink(at, code).string())
                                        : " is there already, and no link"),
                  "look at both, and take one away: svctl status " + printable(name)};
}

// The names; where there is none, the cure is about the available services.
std::vector<std::string> select_available(const services_directory& available, const options& asked) {
    const std::string see = asked.available.empty() ? "see what there is: svctl list --available"
                                                    : "see what there is: ls " + shell_quoted(available.directory());
    for (const std::string& word : asked.names)
        if (word.find('/') != std::string::npos && word.find_first_of("*?[") == std::string::npos &&
            !word.ends_with("/log") && ::access(word.c_str(), F_OK) != 0)
            throw failure{exit_code::not_found, "'" + printable(word) + "': no such directory", see};
    try {
        return available.select(asked.names);
    } catch (const failure& why) {
        if (why.code() != exit_code::not_found || !why.cure().starts_with("see what there is")) throw;
        throw failure{why.code(), std::string{why.cause()}, see};
    }
}

void make_down_file(const services_directory& available, const std::string& name) {
    const std::string path = name + "/down";
    const auto        made =
        sys::open_trusted_path(available.fd(), path.c_str(), sys::expected::regular, O_WRONLY | O_CREAT, 0644);
    if (!made) throw system_failure(made.why().code, "make the file", available.path(path));
}

exit_code enable(const settings& in, const options& asked) {
    const services_directory services  = in.open_services();
    const services_directory available = open_available(in, asked);
    const auto               names     = select_available(available, asked);
    static_cast<void>(seconds_to_wait(asked.seconds));  // a malformed SVWAIT is an error before anything is done
    for (const std::string& name : names) {
        if (name.find('/') != std::string::npos)
            throw failure{exit_code::usage, "'" + printable(name) + "': a log service comes with its service",
                          "enable that: svctl enable " + printable(shell_quoted(name.substr(0, name.find('/'))))};
        check_room(services, available, name);
    }
    for (const std::string& name : names) {
        if (asked.down) make_down_file(available, name);
        if (is_same_file(services.path(name), available.path(name))) {
            if (!asked.as_json) print(printable(name) + ": enabled already\n");
            continue;
        }
        if (::symlinkat(available.path(name).c_str(), services.fd(), name.c_str()) != 0)
            throw system_failure(errno, "make the link", services.path(name));
        if (!asked.as_json) print(printable(name) + ": enabled\n");
    }
    const bool acts = asked.no_wait || is_scanned(services);
    if (!acts) say_that_it_is_not_scanned(services);
    if (asked.no_wait || !acts) {
        if (asked.as_json) print_as_met(services, names);
        return exit_code::good;
    }
    operation what{.until     = goal::wanted,
                   .goal_word = "taken up",
                   .seconds   = seconds_to_wait(asked.seconds),
                   .patient   = true,
                   .as_json   = asked.as_json};
    if (asked.now) what.bytes = "u", what.until = goal::up, what.goal_word = "up";
    return run_operation(in, services, names, what);
}

// -- disable ---------------------------------------------------------------------------------------------------------

exit_code disable(const settings& in, const options& asked) {
    const services_directory services = in.open_services();
    const auto               names    = services.select(asked.names);
    static_cast<void>(seconds_to_wait(asked.seconds));

    // Where those that have a runsv are without their links: there it leaves.
    std::vector<fs::path> homes;
    for (const std::string& name : names) {
        std::error_code code;
        if (!fs::is_symlink(services.path(name), code))
            throw failure{exit_code::failed,
                          "'" + printable(name) + "' is not a link: to take it away would be to delete the service",
                          "move its directory to where services are available, and enable it from there: mv " +
                              printable(shell_quoted(services.path(name)) + " " + shell_quoted(in.available())) +
                              " && svctl enable " + printable(shell_quoted(name))};
        if (look_at(services.fd(), name).present()) homes.push_back(fs::canonical(services.path(name), code));
    }
    for (const std::string& name : names) {
        if (::unlinkat(services.fd(), name.c_str(), 0) != 0)
            throw system_failure(errno, "remove the link", services.path(name));
        if (!asked.as_json) print(printable(name) + ": disabled\n");
    }
    const bool acts = asked.now || is_scanned(services);
    if (!acts) say_that_it_is_not_scanned(services);
    const operation what{.bytes     = asked.now ? "x" : "",
                         .until     = goal::gone,
                         .goal_word = "gone",
                         .seconds   = seconds_to_wait(asked.seconds),
                         .waits     = acts && !asked.no_wait,
                         .as_json   = asked.as_json};
    if (homes.empty() || (!what.waits && !asked.now)) {
        if (asked.as_json) print_as_met(services, names);
        return exit_code::good;
    }
    std::map<std::string, services_directory> around;
    std::vector<target>                       targets;
    for (const fs::path& home : homes) {
        const std::string parent = home.parent_path().string();
        targets.push_back({&around.try_emplace(parent, parent).first->second, home.filename().string()});
    }
    return run_operation(in, targets, what);
}

command& with_waiting(command& of, const std::shared_ptr<options>& to) {
    return of.number("-t,--timeout", to->seconds, "SECONDS", "wait no longer than this (else $SVWAIT, 7)")
        .flag("--no-wait", to->no_wait, "do not wait until the supervisor has acted")
        .flag("--json", to->as_json, "the result as a JSON object, see svctl(8)");
}

}  // namespace

void add_enable(command_line& line, const settings& in) {
    const auto up = std::make_shared<options>();
    command    enable_ =
        line.add("enable", "Link services into the services directory: they start now, and at every boot");
    with_waiting(enable_, up)
        .string("-a,--available", up->available, "DIR", "where they are (else $SVAVAILABLE, /etc/sv)")
        .flag("--now", up->now, "start them now even where a file `down` says that they do not start by themselves")
        .flag("--no-start,--down", up->down, "make that file first: enabled, but not started")
        .excludes("--now", "--no-start")
        .words("NAME", up->names, "available services: names, paths or patterns")
        .does([&in, up] { return enable(in, *up); });

    const auto down     = std::make_shared<options>();
    command    disable_ = line.add("disable", "Take services out of the services directory: they stop");
    with_waiting(disable_, down)
        .flag("--now", down->now, "tell their supervisor to leave, not waiting until it has noticed")
        .words("NAME", down->names, "services: names, paths or patterns")
        .does([&in, down] { return disable(in, *down); });
}

}  // namespace runwell::svctl
