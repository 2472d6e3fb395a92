// advice.hh — why sv has probably failed, and what cures it, for the person at the terminal.
//
//     fail: web: runsv not running                                        (stdout: runit's line, for everyone)
//     sv: no runsvdir looks after /etc/service                            (stderr, and only when it is a terminal)
//     sv: start one: runsvdir -P /etc/service &
//
// The text after the colon works as typed, in the directory where sv was typed: names are quoted, and are paths where a
// name would need SVDIR. tests/svctl/test_cures.py carries out each row of the table in advice.cc.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/fixed.hh"

namespace runwell {

// The known facts when a command has failed.
struct circumstances {
    enum class failure : std::uint8_t { no_directory, no_runsv, refused, timed_out, other };
    enum class run_file : std::uint8_t { fine, missing, not_executable };

    failure  what             = failure::other;
    bool     root             = true;   // sv runs as root
    bool     has_services_dir = true;   // the directory that the service is looked for in exists
    bool     has_runsvdir     = true;   // a runsvdir supervises that directory
    bool     has_other_dir    = false;  // there is another one with services in it, and not this one
    bool     has_near_name    = false;  // there is a service with nearly this name
    bool     is_available     = false;  // a service of this name is in /etc/sv, and not linked
    bool     is_linked        = true;   // a service named by its path is linked into a directory of services
    run_file run              = run_file::fine;
    bool     runs             = false;  // ./run lives, and is meant to
    bool     has_check        = false;
    bool     got_term         = false;  // ./run lives, and has been sent TERM
    bool     killed           = false;  // and now KILL
};

enum class advice : std::uint8_t {
    none,
    set_svdir,        // there is no services directory
    other_svdir,      // but one elsewhere
    correct_name,     // there is one, and in it a service with nearly this name
    link_available,   // there is one, without this service, which is in /etc/sv
    list_services,    // there is one, without anything like it
    link_it,          // a service named by its path is not linked into it
    start_runsv,      // the same, where there is no services directory
    become_root,      // not allowed
    start_runsvdir,   // no runsvdir supervises the services directory
    await_runsvdir,   // one does, but not (yet) this service
    write_run,        // ./run is missing
    make_executable,  // ./run is not executable
    ask_check,        // ./run lives, but ./check does not agree
    force_it,         // ./run does not end on TERM
};

advice advise(const circumstances& of) noexcept;

// What the texts are about.
struct advice_subject {
    std::string_view service;          // as on the command line
    std::string_view path;             // of its directory
    std::string_view services;         // the directory that it is looked for in, or should be linked into
    std::string_view command;          // of sv: "restart"
    std::string_view other;            // the near name, or the other directory
    bool             by_path = false;  // its name alone would not be found: sv is to be given the path
};

// What to say: the cause and the cure, each without an end of line. A name that is too long is cut.
struct advice_lines {
    fixed_text<400> cause, cure;
};
advice_lines words(advice given, const advice_subject& about) noexcept;

}  // namespace runwell
