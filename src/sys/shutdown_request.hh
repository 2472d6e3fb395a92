// shutdown_request.hh — asks PID 1 to shut the machine down: runit-init(8).
#pragma once

#include "core/result.hh"
#include "core/stages.hh"

namespace runwell::sys {

// Sets the permissions of stopit, reboot (and halt), and sends CONT to PID 1. Creates missing files, also as targets of
// dangling links: /etc/runit/stopit may lead into a tmpfs.
// Errors: "unable to create ", "unable to chmod " and the file, before anything was sent.
result<void> ask_to_stop(ending how) noexcept;

}  // namespace runwell::sys
