// runit — process no 1.
//
//     on a machine      /etc/runit/1, 2 and 3, whatever the arguments say      (prog/runit/machine.cc)
//     in a container    the same, where there is an /etc/runit/2;
//                       else runsvdir and the command of the arguments         (prog/runit/container.cc)
#include <sys/stat.h>
#include <unistd.h>

#include <string_view>

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

// What the arguments ask for: [--container] [--] command ...
struct request {
    bool   container = false;
    char** command   = nullptr;  // ends with a null pointer, and may be empty
};

request read(char** words) noexcept {
    request asked;
    for (; *words != nullptr; ++words) {
        const std::string_view word = *words;
        if (word == "--") {
            ++words;
            break;
        }
        if (!word.starts_with('-')) break;
        if (word == "--container") asked.container = true;
    }
    asked.command = words;
    return asked;
}

bool exists(const char* path) noexcept {
    struct stat is;
    return ::stat(path, &is) == 0;
}

void be_process_no_1(char** arguments) noexcept {
    sys::occupy_standard_descriptors();
    ::setsid();
    const request asked      = read(arguments);
    const bool    is_machine = sys::is_machine();
    if (!is_machine && (asked.container || *asked.command != nullptr || !exists(path::stage_2)))
        run_container(console::of_container(), asked.command);
    const console says = console::of_machine();
    says.inform("$Id: runwell " RUNWELL_VERSION " $: booting.");
    run_machine(says, is_machine);
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
    be_process_no_1(argc > 0 ? argv + 1 : argv);
}
