// runit — PID 1.
//
//     on a machine      /etc/runit/1, 2 and 3, whatever the arguments say      (prog/runit/machine.cc)
//     in a container    the same, where there is an /etc/runit/2;
//                       else runsvdir and the command of the arguments         (prog/runit/container.cc)
//
// core/boot decides which of them.
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <span>

#include "core/boot.hh"
#include "core/stages.hh"
#include "core/version.hh"
#include "prog/runit/console.hh"
#include "prog/runit/container.hh"
#include "prog/runit/machine.hh"
#include "sys/files.hh"
#include "sys/messages.hh"
#include "sys/power.hh"

namespace runwell {
namespace {

bool exists(const char* path) noexcept {
    struct stat is;
    return ::stat(path, &is) == 0;
}

void be_pid_1(std::span<char* const> arguments) noexcept {
    sys::occupy_standard_descriptors();
    ::setsid();
    const boot_request asked = boot_request_of(arguments);
    const boot         how   = boot_of(asked, sys::is_machine(), exists(path::stage_2));
    if (how == boot::container) run_container(console::of_container(), asked.command);
    const console says = console::of_machine();
    says.inform("$Id: runwell " RUNWELL_VERSION " $: booting.");
    run_machine(says, how == boot::machine);
}

}  // namespace
}  // namespace runwell

int main(int argc, char** argv) {
    using namespace runwell;
    if (::getpid() != 1) {
        if (asks_for_version(argc, argv)) sys::say({version_words});
        sys::say({"- runit: fatal: must be run as process no 1."});
        return 111;
    }
    const std::span all{argv, static_cast<std::size_t>(argc)};
    be_pid_1(all.last(all.empty() ? 0 : all.size() - 1));
}
