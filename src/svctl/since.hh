// since.hh — the moments that people type.
//
//     90s  10m  2h30m  3d  1w                          so long ago
//     -10m  "5 min ago"  "2 hours 30 minutes ago"      the same, as journalctl has it
//     10:00  10:00:30                                  today, or yesterday where that is still to come
//     2026-11-22  "2026-11-22 10:00"  2026-11-22T10:00:30   local time; in UTC with a Z at the end
//     today  yesterday                                 its midnight
//     @400000006b02cdf70a5758b4  2026-11-22_11:11:41.17530  a stamp as it stands in a log
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/tai.hh"

namespace runwell::svctl {

// Nothing for what is no moment. `now` decides what is relative; TZ what is local.
std::optional<moment> moment_of(std::string_view text, moment now);

// "2026-11-22 11:11:41.175": as a log line is shown, in local time.
std::string local_stamp(moment at);

// "2026-11-22T11:11:41.175298740Z": every digit that a stamp has.
std::string utc_stamp(moment at);

}  // namespace runwell::svctl
