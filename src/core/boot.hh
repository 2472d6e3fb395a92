// boot.hh — what PID 1 becomes: the stages of a machine, or the life of a container.
//
//                                  │ no arguments,      │ no arguments,       │ a command,
//                                  │ /etc/runit/2       │ no /etc/runit/2     │ or --container
//     the kernel runs for us       │ stages             │ stages              │ stages
//     another PID namespace        │ stages, as a guest │ container           │ container
//
// Sources: runit(8); the container's contract in runit(8).
#pragma once

#include <cstdint>
#include <span>

namespace runwell {

// The arguments of runit: [--container] [--] command ... An option that is not known is ignored: it may be one of the
// kernel's command line.
struct boot_request {
    bool                   container = false;
    std::span<char* const> command;  // the words after the options, up to the null pointer; may be empty
};
boot_request boot_request_of(std::span<char* const> arguments) noexcept;

enum class boot : std::uint8_t {
    machine,    // core/stages; in the end the machine is rebooted, powered off or halted
    guest,      // core/stages in a container; in the end PID 1 exits
    container,  // core/container
};
boot boot_of(const boot_request& asked, bool is_machine, bool has_stage_2) noexcept;

}  // namespace runwell
