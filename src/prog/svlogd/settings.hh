// settings.hh — what the command line says, for every part of svlogd.
#pragma once

#include <cstddef>
#include <optional>

#include "core/service.hh"
#include "core/tai.hh"
#include "sys/messages.hh"

namespace runwell {

inline constexpr sys::messages svlogd_messages{"svlogd"};

struct log_settings {
    std::optional<tai::stamp> stamp;            // -t -tt -ttt
    std::size_t               longest = 1000;   // -l: the first bytes of a line, which patterns look at
    std::size_t               buffer  = 1024;   // -b: at least so many bytes are read and written at once
    bool                      verbose = false;  // -v
    bool                      lossy   = false;  // -L
};

// Where something cannot be written it is tried again after the first, and said again after the second.
inline constexpr ticks retry_every  = one_second / 10;
inline constexpr ticks remind_every = 3 * one_second;

}  // namespace runwell
