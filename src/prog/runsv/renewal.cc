#include "prog/runsv/renewal.hh"

#include <fcntl.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/fixed.hh"
#include "core/text.hh"
#include "sys/spawn.hh"

namespace runwell {
namespace {

// RUNSV_BATON=PID␣fd␣fd … ␣path: that pid, so that nobody takes it for his who has only inherited it.
constexpr std::string_view variable = "RUNSV_BATON=";
using baton_text                    = fixed_text<1023>;

template <class Baton, class Each>
void each_descriptor(Baton& of, Each each) noexcept {
    for (auto* both : {&of.directory, &of.lock, &of.control, &of.ok})
        for (auto& fd : *both) each(fd);
    each(of.read);
    each(of.write);
}

void keep(const baton& these, bool through_execve) noexcept {
    each_descriptor(these, [&](int fd) {
        if (fd >= 0) ::fcntl(fd, F_SETFD, through_execve ? 0 : FD_CLOEXEC);
    });
}

bool write(const baton& what, baton_text& to) noexcept {
    to.append(variable);
    to.append(decimal{static_cast<std::uint64_t>(::getpid())}.view());
    to.append(' ');
    each_descriptor(what, [&](int fd) {
        if (fd >= 0) to.append(decimal{static_cast<std::uint64_t>(fd)}.view());
        to.append(' ');
    });
    return to.append(what.path);
}

// The program that was installed where this one was started from.
bool installed_program(fixed_text<1023>& path) noexcept {
    // getauxval(3) tells an address as a number.
    const auto* const executed =
        reinterpret_cast<const char*>(::getauxval(AT_EXECFN));  // NOLINT(performance-no-int-to-ptr)
    if (executed != nullptr && *executed == '/') return path.append(executed);

    char          link[1024];
    const ssize_t size = ::readlink("/proc/self/exe", link, sizeof link);
    if (size <= 0) return false;
    std::string_view       name{link, static_cast<std::size_t>(size)};
    const std::string_view mark = " (deleted)";  // proc_pid_exe(5): it has been replaced
    if (name.ends_with(mark)) name.remove_suffix(mark.size());
    return path.append(name);
}

}  // namespace

trouble renew(const baton& hand_over, char* const* argv) noexcept {
    baton_text       text;
    fixed_text<1023> program;
    if (!write(hand_over, text) || !installed_program(program))
        return {"unable to renew this program", "", ENAMETOOLONG};

    std::size_t count = 0;
    while (environ[count] != nullptr) ++count;
    auto* const environment = static_cast<char**>(__builtin_alloca((count + 2) * sizeof(char*)));
    std::memcpy(environment, environ, count * sizeof(char*));
    environment[count]     = const_cast<char*>(text.c_str());
    environment[count + 1] = nullptr;

    keep(hand_over, true);
    const int error = sys::execute(program.c_str(), argv, environment);
    keep(hand_over, false);
    return {"unable to renew this program", "", error};
}

std::optional<baton> received() noexcept {
    char** place = environ;
    while (*place != nullptr && std::strncmp(*place, variable.data(), variable.size()) != 0) ++place;
    if (*place == nullptr) return std::nullopt;
    std::string_view text{*place + variable.size()};
    for (char** next = place; *next != nullptr; ++next) *next = next[1];

    const auto whose = split(text, ' ');
    if (whole_number(whose.head) != static_cast<std::uint64_t>(::getpid())) return std::nullopt;
    text = whose.rest;
    baton got;
    each_descriptor(got, [&](int& fd) {
        const auto one = split(text, ' ');
        if (const auto number = whole_number(one.head)) fd = static_cast<int>(*number);
        text = one.rest;
    });
    got.path = text.data();
    keep(got, false);
    return got;
}

}  // namespace runwell
