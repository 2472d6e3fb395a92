// ledger.hh — the record of the processes that a supervisor has started, for the supervisor that comes after it.
//
//       0 ┌──────────────────────────────────────────────────────────────────────────────────────┐
//         │ boot ␣ pid namespace ␣ time namespace ␣ PID 1 ␣ since ␣ log pipe ␣ status ␣ wants \n │  the header
//     header ├───────────────────────────────────────────┬───────────────────────────────────────┘
//         │ what ␣ pid ␣ earliest ␣ born ␣ id \n      │  ./run 'r' or ./finish 'f', the last that was started
//   + line ├───────────────────────────────────────────┤
//         │ what ␣ pid ␣ earliest ␣ born ␣ id \n      │  the last control script, by its letter
//   + line ├───────────────────────────────────────────┤
//         │ k ␣ pid ␣ born ␣ when ␣ id \n             │  only after a stop with a limit: that ./run is killed `when`
//         └───────────────────────────────────────────┘
//
// It lies in supervise/lock, or elsewhere where supervise/ is not only ours to write (sys/records.hh). Numbers are
// decimal and filled up with zeros; times are nanoseconds of CLOCK_BOOTTIME. Its reader takes it for evidence, and
// compares it with what the kernel says now: core/takeover.hh.
//
// A process enters itself after it has come to be and before it executes anything, so there is no moment in which it
// lives and is not entered. A supervisor that leaves in order empties its ledger.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "core/status.hh"
#include "core/ticks.hh"

namespace runwell {

enum class truth : std::uint8_t { no, yes, unknown };

using boot_name = std::array<char, 36>;  // /proc/sys/kernel/random/boot_id

// One life of one PID namespace, in which PIDs are valid. A value that could not be read is 0.
struct boot_scope {
    boot_name     boot{};
    std::int64_t  booted        = 0;  // when, in seconds of the wall clock; for where there is no boot id
    std::uint64_t pid_namespace = 0;  // inode of /proc/self/ns/pid
    std::uint64_t time_namespace =
        0;  // inode of /proc/self/ns/time: start times can be compared within it; 1: there are none
    std::uint64_t init       = 0;  // PID 1, by the inode of its pidfd (Linux 6.9); 1: that of the first namespace
    ticks         init_began = 0;  // when PID 1 was started

    constexpr bool        knows_boot() const noexcept { return boot[0] != '\0'; }
    friend constexpr bool operator==(const boot_scope&, const boot_scope&) = default;
};

truth same_boot(const boot_scope& one, const boot_scope& other) noexcept;

// Whether a pid means the same in both. A container that is started again may have the boot and the namespace number of
// the one before: PID 1 distinguishes them.
truth same_scope(const boot_scope& one, const boot_scope& other) noexcept;

// Which file this is. `other` is the device, or the birth of the inode.
struct file_identity {
    std::uint64_t inode = 0;  // 0: none
    std::uint64_t other = 0;

    friend constexpr bool operator==(const file_identity&, const file_identity&) = default;
};

struct ledger_header {
    boot_scope    scope;
    ticks         since = 0;  // when the supervisor began
    file_identity pipe;       // the pipe to the logger, and its device
    file_identity status;     // the status file that this supervisor writes, and its birth
    want          wanted = want::up;
    bool          owed   = false;  // one start is owed, whatever is wanted

    friend constexpr bool operator==(const ledger_header&, const ledger_header&) = default;
};

struct process_record {
    char          what     = 'r';
    std::uint32_t pid      = 0;
    ticks         earliest = 0;  // it was started no earlier than this,
    ticks         born     = 0;  // … and no later than this
    std::uint64_t id = 0;  // the inode of its pidfd, which is never used again in this boot (Linux 6.9); 0: not known

    friend constexpr bool operator==(const process_record&, const process_record&) = default;
};

inline constexpr std::size_t header_size = 218, record_size = 72;

// Whose record: where its line begins.
enum class role : std::uint16_t {
    process = header_size,
    script  = header_size + record_size,
    stop    = header_size + 2 * record_size
};

using header_line = std::array<char, header_size>;
using record_line = std::array<char, record_size>;

// When the process of a record is killed, as a record; and that moment, if it is of this process.
constexpr process_record kill_record(const process_record& of, ticks when) noexcept {
    return {.what = 'k', .pid = of.pid, .earliest = of.born, .born = when < of.born ? of.born : when, .id = of.id};
}
constexpr std::optional<ticks> kill_time(const std::optional<process_record>& stop,
                                         const std::optional<process_record>& of) noexcept {
    if (!stop || !of || of->what != 'r' || *stop != kill_record(*of, stop->born)) return std::nullopt;
    return stop->born;
}

header_line write(const ledger_header& of) noexcept;
record_line write(const std::optional<process_record>& of) noexcept;  // nothing: a line that is nobody's

// What does not have exactly this form is not there.
struct ledger {
    static constexpr std::size_t bytes = header_size + 3 * record_size;

    std::optional<ledger_header>  from;
    std::optional<process_record> process, script, stop;

    friend constexpr bool operator==(const ledger&, const ledger&) = default;
};
ledger                          read_ledger(std::span<const char> bytes) noexcept;
std::array<char, ledger::bytes> write(const ledger& of) noexcept;

}  // namespace runwell
