// time_zone.hh — whether TZ names a time zone: the C library takes any other text for UTC, and reports nothing.
//
//     Europe/Berlin  :Europe/Berlin  /etc/localtime     a file of the time zone database
//     CET-1CEST  <+03>-3  UTC0  EST5EDT,M3.2.0,M11.1.0  a rule, as POSIX has them
//     UTC  GMT  (empty)                                 UTC
#pragma once

#include <string_view>

namespace runwell::svctl {

// Whether the text is one of the last two lines. Ignores the text after the name of the summer time.
bool is_zone_rule(std::string_view text) noexcept;

// Reports a TZ that names no time zone, once in the life of the process.
void check_time_zone();

}  // namespace runwell::svctl
