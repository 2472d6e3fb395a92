// advice.hh — why sv has probably failed, and what cures it, for the person at the terminal.
//
//     fail: web: runsv not running                                        (stdout: runit's line, for everyone)
//     sv: no runsvdir looks after /etc/service                            (stderr, and only when it is a terminal)
//     sv: start one, as root: runsvdir -P /etc/service &
#pragma once

#include <cstdint>
#include <string_view>

#include "core/fixed.hh"

namespace runwell {

// What is known when a command has failed.
struct circumstances {
    enum class failure : std::uint8_t { no_directory, no_runsv, refused, timed_out, other };
    enum class run_file : std::uint8_t { fine, missing, not_executable };

    failure  what             = failure::other;
    bool     root             = true;  // sv runs as root
    bool     has_services_dir = true;  // the directory that the service is looked for in exists
    bool     has_runsvdir     = true;  // a runsvdir looks after that directory
    run_file run              = run_file::fine;
    bool     runs             = false;  // ./run lives, and is meant to
    bool     has_check        = false;
    bool     got_term         = false;  // ./run lives, and has been sent TERM
    bool     killed           = false;  // and now KILL
};

enum class advice : std::uint8_t {
    none,
    set_svdir,        // there is no services directory
    link_it,          // there is one, without this service
    become_root,      // not allowed
    start_runsvdir,   // nothing looks after the services directory
    await_runsvdir,   // something does, but not (yet) after this service
    write_run,        // ./run is missing
    make_executable,  // ./run is not executable
    ask_check,        // ./run lives, but ./check does not agree
    force_it,         // ./run does not end on TERM
};

advice advise(const circumstances& of) noexcept;

// What to say: the cause and the cure, each without an end of line. A name that is too long is cut.
struct advice_lines {
    fixed_text<400> cause, cure;
};
// `service` as on the command line; `services` is the directory that it is looked for in.
advice_lines words(advice given, std::string_view service, std::string_view services) noexcept;

}  // namespace runwell
