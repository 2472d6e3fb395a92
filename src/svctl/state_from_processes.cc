#include "svctl/state_from_processes.hh"

#include <algorithm>
#include <array>
#include <vector>

#include "core/text.hh"
#include "svctl/diagnosis.hh"
#include "svctl/files.hh"
#include "svctl/shell_script.hh"
#include "sys/clock.hh"

namespace runwell::svctl {
namespace {

// The runsv of a service: the child of this directory's runsvdir that was given its name.
const process* runsv_of(const services_directory& in, const std::string& name, const process_table& processes) {
    const process* runsvdir = runsvdir_of(in, processes);
    if (runsvdir == nullptr) return nullptr;
    for (const process* one : processes.children_of(runsvdir->pid)) {
        const auto words = arguments_of(one->pid);
        if (words.size() == 2 && base_name(words[0]) == "runsv" && words[1] == name) return one;
    }
    return nullptr;
}

// The programs that ./log/run starts.
std::vector<std::string> programs_in(const std::string& script) {
    std::vector<std::string> found;
    for (const shell_command& command : shell_commands(read_file(script).text))
        if (const shell_call call = call_of(command); !call.words.empty())
            found.emplace_back(base_name(call.words.front().text));
    return found;
}

status status_of(const process* child, bool is_finish) {
    status said;
    if (child == nullptr) return said;
    const moment now   = sys::wall();
    const double alive = std::max(0.0, static_cast<double>(sys::since_boot()) / one_second - child->started);
    said.pid           = static_cast<decltype(said.pid)>(child->pid);
    said.now           = is_finish ? phase::finish : phase::run;
    said.since         = {now.seconds - static_cast<std::int64_t>(alive), now.nanos};
    return said;
}

}  // namespace

void state_from_processes(const services_directory& in, service& of, const process_table& processes) {
    const process* runsv = runsv_of(in, of.name, processes);
    if (runsv == nullptr) return;
    constexpr std::array        loggers{"svlogd", "vlogger", "logger", "multilog", "s6-log", "tinylog"};
    std::vector<std::string>    own = of.log ? programs_in(in.path(of.name) + "/log/run") : std::vector<std::string>{};
    std::vector<const process*> services;
    const process*              logger = nullptr;
    for (const process* child : processes.children_of(runsv->pid)) {
        const auto        words     = arguments_of(child->pid);
        const std::string program   = words.empty() ? child->name : std::string{base_name(words.front())};
        const bool        is_logger = of.log && logger == nullptr &&
                               (std::find(loggers.begin(), loggers.end(), program) != loggers.end() ||
                                std::find(own.begin(), own.end(), program) != own.end());
        if (is_logger)
            logger = child;
        else
            services.push_back(child);
    }
    if (services.size() > 1) return;  // one of them is a logger, but which?
    const process* child     = services.empty() ? nullptr : services.front();
    const auto     words     = child != nullptr ? arguments_of(child->pid) : std::vector<std::string>{};
    const bool     is_finish = std::find(words.begin(), words.end(), "./finish") != words.end();
    of.main.reported         = status_of(child, is_finish);
    if (of.log && of.log->by == supervision::hidden) of.log->reported = status_of(logger, false);
}

}  // namespace runwell::svctl
