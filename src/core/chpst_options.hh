// chpst_options.hh — chpst: options → an ordered plan of changes.
//
//     chpst -o 64 -u www -e ./env ./daemon
//              │
//              ▼  read_options()
//     environment ./env │ identity www │ limit files 64 │ run ./daemon
//
// The order on the command line does not matter: a plan keeps its changes in the order in which they are made.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/plan.hh"

namespace runwell {

// The programs of daemontools that chpst becomes when it is called by their names (chpst(8), EMULATION).
enum class tool : std::uint8_t { chpst, envdir, envuidgid, pgrphack, setlock, setuidgid, softlimit };

// What a program is called: the last part of argv[0], less one leading "d" ("dsetuidgid"). Measured on runit 2.1.2 and
// 2.3.1.
std::string_view tool_name(std::string_view argv0) noexcept;

// Which tool this name is; every unknown name is chpst.
tool tool_of(std::string_view name) noexcept;

// The usage of a tool, without "usage: " and the name.
std::string_view usage_of(tool which) noexcept;

// Why a command line is refused, before the usage is shown: "illegal option -- " + "x". No words: the usage says it
// all.
struct refusal {
    std::string_view words   = {};
    std::string_view subject = {};
    bool             version = false;  // -V was asked for
};

// Reads the arguments (without argv[0]) into `made`, which is fresh. Everything in the plan points into them.
// Measured on runit 2.1.2 and 2.3.1: options end at the first argument that is none or starts with "--", and the later
// of two equal options counts; new here are the options whose names are words.
std::optional<refusal> read_options(tool as, std::span<const char* const> arguments, plan& made) noexcept;

}  // namespace runwell
