// svctl new — writes a service directory.
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "svctl/command.hh"
#include "svctl/lint_rules.hh"
#include "svctl/service_writer.hh"
#include "svctl/shell_script.hh"

namespace runwell::svctl {
namespace {

struct options {
    new_service              service;
    std::string              available;
    std::vector<std::string> variables;
    bool                     no_log = false;
};

[[noreturn]] void refuse(const std::string& cause, const std::string& cure = "") {
    throw failure{exit_code::usage, cause, cure};
}

void check_name(const std::string& name) {
    if (name.empty() || name.front() == '.' || name.find('/') != std::string::npos)
        refuse(printable(name) + ": no name for a service: it begins with a dot, or holds a slash, or nothing",
               "say where it goes with --available DIRECTORY");
    if (std::any_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }))
        refuse(printable(name) + ": no name for a service: it holds a control character");
}

// "KEY=VALUE"
std::pair<std::string, std::string> variable_of(const std::string& text) {
    const std::size_t equals = text.find('=');
    const std::string name   = text.substr(0, equals);
    const auto        fits   = [](unsigned char c) { return c == '_' || std::isalnum(c) != 0; };
    if (equals == std::string::npos || name.empty() || std::isdigit(static_cast<unsigned char>(name.front())) != 0 ||
        !std::all_of(name.begin(), name.end(), fits))
        refuse(printable(text) + ": no variable", "write it as --env NAME=VALUE");
    const std::string value = text.substr(equals + 1);
    if (value.ends_with(' ') || value.ends_with('\t'))
        refuse("the value of " + name + " ends in a blank, which chpst -e takes away",
               "set it in run instead: export " + name + "=…");
    return {name, value};
}

exit_code make(const settings& in, const options& asked) {
    new_service made = asked.service;
    made.has_log     = !asked.no_log;
    check_name(made.name);
    if (asked.no_log && !made.log.empty()) refuse("--log and --no-log: which?");
    for (const std::string& one : asked.variables) {
        made.variables.push_back(variable_of(one));
        const auto& name = made.variables.back().first;
        if (std::count_if(made.variables.begin(), made.variables.end(),
                          [&](const auto& v) { return v.first == name; }) > 1)
            refuse(name + " is set twice");
    }
    const std::string& program = made.command.front();
    if (program.empty() || program.front() == '-') refuse("'" + printable(program) + "': no name of a program");
    const std::string available = in.available(asked.available);
    write_service(available, made);

    const std::string directory = available + "/" + made.name;
    const std::string options   = (in.user ? "--user " : "") +
                                (available == in.available() ? "" : "--available " + shell_quoted(available) + " ");
    print(printable(directory) + " is written; start it with: svctl enable " +
          printable(options + shell_quoted(made.name)) + "\n");
    const terminal errors{STDERR_FILENO, in.colors()};
    for (const lint_finding& one : lint_service(directory))
        if (one.how_bad != severity::note)
            say(failure{exit_code::good, printable(one.path + ": " + one.what), printable(one.cure)});
    return exit_code::good;
}

}  // namespace

void add_new(command_line& line, const settings& in) {
    const auto to = std::make_shared<options>();
    line.add("new", "Write the directory of a new service")
        .string("-u,--run-as", to->service.user, "USER[:GROUP]", "run as this user, as by chpst -u")
        .strings("--env", to->variables, "NAME=VALUE", "a variable of the environment; may be given several times")
        .string("--log", to->service.log, "DIR",
                "log to this directory, made if need be (else log/main of the service)")
        .flag("--no-log", to->no_log, "no log: the output is that of runsv")
        .string("--check", to->service.check, "COMMAND", "a shell command that succeeds when the service can be used")
        .flag("--finish", to->service.finish, "write a finish, too, which runs when the service has ended")
        .flag("--down", to->service.down, "not to be started by itself: a file down")
        .string("--available", to->available, "DIR", "write it there (else $SVAVAILABLE, /etc/sv)")
        .word("NAME", to->service.name, "what it is to be called")
        .words("COMMAND", to->service.command, "the program and its arguments, after --")
        .note("What is there already is never changed.")
        .does([&in, to] { return make(in, *to); });
}

}  // namespace runwell::svctl
