// command.hh — the commands of svctl, one file each below commands/, and the settings that all of them receive.
//
// A new command is a file commands/NAME.cc that defines add_NAME(), a line here, and a line in main.cc.
#pragma once

#include <unistd.h>

#include <string>

#include "svctl/command_line.hh"
#include "svctl/services_directory.hh"
#include "svctl/terminal.hh"

namespace runwell::svctl {

// What the options of all commands say; read it only when the action runs.
struct settings {
    std::string services;        // the services directory: --svdir, else --user, else $SVDIR, else that of the build
    std::string color = "auto";  // auto, always, never
    bool        user  = false;   // --user: `services` is that of the user's own runsvdir
    bool        full  = false;   // --full: nothing is cut

    // Throws a failure that says who named the directory, if it cannot be opened.
    services_directory open_services() const;
    // The directory of available services: `asked`, if it is not empty, else $SVAVAILABLE, else /etc/sv, or ~/sv.
    std::string available(const std::string& asked = {}) const;
    // Opens it. Throws a failure if it cannot be opened.
    services_directory open_available(const std::string& asked = {}) const;

    color_mode colors() const noexcept {
        return color == "always" ? color_mode::always : color == "never" ? color_mode::never : color_mode::automatic;
    }
    terminal output() const { return terminal{STDOUT_FILENO, colors(), full}; }
};

// The services directory of the user's own runsvdir: that of the one which runs, else ~/service. Throws a failure when
// there is none, or there are several.
std::string directory_of_this_user();

void add_list(command_line& line, const settings& in);
void add_status(command_line& line, const settings& in);
void add_is(command_line& line, const settings& in);  // is-active, is-enabled, is-failed, is-system-running
void add_control(command_line&   line,
                 const settings& in);  // start, stop, restart, try-restart, reload, once, kill, signal
void add_enable(command_line& line, const settings& in);  // enable, disable
void add_wait(command_line& line, const settings& in);
void add_watch(command_line& line, const settings& in);
void add_logs(command_line& line, const settings& in);
void add_new(command_line& line, const settings& in);
void add_cat(command_line& line, const settings& in);  // cat, edit
void add_lint(command_line& line, const settings& in);
void add_top(command_line& line, const settings& in);

// `svctl` without a command.
exit_code list_all(const settings& in);

}  // namespace runwell::svctl
