// errors.hh — what svctl exits with, and how it says what went wrong.
//
//     throw failure{exit_code::not_found, "web: no such service in /etc/service", "see what there is: svctl list"};
//
//     svctl: web: no such service in /etc/service          the cause, in one sentence
//     svctl: see what there is: svctl list                 the cure, in one sentence
//
// main() catches it, says both, and exits with the code. Nothing has been acted on before a command line is understood.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace runwell::svctl {

// One row per code; svctl(8), EXIT STATUS, has the same list.
enum class exit_code : int {
    good        = 0,
    failed      = 1,  // something was tried and has not come about; or services failed for different reasons
    usage       = 2,  // the command line is wrong or ambiguous: nothing was done
    not_up      = 3,  // list, status: something that is wanted up is not up
    not_found   = 4,  // no such service, or no such directory
    not_allowed = 5,  // the system refuses it to this user
    timed_out   = 6,  // not so within the time given
};

class failure : public std::runtime_error {
public:
    // Sentences without a full stop. `cure` may be empty where there is none to name.
    failure(exit_code code, const std::string& cause, std::string cure = {})
        : std::runtime_error{cause}, code_{code}, cure_{std::move(cure)} {}

    std::string_view   cause() const noexcept { return what(); }
    const std::string& cure() const noexcept { return cure_; }
    exit_code          code() const noexcept { return code_; }

private:
    exit_code   code_;
    std::string cure_;
};

// The failure of a system call on `path`: EACCES and EPERM are not_allowed, ENOENT and ENOTDIR are not_found, the
// rest are failed. `doing` is what was being done: "open".
failure system_failure(int code, std::string_view doing, std::string_view path);

// The command line that is being carried out, as main() was given it.
void remember_command(int argc, const char* const* argv);
// What root has to type for the same: "sudo svctl --svdir /srv/service restart web". sudo(8) passes no SVDIR on.
std::string command_as_root();

// The words of an errno: "permission denied".
std::string error_text(int code);

// Both lines on standard error, each after "svctl: ". Control characters are escaped: a name or a path may hold any.
void say(const failure& what);
void say(std::string_view line);

// The code for several results: good if all are, the one failure if all failures are alike, else `failed`.
constexpr exit_code together(exit_code one, exit_code other) noexcept {
    if (one == exit_code::good || one == other) return other;
    return other == exit_code::good ? one : exit_code::failed;
}

}  // namespace runwell::svctl
