// shutdown_request.hh — how process no 1 is asked to end the machine: runit-init(8).
#pragma once

#include "core/result.hh"
#include "core/stages.hh"

namespace runwell::sys {

// Lets stopit, reboot (and halt) say what is to be done, and sends CONT to process no 1. Files that do not exist are
// made where they are needed, through links to nothing as well: /etc/runit/stopit may point into a tmpfs.
// Trouble: "unable to create ", "unable to chmod " and the file, before anything was sent.
result<void> ask_to_stop(ending how) noexcept;

}  // namespace runwell::sys
