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

void add_state(json& into, const service_state& of, moment now) {
    const bool known_    = of.known();
    const bool is_wanted = of.by != supervision::hidden && of.by != supervision::missing;
    const auto age       = known_ ? of.age(now) : std::nullopt;
    into["state"]        = state_name(of);
    into["wanted"]       = known(is_wanted, want_word(of));
    into["pid"]          = known_ && of.reported->pid != 0 ? json(of.reported->pid) : json();
    into["since"]        = age ? json(iso_time(of.reported->since)) : json();
    into["seconds"]      = known(age.has_value(), in_milliseconds(age.value_or(0)));
    into["paused"]       = known_ && of.reported->paused;
    into["got_term"]     = known_ && of.reported->got_term;
    into["down_file"]    = of.down_file;
    into["fails"]        = of.fails();
}

cell state_cell(const service_state& of, moment now) { return {std::string{state_word(of)}, state_tint(of, now)}; }

cell log_cell(const service& of, moment now) {
    return of.log ? state_cell(*of.log, now) : cell{std::string{nothing}, tint::faint};
}

std::string since_text(const service_state& of, moment now) {
    const auto age = of.known() ? of.age(now) : std::nullopt;
    return age ? duration(static_cast<std::int64_t>(*age)) : std::string{nothing};
}

std::string pid_text(const service_state& of) {
    return of.lives() ? std::to_string(of.reported->pid) : std::string{nothing};
}

std::string memory_text(const service_row& row) {
    return row.lives ? bytes(row.used.held.bytes) : std::string{nothing};
}

std::string_view memory_heading(std::span<const service_row> rows) {
    return std::all_of(rows.begin(), rows.end(), [](const service_row& r) { return !r.lives || r.used.held.is_pss; })
               ? "PSS"
               : "RSS";
}

int state_order(const service_state& of) noexcept { return of.fails() ? 0 : of.runs() ? 2 : 1; }

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
    json whole{{"name", one.name}};
    add_state(whole, one.main, now);
    json& log = whole["log"];
    if (one.log) add_state(log, *one.log, now);

    const auto     pid    = one.main.lives() ? static_cast<pid_t>(one.main.reported->pid) : 0;
    const process* first  = pid != 0 ? processes.find(pid) : nullptr;
    const bool     runs   = first != nullptr;
    const usage    used   = runs ? processes.usage_of(pid) : usage{};
    whole["cpu_seconds"]  = known(runs, used.cpu_seconds);
    whole["memory_bytes"] = known(runs, used.held.bytes);
    whole["memory_kind"]  = known(runs, word(used.held));
    whole["processes"]    = used.processes;
    whole["command"]      = runs ? json(command_of(*first)) : json();
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
