// svctl start, stop, restart, try-restart, reload, once, kill, signal — control services.
#include <algorithm>
#include <cctype>
#include <csignal>

#include "core/commands.hh"
#include "svctl/human.hh"
#include "svctl/operation.hh"
#include "svctl/shell_script.hh"
#include "svctl/stopping.hh"

namespace runwell::svctl {
namespace {

struct options {
    std::vector<std::string> names;
    std::optional<double>    seconds;
    bool                     no_wait = false, as_json = false, of_all = false;
    std::string              signal;
};

// What a command of that name does. Each is what sv(8) sends for the same, and is done when sv says so.
struct operation_row {
    const char* name;
    const char* help;
    operation   does;
};

const std::vector<operation_row>& operations() {
    static const std::vector<operation_row> all{
        {"start",
         "Start services, and start them again whenever they end",
         {.bytes = "u", .until = goal::up, .goal_word = "up"}},
        {"stop", "Stop services: TERM and CONT", {.bytes = "d", .until = goal::down, .goal_word = "down"}},
        {"restart",
         "Stop services, and start them again",
         {.bytes = "tcu", .until = goal::restarted, .goal_word = "restarted"}},
        {"try-restart",
         "Restart those that run, and leave the others as they are",
         {.bytes = "tcu", .until = goal::restarted, .goal_word = "restarted", .only_running = true}},
        {"reload",
         "Let services read their configuration again: HUP",
         {.bytes = "h", .goal_word = "sent HUP", .needs_process = true}},
        {"once",
         "Start services, and leave them down when they end",
         {.bytes = "o", .until = goal::once, .goal_word = "started"}},
        {"kill",
         "Send KILL, or --signal; a service that is wanted up starts again",
         {.bytes = "k", .until = goal::renewed, .goal_word = "killed", .needs_process = true}},
    };
    return all;
}

struct signal_row {
    const char* name;
    int         number;
};
constexpr std::array signals{
    signal_row{"TERM", SIGTERM}, signal_row{"KILL", SIGKILL}, signal_row{"STOP", SIGSTOP}, signal_row{"CONT", SIGCONT},
    signal_row{"HUP", SIGHUP},   signal_row{"ALRM", SIGALRM}, signal_row{"INT", SIGINT},   signal_row{"QUIT", SIGQUIT},
    signal_row{"USR1", SIGUSR1}, signal_row{"USR2", SIGUSR2},
};

// A name, with or without SIG, in letters of any size; or a number.
operation operation_of_signal(std::string word) {
    std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) { return std::toupper(c); });
    const std::string bare = word.starts_with("SIG") ? word.substr(3) : word;
    for (const signal_row& row : signals) {
        if (bare != row.name && bare != std::to_string(row.number)) continue;
        for (const command_row& command : command_rows) {
            // `down` and `exit` send TERM, too, and more; `term` is the command that does just that.
            if (command.signal != row.number || command.what == runwell::command::down ||
                command.what == runwell::command::exit)
                continue;
            operation one{
                .bytes = {command.letter}, .goal_word = std::string{"sent "} + row.name, .needs_process = true};
            if (row.number == SIGSTOP) one.until = goal::paused, one.goal_word = "paused";
            if (row.number == SIGCONT) one.until = goal::resumed, one.goal_word = "resumed";
            return one;
        }
    }
    throw failure{exit_code::usage, "'" + printable(word) + "' is no signal that a supervisor sends",
                  "these are: " + joined(signals, " ", &signal_row::name)};
}

// Of a service that is not contained, KILL would reach ./run alone.
void expect_contained(const services_directory& services, const std::string& name) {
    if (is_contained(services, look_at_service(services, name))) return;
    throw failure{exit_code::failed, printable(name) + " is not contained: no service was sent anything",
                  "send KILL to ./run alone: svctl kill " + printable(shell_quoted(name))};
}

exit_code carry_out(const settings& in, const options& asked, operation what) {
    const services_directory services = in.open_services();
    const auto               names    = services.select(asked.names);
    if (asked.of_all) {
        for (const std::string& name : names) expect_contained(services, name);
        what.needs_process = false;  // ./run may have ended before the rest
    }
    what.seconds = seconds_to_wait(asked.seconds);
    what.waits   = !asked.no_wait;
    what.as_json = asked.as_json;
    return run_operation(in, services, names, what);
}

command& with_waiting(command& of, const std::shared_ptr<options>& to) {
    return of.number("-t,--timeout", to->seconds, "SECONDS", "wait no longer than this (else $SVWAIT, 7)")
        .flag("--no-wait", to->no_wait, "send the command, and do not wait for the result")
        .excludes("--no-wait", "--timeout")
        .flag("--json", to->as_json, "the result as a JSON object, see svctl(8)");
}

}  // namespace

void add_control(command_line& line, const settings& in) {
    for (const operation_row& row : operations()) {
        const auto to  = std::make_shared<options>();
        command    one = line.add(row.name, row.help);
        with_waiting(one, to);
        if (std::string_view{row.name} == "kill")
            one.flag("--all", to->of_all, "end all processes of contained services at once")
                .string("-s,--signal", to->signal, "SIGNAL", "send this instead of KILL: TERM, HUP, USR1 …")
                .excludes("--all", "--signal");
        one.words("NAME", to->names, "services: names, paths or patterns; NAME/log is a log service")
            .does([&in, to, what = row.does] {
                return carry_out(in, *to, to->signal.empty() ? what : operation_of_signal(to->signal));
            });
    }
    const auto to  = std::make_shared<options>();
    command    one = line.add("signal", "Send services a signal: TERM, HUP, USR1 …");
    with_waiting(one, to)
        .word("SIGNAL", to->signal, "its name, with or without SIG, or its number")
        .words("NAME", to->names, "services: names, paths or patterns; NAME/log is a log service")
        .does([&in, to] { return carry_out(in, *to, operation_of_signal(to->signal)); });
}

}  // namespace runwell::svctl
