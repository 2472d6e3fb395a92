// runit-init — asks PID 1 to halt or to reboot the machine; as PID 1, becomes runit.
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <span>

#include "core/shutdown.hh"
#include "core/version.hh"
#include "sys/files.hh"
#include "sys/messages.hh"
#include "sys/shutdown_request.hh"
#include "sys/spawn.hh"

namespace runwell {
namespace {

// Where runit may lie when it is not where it was configured to be: a machine that cannot find it does not boot.
constexpr const char* usual_places = "/sbin:/usr/sbin:/bin:/usr/bin:/usr/local/sbin";

int fatal(const error& why) noexcept { return sys::messages{"init"}.fatal(why, 111); }

// The arguments are handed on: in a container they are its command, and on a machine runit ignores them.
int become_runit(char** argv) noexcept {
    const char* const name = "runit";
    argv[0]                = const_cast<char*>(name);
    const int code         = sys::execute(RUNWELL_RUNIT, argv, environ);
    const int elsewhere    = sys::execute(name, argv, environ, usual_places);
    return fatal({"unable to start ", name, code != ENOENT ? code : elsewhere});
}

int usage(const char* program) noexcept {
    sys::say({"usage: ", program, " 0|6\n"});
    return 0;
}

}  // namespace
}  // namespace runwell

int main(int argc, char** argv) {
    using namespace runwell;
    sys::occupy_standard_descriptors();
    if (::getpid() == 1) return become_runit(argv);
    const std::span all{argv, static_cast<std::size_t>(argc)};
    const auto      how = ending_of_init(all.last(all.empty() ? 0 : all.size() - 1));
    if (asks_for_version(argc, argv)) sys::say({version_words});
    if (!how) return usage(argc > 0 ? argv[0] : "init");
    const result<void> told = sys::ask_to_stop(*how);
    return told ? 0 : fatal(told.why());
}
