#include "prog/runit/console.hh"

#include <fcntl.h>
#include <unistd.h>

#include "core/error_words.hh"
#include "sys/files.hh"
#include "sys/messages.hh"

namespace runwell {
namespace {

// Without waiting for a line to be there, and without making it our controlling terminal: stage 1 may want it.
result<sys::unique_fd> open_console(int flags) noexcept {
    auto opened = sys::open_at(AT_FDCWD, "/dev/console", flags | O_NOCTTY | O_NONBLOCK);
    if (opened) ::fcntl(opened->value(), F_SETFL, flags);
    return opened;
}

}  // namespace

console console::of_machine() noexcept {
    if (const auto opened = open_console(O_WRONLY))
        for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(opened->value(), fd);
    return console{true};
}

void console::refresh() const noexcept {
    if (!open_anew_) return;
    if (const auto opened = open_console(O_WRONLY)) ::dup2(opened->value(), STDERR_FILENO);
}

void console::inform(std::string_view text, std::string_view subject) const noexcept {
    refresh();
    sys::say({"- runit: ", text, subject});
}

void console::warn(std::string_view text, std::string_view subject) const noexcept {
    refresh();
    sys::say({"- runit: warning: ", text, subject});
}

void console::cannot(const char* text, std::string_view subject, int code) const noexcept {
    refresh();
    sys::say({"- runit: fatal: ", text, subject, ": ", error_words(code)});
}

void console::cannot_fork(std::string_view subject, std::string_view then, int code) const noexcept {
    refresh();
    sys::say({"- runit: fatal: unable to fork for \"", subject, "\" ", then, ": ", error_words(code)});
}

sys::unique_fd console::for_stage_1() noexcept {
    auto opened = open_console(O_RDWR);
    if (opened) return std::move(*opened);
    sys::say({"- runit: warning: unable to open /dev/console: ", error_words(opened.why().code)});
    return {};
}

}  // namespace runwell
