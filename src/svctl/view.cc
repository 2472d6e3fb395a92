#include "svctl/view.hh"

#include <algorithm>
#include <cmath>

#include "svctl/human.hh"
#include "svctl/state_from_processes.hh"

namespace runwell::svctl {
namespace {

// JSON has no use for the digits behind a millisecond.
double in_milliseconds(double seconds) noexcept { return std::round(seconds * 1000) / 1000; }

std::string_view state_name(const service_state& of) noexcept {
    if (of.by == supervision::hidden && !of.reported) return "hidden";
    return of.by == supervision::absent ? "unsupervised" : state_word(of);
}

}  // namespace

json& add_state(json& into, const service_state& of, moment now) {
    const bool known     = of.known();
    const bool is_wanted = of.by != supervision::hidden && of.by != supervision::missing;
    const auto age       = known ? of.age(now) : std::nullopt;
    into.set("state", state_name(of))
        .set("wanted", is_wanted ? json{want_word(of)} : json{})
        .set("pid", known && of.reported->pid != 0 ? json{of.reported->pid} : json{})
        .set("since", age ? json{iso_time(of.reported->since)} : json{})
        .set("seconds", age ? json{in_milliseconds(*age)} : json{})
        .set("paused", known && of.reported->paused)
        .set("got_term", known && of.reported->got_term)
        .set("down_file", of.down_file)
        .set("fails", of.fails());
    return into;
}

std::string_view activity_word(const service_state& of) noexcept {
    if (of.by == supervision::hidden && !of.reported) return "unknown";
    if (of.fails()) return "failed";
    if (of.runs()) return of.present() && !of.wanted_up() ? "deactivating" : "active";
    return of.lives() ? "deactivating" : "inactive";
}

tint state_tint(const service_state& of, moment now) noexcept {
    if (of.by == supervision::hidden) return of.runs() ? tint::good : tint::faint;
    if (of.by == supervision::absent) return of.down_file ? tint::faint : tint::bad;
    if (!of.present()) return tint::bad;
    if (!of.runs())
        return of.reported->now == phase::finish && !of.wanted_up() ? tint::young
               : of.fails()                                         ? tint::bad
                                                                    : tint::faint;
    if (of.reported->paused || of.reported->got_term || of.age(now).value_or(0) < young_seconds) return tint::young;
    return tint::good;
}

json json_of(const service& one, const process_table& processes, moment now) {
    json whole = json::object();
    whole.set("name", one.name);
    add_state(whole, one.main, now);

    const auto     pid       = one.main.lives() ? static_cast<pid_t>(one.main.reported->pid) : 0;
    const process* first     = pid != 0 ? processes.find(pid) : nullptr;
    const usage    used      = first != nullptr ? processes.usage_of(pid) : usage{};
    json           log_of_it = json::object();
    whole.set("log", one.log ? add_state(log_of_it, *one.log, now) : json{})
        .set("cpu_seconds", first != nullptr ? json{used.cpu_seconds} : json{})
        .set("memory_bytes", first != nullptr ? json{used.held.bytes} : json{})
        .set("memory_kind", first != nullptr ? json{word(used.held)} : json{})
        .set("processes", used.processes)
        .set("command", first != nullptr ? json{command_of(*first)} : json{});
    return whole;
}

std::vector<service> look_at_all(const services_directory& in, std::span<const std::string> names,
                                 const process_table& processes) {
    std::vector<service> all;
    all.reserve(names.size());
    for (const std::string& name : names) {
        all.push_back(look_at_service(in, name));
        if (all.back().main.by == supervision::hidden) state_from_processes(in, all.back(), processes);
    }
    return all;
}

exit_code result_of(std::span<const service> all) {
    const auto is_hidden = [](const service& one) { return one.main.by == supervision::hidden; };
    const auto hidden    = std::count_if(all.begin(), all.end(), is_hidden);
    const bool fails     = std::any_of(all.begin(), all.end(), [](const service& one) { return one.main.fails(); });
    if (hidden != 0)
        say(failure{exit_code::not_allowed,
                    counted(static_cast<std::size_t>(hidden), "service", "does", "do") +
                        " not show all to this user: what cannot be read is ?",
                    "see all of it as root: " + command_as_root()});
    return fails ? exit_code::not_up : hidden != 0 ? exit_code::not_allowed : exit_code::good;
}

}  // namespace runwell::svctl
