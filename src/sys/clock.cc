#include "sys/clock.hh"

#include <sys/syscall.h>
#include <unistd.h>

#include <ctime>

namespace runwell::sys {
namespace {

timespec read(clockid_t clock) noexcept {
    timespec at{};
    ::syscall(SYS_clock_gettime, clock, &at);
    return at;
}

ticks nanoseconds(clockid_t clock) noexcept {
    const timespec at = read(clock);
    return at.tv_sec * one_second + at.tv_nsec;
}

}  // namespace

ticks monotonic() noexcept { return nanoseconds(CLOCK_MONOTONIC); }

ticks since_boot() noexcept { return nanoseconds(CLOCK_BOOTTIME); }

ticks used() noexcept { return nanoseconds(CLOCK_PROCESS_CPUTIME_ID); }

moment wall() noexcept {
    const timespec at = read(CLOCK_REALTIME);
    return {at.tv_sec, static_cast<std::uint32_t>(at.tv_nsec)};
}

}  // namespace runwell::sys
