// service.hh — how a service is, in one look at its directory.
//
//     NAME/supervise/ok        a process has it open for reading: runsv     present, absent
//     NAME/supervise/status    what that runsv says                         core/status.hh
//     NAME/down                it is not started by itself
//     NAME/log/                its log service: the same again
//
// supervise/ is readable for its owner alone: to other users a service is `hidden`, and
// state_from_processes() adds what its processes show.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/status.hh"
#include "svctl/services_directory.hh"

namespace runwell::svctl {

enum class supervision : std::uint8_t {
    present,  // a runsv supervises it: `reported` is true now
    absent,   // none does; `reported`, if there is one, is the last that a runsv reported
    hidden,   // this user may not read it; `reported` has what its processes show, and never the wanted state
    broken,   // there is a runsv, and what it says cannot be read
    missing,  // there is no directory: a link that leads nowhere
};

// Seconds from one moment to another; negative where that is the earlier one.
double seconds_between(moment from, moment to) noexcept;

struct service_state {
    supervision           by = supervision::absent;
    std::optional<status> reported;
    bool                  down_file = false;
    int                   code      = 0;  // of `hidden` and `broken`: errno, 0 for a bad format

    bool present() const noexcept { return by == supervision::present; }
    // The process, the phase and the time in `reported` are true now.
    bool known() const noexcept { return reported && (present() || by == supervision::hidden); }
    bool lives() const noexcept { return known() && reported->pid != 0; }
    // ./run lives. (One that is paused lives, too.)
    bool runs() const noexcept { return known() && reported->now == phase::run && reported->pid != 0; }
    // Meant to be up. Where no runsv says so, the directory does: a service without a file `down` is.
    bool wanted_up() const noexcept { return present() ? reported->wanted == want::up : !down_file; }
    // What exit code 3 counts: it is meant to be up, this can be seen, and ./run does not live.
    bool fails() const noexcept { return by != supervision::hidden && wanted_up() && !runs(); }
    // Seconds since the last change; nothing if that is not known.
    std::optional<double> age(moment now) const noexcept;
};

struct service {
    std::string                  name;
    service_state                main;
    std::optional<service_state> log;  // nothing: it has none
};

// Looks at a service or log service ("web", "web/log") below the directory `base`. Never waits and never fails: what
// cannot be seen is an answer. Without `with_down_file` that file is looked for only where it decides what is wanted:
// where no runsv says so.
service_state look_at(int base, const std::string& name, bool with_down_file = true);

service look_at_service(const services_directory& in, const std::string& name, bool with_down_file_of_log = true);

// One word for the state: "run", "paused", "finish", "down"; "no runsv", "?", "broken", "missing".
std::string_view state_word(const service_state& of) noexcept;
// "up", "down"; "?" where it cannot be known.
std::string_view want_word(const service_state& of) noexcept;

}  // namespace runwell::svctl
