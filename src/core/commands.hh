// commands.hh — the bytes that supervise/control understands. Source: runsv(8), CONTROL.
//
// One row per byte: letter, meaning and signal stand together, and nothing counts on their order. The letter is also
// the name of the script under control/ that may take the place of the signal.
#pragma once

#include <array>
#include <csignal>
#include <cstdint>
#include <optional>

namespace runwell {

// clang-format off
enum class command : std::uint8_t {
    up, once, down, exit,                                             // the wanted state
    term, kill, pause, cont, hup, alarm, interrupt, quit, usr1, usr2  // a signal to ./run
};

struct command_row {
    command what;
    char    letter;
    int     signal;  // what ./run is sent; 0: none
};

inline constexpr std::array command_rows{
    command_row{command::up,        'u', 0},
    command_row{command::once,      'o', 0},
    command_row{command::down,      'd', SIGTERM},
    command_row{command::exit,      'x', SIGTERM},
    command_row{command::term,      't', SIGTERM},
    command_row{command::kill,      'k', SIGKILL},
    command_row{command::pause,     'p', SIGSTOP},
    command_row{command::cont,      'c', SIGCONT},
    command_row{command::hup,       'h', SIGHUP},
    command_row{command::alarm,     'a', SIGALRM},
    command_row{command::interrupt, 'i', SIGINT},
    command_row{command::quit,      'q', SIGQUIT},
    command_row{command::usr1,      '1', SIGUSR1},
    command_row{command::usr2,      '2', SIGUSR2},
};
// clang-format on

// The row of a control byte; nothing for the bytes that mean nothing, which a supervisor ignores.
constexpr std::optional<command_row> command_of(char letter) noexcept {
    for (const command_row& row : command_rows)
        if (row.letter == letter) return row;
    return std::nullopt;
}

}  // namespace runwell
