// svctl wait — return when services are as they are waited for.
#include "svctl/operation.hh"

namespace runwell::svctl {
namespace {

struct options {
    std::vector<std::string> names;
    std::optional<double>    seconds;
    bool                     up = false, down = false, as_json = false;
};

constexpr double for_ever = 1e9;  // 31 years

exit_code wait(const settings& in, const options& asked) {
    const services_directory services = in.open_services();
    return run_operation(in, services, services.select(asked.names),
                         {.until     = asked.down ? goal::down : goal::up,
                          .goal_word = asked.down ? "down" : "up",
                          .seconds   = asked.seconds.value_or(for_ever),
                          .patient   = true,
                          .as_json   = asked.as_json});
}

}  // namespace

void add_wait(command_line& line, const settings& in) {
    const auto to = std::make_shared<options>();
    line.add("wait", "Return when services are up, or down")
        .flag("--up", to->up, "until ./run lives, and ./check (if there is one) exits 0; the default")
        .flag("--down", to->down, "until nothing of it lives, and nothing is to")
        .excludes("--up", "--down")
        .number("-t,--timeout", to->seconds, "SECONDS", "wait no longer than this (else for ever)")
        .flag("--json", to->as_json, "tell how they are then as a JSON object, see svctl(8)")
        .words("NAME", to->names, "services: names, paths or patterns; NAME/log is a log service")
        .note("A service without a runsv is waited for until it has one.\nExits 6 when the time is over.")
        .does([&in, to] { return wait(in, *to); });
}

}  // namespace runwell::svctl
