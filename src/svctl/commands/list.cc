// svctl list — every service on a line.
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "svctl/command.hh"
#include "svctl/human.hh"
#include "svctl/json.hh"
#include "svctl/processes.hh"
#include "svctl/service.hh"
#include "svctl/table.hh"
#include "svctl/view.hh"
#include "sys/clock.hh"

namespace runwell::svctl {
namespace {

struct options {
    std::vector<std::string> patterns;
    bool                     as_json = false;
};

std::vector<service> look_at_all(const tree& in, const options& asked) {
    std::vector<service> all;
    for (const std::string& name : asked.patterns.empty() ? in.names() : in.select(asked.patterns))
        all.push_back(look_at_service(in, name, asked.as_json));
    return all;
}

cell state_cell(const service_state& of, moment now) { return {std::string{state_word(of)}, state_tint(of, now)}; }

std::vector<cell> row_of(const service& one, const process_table& processes, moment now) {
    const auto&       main   = one.main;
    const bool        living = main.present() && main.said->pid != 0;
    const pid_t       pid    = living ? static_cast<pid_t>(main.said->pid) : 0;
    const process*    first  = living ? processes.find(pid) : nullptr;
    const usage       used   = living ? processes.usage_of(pid) : usage{};
    const auto        age    = main.present() ? main.age(now) : std::nullopt;
    const std::string none   = "-";
    return {
        {printable(one.name), tint::strong},
        state_cell(main, now),
        {std::string{want_word(main)}},
        {living ? std::to_string(pid) : none},
        {age ? duration(static_cast<std::int64_t>(*age)) : none},
        {main.down_file ? "down" : "enabled", main.down_file ? tint::plain : tint::faint},
        one.log ? state_cell(*one.log, now) : cell{none, tint::faint},
        {first != nullptr ? cpu_time(used.cpu_seconds) : none},
        {first != nullptr ? bytes(used.memory_bytes) : none},
        {first != nullptr ? command_of(*first) : none, tint::faint},
    };
}

bool any_lives(const std::vector<service>& all) {
    return std::any_of(all.begin(), all.end(),
                       [](const service& one) { return one.main.present() && one.main.said->pid != 0; });
}

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

exit_code list(const setting& in, const options& asked) {
    const tree   services  = in.open_tree();
    const auto   all       = look_at_all(services, asked);
    const auto   processes = any_lives(all) ? process_table::read() : process_table{};
    const moment now       = sys::wall();

    if (asked.as_json) {
        json each = json::list();
        for (const service& one : all) each.push(json_of(one, processes, now));
        json whole = json::object();
        whole.set("directory", services.directory()).set("services", std::move(each));
        print(whole.text(true) + "\n");
    } else if (!all.empty()) {
        table lines{{{"NAME"},
                     {"STATE"},
                     {"WANT"},
                     {"PID", align::right},
                     {"SINCE", align::right},
                     {"START"},
                     {"LOG"},
                     {"CPU", align::right},
                     {"MEMORY", align::right},
                     {"COMMAND"}}};
        for (const service& one : all) lines.row(row_of(one, processes, now));
        print(lines.text(in.output()));
    } else if (::isatty(STDOUT_FILENO) == 1) {
        say(services.directory() + " has no services");
    }
    return result_of(all);
}

}  // namespace

exit_code list_all(const setting& in) { return list(in, {}); }

void add_list(command_line& line, const setting& in) {
    const auto to = std::make_shared<options>();
    line.add("list", "Every service on a line: how it is, and what it costs")
        .flag("--json", to->as_json, "as a JSON object, see svctl(8)")
        .maybe_words("PATTERN", to->patterns, "only these: names or patterns; NAME/log is a log service")
        .note("Exits 3 when a service that is wanted up is not up.")
        .does([&in, to] { return list(in, *to); });
}

}  // namespace runwell::svctl
