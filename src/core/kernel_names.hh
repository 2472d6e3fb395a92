// kernel_names.hh — what people call the values that the kernel has numbers for.
//
//     "fifo" ⇄ schedule_kind::fifo      "TERM" → 15      "net_bind_service,chown" → bits 10 and 0      "0-3,8" → a mask
//
// Names are those of the manual pages of the kernel, in lower case unless they are shouted there.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace runwell {

// What setrlimit(2) limits, in the order in which the limits are set. Measured on runit 2.1.2 and 2.3.1.
enum class resource : std::uint8_t {
    data,
    stack,
    locked,
    memory,
    files,
    processes,
    file_size,
    core,
    resident,
    cpu,
};

// Scheduling policies (sched(7)) and classes of input and output (ioprio_set(2)).
enum class schedule_kind : std::uint8_t { other, fifo, rr, batch, idle };
enum class io_class : std::uint8_t { realtime, best_effort, idle };

// The name of a policy, a class or a limit, as --print shows it: "batch", "best-effort", "open files".
std::string_view name_of(schedule_kind which) noexcept;
std::string_view name_of(io_class which) noexcept;
std::string_view name_of(resource which) noexcept;

// The policy or the class of this name; nothing when there is none.
std::optional<schedule_kind> schedule_in(std::string_view name) noexcept;
std::optional<io_class>      io_class_in(std::string_view name) noexcept;

// A list of processors, "0-3,8": bit n of the mask is processor n. Nothing when it is not such a list, is empty, or has
// a number above the last.
using cpu_mask = std::array<std::uint64_t, 16>;
std::optional<cpu_mask> cpus_in(std::string_view list) noexcept;

// Bit n is capability n of linux/capability.h.
constexpr std::uint64_t every_capability = ~std::uint64_t{0};

// Capabilities by name, "net_bind_service,chown" or "all", with or without "cap_", in any case: bit n is capability n.
// Nothing when a name is unknown.
std::optional<std::uint64_t> capabilities_in(std::string_view list) noexcept;

// A signal by name, with or without "SIG", or by number; nothing when there is none such.
std::optional<int> signal_in(std::string_view text) noexcept;

}  // namespace runwell
