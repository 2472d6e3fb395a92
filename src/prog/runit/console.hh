// console.hh — where PID 1 writes its messages.
//
// A machine has one console, which may come and go and hang up: PID 1 opens it for every line, as runit does. A
// container has a standard error, which its runtime keeps.
#pragma once

#include <initializer_list>
#include <string_view>

#include "core/result.hh"
#include "sys/fd.hh"

namespace runwell {

class console {
public:
    // Standard input, output and error become /dev/console, where there is one.
    static console of_machine() noexcept;
    static console of_container() noexcept { return console{false}; }

    void inform(std::string_view text, std::string_view subject = {}) const noexcept;  // "- runit: …"
    void warn(std::string_view text, std::string_view subject = {}) const noexcept;    // "- runit: warning: …"
    void cannot(const char* text, std::string_view subject, int code) const noexcept;  // "- runit: fatal: …: why"
    void cannot_fork(std::string_view subject, std::string_view then, int code) const noexcept;

    // /dev/console for reading and writing: stage 1 has it for its standard input. None where there is none.
    static sys::unique_fd for_stage_1() noexcept;

private:
    explicit console(bool open_anew) noexcept : open_anew_{open_anew} {}
    void refresh() const noexcept;

    bool open_anew_;
};

}  // namespace runwell
