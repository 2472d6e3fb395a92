#include "svctl/errors.hh"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "core/error_words.hh"
#include "svctl/shell_script.hh"
#include "svctl/terminal.hh"

namespace runwell::svctl {
namespace {

exit_code code_of(int code) noexcept {
    if (code == EACCES || code == EPERM) return exit_code::not_allowed;
    return code == ENOENT || code == ENOTDIR ? exit_code::not_found : exit_code::failed;
}

std::string cure_of(int code) {
    if (code == EACCES || code == EPERM) return ::geteuid() == 0 ? "" : "try it as root: " + command_as_root();
    return code == EMFILE || code == ENFILE ? "raise the limit of open files: ulimit -n $(ulimit -Hn)" : "";
}

std::vector<std::string>& command() {
    static std::vector<std::string> words;
    return words;
}

}  // namespace

void remember_command(int argc, const char* const* argv) { command().assign(argv + std::min(argc, 1), argv + argc); }

std::string command_as_root() {
    const auto& words    = command();
    const auto  is_named = [](const std::string& one) { return one.starts_with("--svdir"); };
    std::string text     = "sudo svctl";
    const char* svdir    = std::getenv("SVDIR");
    if (svdir != nullptr && *svdir != '\0' && std::none_of(words.begin(), words.end(), is_named))
        text += " --svdir " + shell_quoted(svdir);
    for (const std::string& one : words) text += " " + shell_quoted(one);
    return printable(text);
}

failure system_failure(int code, std::string_view doing, std::string_view path) {
    return {code_of(code), printable(path) + ": unable to " + std::string{doing} + ": " + error_text(code),
            cure_of(code)};
}

std::string error_text(int code) { return std::string{error_words(code)}; }

namespace {

// On a terminal prose is broken at spaces; a command behind "word: " stays whole, to be copied.
void say_in_lines(std::string_view text, std::size_t width) {
    constexpr std::string_view name = "svctl: ";
    std::string                all;
    for (const std::string& line : wrapped(printable(text), width > 2 * name.size() ? width - name.size() : 0))
        all += (all.empty() ? std::string{name} : std::string(name.size(), ' ')) + line + "\n";
    std::fwrite(all.data(), 1, all.size(), stderr);
}

std::size_t width_of_errors() { return terminal{STDERR_FILENO, color_mode::never}.width(); }

}  // namespace

void say(std::string_view line) { say_in_lines(line, width_of_errors()); }

void say(const failure& what) {
    say(what.cause());
    if (!what.cure().empty()) say_in_lines(what.cure(), 0);
}

}  // namespace runwell::svctl
