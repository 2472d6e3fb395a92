// daemon_rules.hh — programs that go into the background, and the options that keep them in the foreground.
//
//     nginx            stays with: daemon off;          exec nginx -g 'daemon off;'
//     redis-server     goes with: --daemonize yes       leave it out
//
// A supervisor takes a program that has gone into the background for one that has exited. One row for each program, and
// every spelling of its options; a program without a row is assumed to stay in the foreground.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "svctl/shell_script.hh"

namespace runwell::svctl {

struct daemon_row {
    std::string_view names;  // "httpd apache2"; "php-fpm#": a version may follow, as in php-fpm8.2
    std::string_view stays;  // it goes unless one of these is given; empty: it stays; "~" is a space within an option
    std::string_view goes       = {};     // it goes only if one of these is given
    bool             configured = false;  // its configuration may keep it in the foreground as well
    std::string_view cure       = {};     // where it is not "add the first of `stays`", or "leave out what makes it go"
};
std::span<const daemon_row> daemon_rows() noexcept;

struct daemonising {
    enum class certainty : std::uint8_t { certain, unless_configured, unless_in_variable };

    std::string program;
    certainty   sure;
    std::string cure;
    std::string keeps;  // the words that keep it in the foreground, if a file says them
};

// Why a command goes into the background; nothing where it stays, or is not known.
std::optional<daemonising> daemonising_of(const shell_call& call);

}  // namespace runwell::svctl
