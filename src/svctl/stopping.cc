#include "svctl/stopping.hh"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstring>

#include "core/kernel_names.hh"
#include "core/ledger.hh"
#include "parts/supervise.hh"
#include "svctl/diagnosis.hh"
#include "svctl/files.hh"
#include "svctl/human.hh"
#include "sys/clock.hh"
#include "sys/files.hh"
#include "sys/ledger.hh"

namespace runwell::svctl {
namespace {

// What the supervisor has written down; nothing of another boot, or of runit's, which writes nothing down.
std::optional<ledger> ledger_of(const services_directory& in, const std::string& name) {
    const auto lock = parts::supervise_client{in.fd(), (name + "/supervise").c_str()}.open_lock();
    if (!lock) return std::nullopt;
    const ledger its = sys::read_ledger(lock->value());
    if (!its.from || same_scope(its.from->scope, sys::scope_now()) != truth::yes) return std::nullopt;
    return its;
}

// The process that holds supervise/lock.
pid_t runsv_of(const services_directory& in, const std::string& name) {
    const auto holders = lock_holders(in, name);
    return holders.size() == 1 ? holders.front() : 0;
}

std::string leaf_of(const services_directory& in, const std::string& name) {
    const auto directory = sys::open_at(in.fd(), name.c_str(), O_PATH | O_DIRECTORY);
    return directory ? std::string{sys::leaf_name(directory->value()).view()} : std::string{};
}

// The process is in the leaf, or in a cgroup below it.
bool is_in(pid_t pid, const std::string& leaf) {
    const std::string text = read_file("/proc/" + std::to_string(pid) + "/cgroup").text;
    return !leaf.empty() &&
           (text.find("/" + leaf + "\n") != std::string::npos || text.find("/" + leaf + "/") != std::string::npos);
}

bool is_over(const process& one) noexcept { return one.state == 'Z' || one.state == 'X'; }

// All that descends from `root`, but for `others` and what descends from them.
void add_below(const process_table& processes, pid_t root, const std::vector<pid_t>& others,
               std::vector<const process*>& found) {
    for (const process* child : processes.children_of(root)) {
        if (std::find(others.begin(), others.end(), child->pid) != others.end()) continue;
        if (!is_over(*child)) found.push_back(child);
        add_below(processes, child->pid, others, found);
    }
}

// ./run has ended, and something that it has started lives.
bool is_rest(const service_state& of) noexcept {
    return of.present() && of.reported->now == phase::finish && of.reported->pid == 0;
}

// Those that a stop waits for: of a contained service all, else the tree of ./run.
std::vector<const process*> members_of(const services_directory& in, const service& of,
                                       const process_table& processes) {
    std::vector<const process*> found;
    const bool                  runs = of.main.runs();
    const auto                  by   = containment_of(in, of);
    if (runs && by == sys::containment::none) {
        for (const auto& one : processes.tree_of(static_cast<pid_t>(of.main.reported->pid)))
            if (!is_over(*one.of)) found.push_back(one.of);
        return found;
    }
    const std::string leaf = leaf_of(in, of.name);
    for (const process& one : processes.all())
        if (!is_over(one) && is_in(one.pid, leaf)) found.push_back(&one);
    const pid_t runsv = found.empty() ? runsv_of(in, of.name) : 0;
    if (runsv == 0) return found;
    std::vector<pid_t> others;
    if (of.log && of.log->lives()) others.push_back(static_cast<pid_t>(of.log->reported->pid));
    if (const auto its = ledger_of(in, of.name); its && its->script)
        others.push_back(static_cast<pid_t>(its->script->pid));
    add_below(processes, runsv, others, found);
    return found;
}

}  // namespace

std::vector<file_value> values_of(const services_directory& in, const std::string& name) {
    std::vector<file_value> found;
    if (name.ends_with("/log")) return found;  // runsv reads none for a logger
    for (const value_file_row& row : value_file_rows) {
        const std::string path = in.path(name) + "/" + row.name;
        if (!is_present(path)) continue;
        if (row.kind == value_kind::none) {
            found.push_back({row.what, "", true});
        } else if (const file_content file = read_file(path, longest_value)) {
            std::string value{value_in(file.text)};
            const bool  is_understood = is_value_of(row.what, value);
            found.push_back({row.what, std::move(value), is_understood});
        }
    }
    return found;
}

sys::containment containment_of(const services_directory& in, const service& of) {
    if (!of.main.runs() || of.name.ends_with("/log")) return sys::containment::none;
    const auto pid = static_cast<pid_t>(of.main.reported->pid);
    if (is_in(pid, leaf_of(in, of.name))) return sys::containment::cgroup;

    struct stat file {};
    const auto  path  = in.path(of.name) + "/" + row_of(value_file::contain).name;
    const auto  known = ledger_of(in, of.name);
    if (!known || !known->process || known->process->pid != of.main.reported->pid || ::lstat(path.c_str(), &file) != 0)
        return sys::containment::none;
    const double age = static_cast<double>(sys::since_boot() - known->process->born) / one_second;
    const moment changed{file.st_ctim.tv_sec, static_cast<std::uint32_t>(file.st_ctim.tv_nsec)};
    return seconds_between(changed, sys::wall()) > age ? sys::containment::subreaper : sys::containment::none;
}

bool is_contained(const services_directory& in, const service& of) {
    return is_rest(of.main) || containment_of(in, of) != sys::containment::none;
}

std::string_view word(sys::containment by) noexcept {
    switch (by) {
        case sys::containment::none: return "";
        case sys::containment::cgroup: return "cgroup";
        case sys::containment::subreaper: return "subreaper";
    }
    return "";
}

std::optional<stopping> stopping_of(const services_directory& in, const service& of, const process_table& processes,
                                    moment now) {
    const service_state& main = of.main;
    const bool           rest = is_rest(main);
    if (!main.present() || !(rest || (main.runs() && main.reported->got_term))) return std::nullopt;

    stopping its;
    if (rest) {
        its.seconds = main.age(now);
    } else if (const auto written =
                   parts::supervise_client{in.fd(), (of.name + "/supervise").c_str()}.status_written()) {
        its.seconds = std::max(0.0, seconds_between(*written, now));
    }
    if (const auto known = ledger_of(in, of.name))
        if (const auto when = kill_time(known->stop, known->process))
            if (rest || known->process->pid == main.reported->pid)
                its.kill_in = std::max(0.0, static_cast<double>(*when - sys::since_boot()) / one_second);
    its.alive = members_of(in, of, processes);
    return its;
}

json json_of(const std::optional<stopping>& of) {
    if (!of) return {};
    json alive = json::array();
    for (const process* one : of->alive) alive.push_back({{"pid", one->pid}, {"command", command_of(*one)}});
    return {{"seconds", known(of->seconds.has_value(), of->seconds.value_or(0))},
            {"kill_in", known(of->kill_in.has_value(), of->kill_in.value_or(0))},
            {"alive", alive}};
}

std::string progress_of(const services_directory& in, const service& of, const stopping& its) {
    int signal = SIGTERM;
    for (const file_value& one : values_of(in, of.name))
        if (one.what == value_file::down_signal && !is_rest(of.main)) signal = signal_in(one.value).value_or(SIGTERM);
    const char* name = ::sigabbrev_np(signal);
    std::string text = (name != nullptr ? std::string{name} : std::to_string(signal)) + " sent";
    if (its.kill_in) text += ", KILL in " + duration(std::llround(*its.kill_in));
    return text + ", " + counted(its.alive.size(), "process") + " left";
}

}  // namespace runwell::svctl
