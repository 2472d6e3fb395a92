#include "sys/terminals.hh"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>

#include "core/fixed.hh"
#include "core/proc_stat.hh"
#include "core/text.hh"
#include "sys/dir.hh"
#include "sys/files.hh"
#include "sys/proc.hh"

namespace runwell::sys {
namespace {

constexpr unsigned virtual_terminals = 4, first_slave = 136, last_slave = 143;  // major numbers: devices.txt of Linux
constexpr unsigned first_serial = 64;                                           // minor number of ttyS0
constexpr unsigned most_slaves  = 1024;

// tty_nr, field 7 of /proc/PID/stat: proc(5). 0: none.
std::uint64_t terminal_of(int proc, const char* pid) noexcept {
    fixed_text<300> path;
    path.append(pid);
    path.append("/stat");
    char text[512];
    return proc_stat{read_once(proc, path.c_str(), text)}.number(7);
}

void tell(std::string_view directory, unsigned number, std::string_view text) noexcept {
    fixed_text<32> path;
    path.append(directory);
    path.append(decimal{number}.view());
    const auto terminal = open_at(AT_FDCWD, path.c_str(), O_WRONLY | O_NOCTTY | O_NONBLOCK);
    if (terminal) static_cast<void>(::write(terminal->value(), text.data(), text.size()) < 0);
}

}  // namespace

void tell_terminals(std::string_view text) noexcept {
    const auto proc = open_directory(AT_FDCWD, "/proc");
    if (!proc) return;
    std::array<bool, 256>         lines{};   // of major 4: the virtual terminals, then the serial ones
    std::array<bool, most_slaves> slaves{};  // of pseudo-terminals
    static_cast<void>(each_name(proc->value(), [&](const char* name, unsigned char) {
        if (*name < '1' || *name > '9') return;
        const std::uint64_t device = terminal_of(proc->value(), name);
        const unsigned      kind = major(device), number = minor(device);
        if (kind == virtual_terminals && number < lines.size()) lines[number] = true;
        const unsigned slave = (kind - first_slave) * 256 + number;
        if (kind >= first_slave && kind <= last_slave && slave < slaves.size()) slaves[slave] = true;
    }));
    for (unsigned n = 0; n < lines.size(); ++n) {
        if (!lines[n]) continue;
        tell(n < first_serial ? "/dev/tty" : "/dev/ttyS", n < first_serial ? n : n - first_serial, text);
    }
    for (unsigned n = 0; n < slaves.size(); ++n)
        if (slaves[n]) tell("/dev/pts/", n, text);
}

}  // namespace runwell::sys
