#include "svctl/errors.hh"

#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "core/error_words.hh"
#include "svctl/terminal.hh"

namespace runwell::svctl {
namespace {

exit_code code_of(int error) noexcept {
    if (error == EACCES || error == EPERM) return exit_code::not_allowed;
    return error == ENOENT || error == ENOTDIR ? exit_code::not_found : exit_code::failed;
}

std::string cure_of(int error) {
    if (error == EACCES || error == EPERM) return ::geteuid() == 0 ? "" : "try it as root: sudo svctl …";
    return error == EMFILE || error == ENFILE ? "raise the limit of open files: ulimit -n" : "";
}

}  // namespace

failure system_failure(int error, std::string_view doing, std::string_view path) {
    return {code_of(error), printable(path) + ": unable to " + std::string{doing} + ": " + error_text(error),
            cure_of(error)};
}

std::string error_text(int error) { return std::string{error_words(error)}; }

void say(std::string_view line) {
    const std::string text = "svctl: " + printable(line) + "\n";
    std::fwrite(text.data(), 1, text.size(), stderr);
}

void say(const failure& what) {
    say(what.cause());
    if (!what.cure().empty()) say(what.cure());
}

}  // namespace runwell::svctl
