// view.hh — what is common to the commands that tell how services are: their JSON, their colour, their exit code.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "svctl/errors.hh"
#include "svctl/json.hh"
#include "svctl/processes.hh"
#include "svctl/service.hh"
#include "svctl/terminal.hh"

namespace runwell::svctl {

// A run that is younger than this stands out.
inline constexpr double young_seconds = 5;

// bad: wanted up and not up, or not to be read; young: up for a few seconds only, or between two states; good: up.
tint state_tint(const service_state& of, moment now) noexcept;

// systemctl's word: "active", "inactive", "failed", "deactivating"; "unknown" where it cannot be seen.
std::string_view activity_word(const service_state& of) noexcept;

// The members about the state of a service or log service, without its name: of list, status, wait and watch.
json& add_state(json& into, const service_state& of, moment now);

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
