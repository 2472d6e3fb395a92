// view.hh — the state of services as the commands show it: JSON, colours, cells of tables, exit code.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "svctl/errors.hh"
#include "svctl/json.hh"
#include "svctl/processes.hh"
#include "svctl/service.hh"
#include "svctl/table.hh"
#include "svctl/terminal.hh"

namespace runwell::svctl {

// A run that is younger than this stands out.
inline constexpr double young_seconds = 5;

// bad: wanted up and not up, or not to be read; young: up for a few seconds only, or between two states; good: up.
tint state_tint(const service_state& of, moment now) noexcept;

// A service as a row of `svctl list` and `svctl top`.
struct service_row {
    service     of;
    usage       used;          // of its process tree
    double      percent = -1;  // of one processor since the last look; less than 0: not known yet
    bool        lives   = false;
    std::string command;  // in `svctl top` only of rows that are visible()
};

// What both show in the columns of the same name; "-" where there is nothing to show.
inline constexpr std::string_view nothing = "-";
cell                              state_cell(const service_state& of, moment now);
cell                              log_cell(const service& of, moment now);
std::string                       since_text(const service_state& of, moment now);
std::string                       pid_text(const service_state& of);
std::string                       memory_text(const service_row& row);
// The heading of the memory column: PSS if all of it is.
std::string_view memory_heading(std::span<const service_row> rows);
// 0: it fails, 1: it is down, 2: it runs.
int state_order(const service_state& of) noexcept;

// systemctl's word: "active", "inactive", "failed", "deactivating"; "unknown" where it cannot be seen.
std::string_view activity_word(const service_state& of) noexcept;

// The members about the state of a service or log service, without its name: of list, status, wait and watch.
void add_state(json& into, const service_state& of, moment now);

// The object of a service, as svctl(8), JSON, has it. A log service has the same members but `name`, `log` and those
// about processes.
json json_of(const service& one, const process_table& processes, moment now);

// Looks at them; at those that this user may not look into, from outside.
std::vector<service> look_at_all(const services_directory& in, std::span<const std::string> names,
                                 const process_table& processes);

// "pss", "rss": what a number of bytes counts.
constexpr std::string_view word(const memory& of) noexcept { return of.is_pss ? "pss" : "rss"; }

// not_up when any is not up that should be; not_allowed, and a word about it on standard error, when some are hidden.
exit_code result_of(std::span<const service> all);

}  // namespace runwell::svctl
