// sinks.hh — where lines go besides the log directories: standard error, and datagrams.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <string_view>

#include "core/logconfig.hh"
#include "sys/fd.hh"

namespace runwell {

// The alerts of a block, gathered into few writes.
class alerts {
public:
    void add(std::initializer_list<std::string_view> parts) noexcept;
    void flush() noexcept;

private:
    std::array<char, 4096> bytes_;
    std::size_t            used_ = 0;
};

// One socket for all.
class udp_sink {
public:
    // Whether there is a socket; it is made when first asked for.
    bool ready() noexcept;

    // The parts as one datagram; false when it was not sent. At most 5 parts.
    bool send(udp_target to, std::initializer_list<std::string_view> parts) const noexcept;

private:
    sys::unique_fd socket_;
};

struct sinks {
    alerts   to_stderr;
    udp_sink to_udp;
};

}  // namespace runwell
