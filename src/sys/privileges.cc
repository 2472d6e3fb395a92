#include "sys/privileges.hh"

#include <grp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "sys/kernel.hh"

namespace runwell::sys {
namespace {

constexpr int           capability_bits = 63;
constexpr std::uint64_t all_there_are   = std::uint64_t{1} << 63;

// prctl(2) reads all its arguments, and some of its calls want the unused ones to be 0.
int control(int what, unsigned long one = 0, unsigned long two = 0) noexcept {
    return ::prctl(what, one, two, 0UL, 0UL);
}

struct capability_sets {
    std::uint64_t effective = 0, permitted = 0, inheritable = 0;
};

constexpr std::uint64_t joined(std::uint32_t low, std::uint32_t high) noexcept {
    return low | (static_cast<std::uint64_t>(high) << 32);
}

bool read_capabilities(capability_sets& sets) noexcept {
    kernel::capability_header header;
    kernel::capability_data   data[2];
    if (::syscall(SYS_capget, &header, data) != 0) return false;
    sets.effective   = joined(data[0].effective, data[1].effective);
    sets.permitted   = joined(data[0].permitted, data[1].permitted);
    sets.inheritable = joined(data[0].inheritable, data[1].inheritable);
    return true;
}

bool write_capabilities(const capability_sets& sets) noexcept {
    kernel::capability_header header;
    kernel::capability_data   data[2];
    for (int half = 0; half < 2; ++half) {
        data[half].effective   = static_cast<std::uint32_t>(sets.effective >> (32 * half));
        data[half].permitted   = static_cast<std::uint32_t>(sets.permitted >> (32 * half));
        data[half].inheritable = static_cast<std::uint32_t>(sets.inheritable >> (32 * half));
    }
    return ::syscall(SYS_capset, &header, data) == 0;
}

}  // namespace

result<void> become_user(const identity& who) noexcept {
    const auto groups = who.groups();
    if (::setgroups(groups.size(), groups.data()) != 0) return error{"unable to setgroups", "", errno};
    if (::setgid(groups[0]) != 0) return error{"unable to setgid", "", errno};
    if (::setuid(who.uid) != 0) return error{"unable to setuid", "", errno};
    return {};
}

result<void> drop_from_bounding_set(std::uint64_t capabilities, bool keep_others) noexcept {
    for (int n = 0; n < capability_bits; ++n) {
        const auto number = static_cast<unsigned long>(n);
        const int  there  = control(PR_CAPBSET_READ, number);
        if (there < 0) break;  // the kernel knows no capability of this number, and none above
        const bool unwanted = there == 1 && ((capabilities >> n) & 1) != 0;
        if (unwanted && control(PR_CAPBSET_DROP, number) != 0) return error{"unable to drop capabilities", "", errno};
    }
    if (keep_others && control(PR_SET_KEEPCAPS, 1) != 0) return error{"unable to keep capabilities", "", errno};
    return {};
}

result<void> set_capabilities(std::uint64_t stay, bool ambient) noexcept {
    capability_sets sets;
    if (!read_capabilities(sets)) return error{"unable to get capabilities", "", errno};
    if (!ambient) {
        sets.effective &= stay;
        sets.permitted &= stay;
        sets.inheritable &= stay;
        if (!write_capabilities(sets)) return error{"unable to drop capabilities", "", errno};
        return {};
    }

    const std::uint64_t held = stay & sets.permitted;
    if (held != stay && (stay & all_there_are) == 0) return error{"unable to keep capabilities", "", EPERM};
    if (!write_capabilities({held, held, held})) return error{"unable to keep capabilities", "", errno};
    for (int n = 0; n < capability_bits; ++n) {
        if (((held >> n) & 1) == 0) continue;
        if (control(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, static_cast<unsigned long>(n)) != 0)
            return error{"unable to keep capabilities", "", errno};
    }
    return {};
}

result<void> refuse_new_privileges() noexcept {
    if (control(PR_SET_NO_NEW_PRIVS, 1) != 0) return error{"unable to refuse new privileges", "", errno};
    return {};
}

result<void> die_with_parent(int signal, pid_t parent) noexcept {
    if (control(PR_SET_PDEATHSIG, static_cast<unsigned long>(signal)) != 0)
        return error{"unable to ask for a signal when the parent dies", "", errno};
    if (::getppid() != parent) ::kill(::getpid(), signal);
    return {};
}

}  // namespace runwell::sys
