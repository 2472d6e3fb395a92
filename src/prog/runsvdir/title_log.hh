// title_log.hh — the last messages of runsvdir and its services, in the process list.
#pragma once

#include <optional>
#include <span>

#include "core/proctitle.hh"
#include "core/result.hh"
#include "core/ticks.hh"
#include "sys/fd.hh"

namespace runwell::runsvdir {

// Standard error of this process and of all it starts, shown in the last argument.
class title_log {
public:
    title_log() noexcept = default;

    // `text` is where the argument lies; at least proctitle::shortest bytes.
    static result<title_log> begin(std::span<char> text) noexcept;

    const sys::unique_fd& messages() const noexcept { return messages_; }
    void                  take_in() noexcept;

    // Old messages expire: a dot now and then. Until when there is none to be written; nothing without a log.
    std::optional<ticks> next_dot() const noexcept {
        return messages_ ? std::optional<ticks>{next_dot_} : std::nullopt;
    }
    void dot() noexcept;

private:
    sys::unique_fd messages_;
    proctitle      title_;
    ticks          next_dot_ = 0;
};

}  // namespace runwell::runsvdir
