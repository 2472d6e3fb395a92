// listen.hh — the signals that PID 1 waits for, in one endless loop.
#pragma once

#include <csignal>

#include "prog/runit/console.hh"
#include "sys/clock.hh"
#include "sys/signals.hh"
#include "sys/wait.hh"

namespace runwell {

// sys::listen_to(), however long it takes until the kernel has the memory for it.
template <class Signals>
sys::unique_fd listen(const console& to_say_so, Signals signals) noexcept {
    for (;;) {
        auto listener = sys::listen_to(signals);
        if (listener) return std::move(*listener);
        to_say_so.cannot("unable to listen to signals, pausing", "", listener.why().code);
        sys::wait_for({}, sys::monotonic() + 5 * one_second);
    }
}

}  // namespace runwell
