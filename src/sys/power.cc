#include "sys/power.hh"

#include <sys/reboot.h>
#include <unistd.h>

#include <cerrno>

namespace runwell::sys {

bool is_machine() noexcept { return ::reboot(RB_DISABLE_CAD) == 0; }

int end_machine_now(ending how) noexcept {
    switch (how) {
        case ending::reboot: ::reboot(RB_AUTOBOOT); break;
        case ending::power_off: ::reboot(RB_POWER_OFF); break;
        case ending::halt: ::reboot(static_cast<int>(RB_HALT_SYSTEM)); break;
    }
    return errno;
}

pid_t end_machine(ending how, bool clean) noexcept {
    const pid_t pid = ::fork();
    if (pid != 0) return pid;
    if (clean) ::sync();
    ::_exit(end_machine_now(how) == 0 ? 0 : 1);
}

}  // namespace runwell::sys
