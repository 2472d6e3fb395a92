// svctl list — every service on a line.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "svctl/command.hh"
#include "svctl/files.hh"
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
    std::vector<std::string> states;
    std::string              sort = "name";
    std::string              columns;
    bool                     as_json = false, failed = false, quiet = false, available = false, all = false;
};

// -- columns ---------------------------------------------------------------------------------------------------------

struct column_row {
    std::string_view name;  // for --columns
    const char*      heading;
    align            to;
    std::uint8_t     expense;  // see table.hh
    cell (*of)(const service_row&, moment);
};

constexpr column_row column_rows[] = {
    {"name", "NAME", align::left, 0,
     [](const service_row& r, moment) {
         return cell{printable(r.of.name), tint::strong};
     }},
    {"state", "STATE", align::left, 0, [](const service_row& r, moment now) { return state_cell(r.of.main, now); }},
    {"want", "WANT", align::left, 4,
     [](const service_row& r, moment) { return cell{std::string{want_word(r.of.main)}}; }},
    {"pid", "PID", align::right, 1, [](const service_row& r, moment) { return cell{pid_text(r.of.main)}; }},
    {"since", "SINCE", align::right, 2,
     [](const service_row& r, moment now) { return cell{since_text(r.of.main, now)}; }},
    {"starts", "STARTS", align::left, 8,
     [](const service_row& r, moment) {
         return r.of.main.down_file ? cell{"by hand"} : cell{"itself", tint::faint};
     }},
    {"log", "LOG", align::left, 3, [](const service_row& r, moment now) { return log_cell(r.of, now); }},
    {"cpu", "CPU", align::right, 6,
     [](const service_row& r, moment) { return cell{r.lives ? cpu_time(r.used.cpu_seconds) : std::string{nothing}}; }},
    {"memory", "MEMORY", align::right, 5, [](const service_row& r, moment) { return cell{memory_text(r)}; }},
    {"command", "COMMAND", align::left, 7,
     [](const service_row& r, moment) {
         return cell{r.lives ? r.command : std::string{nothing}, tint::faint};
     }},
};

[[noreturn]] void refuse(const std::string& option, const std::string& word, const std::string& known) {
    throw failure{exit_code::usage, option + ": " + printable(word) + " is none of: " + known,
                  "how it is used: svctl list --help"};
}

// "a,b" and several options are the same.
std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> words;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t comma = std::min(text.find(',', at), text.size());
        words.push_back(text.substr(at, comma - at));
        at = comma + 1;
    }
    return words;
}

// The row of that word in a table; refuses it where there is none.
template <class Rows, class Word>
auto* row_named(const std::string& word, const Rows& rows, Word name, const std::string& option) {
    const auto* const found =
        std::find_if(std::begin(rows), std::end(rows), [&](const auto& one) { return word == one.*name; });
    if (found == std::end(rows)) refuse(option, word, joined(rows, ", ", name));
    return found;
}

std::vector<const column_row*> columns_asked_for(const options& asked) {
    std::vector<const column_row*> chosen;
    if (asked.columns.empty())
        for (const column_row& one : column_rows) chosen.push_back(&one);
    else
        for (const std::string& word : split(asked.columns))
            chosen.push_back(row_named(word, column_rows, &column_row::name, "--columns"));
    return chosen;
}

// -- which, and in which order ---------------------------------------------------------------------------------------

struct state_row {
    std::string_view word;
    bool (*is)(const service_state&);
};
constexpr std::array state_rows{
    state_row{"run", [](const service_state& s) { return s.runs() && !s.reported->paused; }},
    state_row{"paused", [](const service_state& s) { return s.runs() && s.reported->paused; }},
    state_row{"finish", [](const service_state& s) { return s.known() && s.reported->now == phase::finish; }},
    state_row{"down", [](const service_state& s) { return s.known() && s.reported->now == phase::down; }},
    state_row{"unsupervised", [](const service_state& s) { return s.by == supervision::absent; }},
    state_row{"hidden", [](const service_state& s) { return s.by == supervision::hidden; }},
    state_row{"broken", [](const service_state& s) { return s.by == supervision::broken; }},
    state_row{"missing", [](const service_state& s) { return s.by == supervision::missing; }},
    state_row{"active", [](const service_state& s) { return s.runs(); }},
    state_row{"running", [](const service_state& s) { return s.runs(); }},
    state_row{"inactive", [](const service_state& s) { return !s.runs() && !s.fails(); }},
    state_row{"failed", [](const service_state& s) { return s.fails(); }},
};

std::vector<const state_row*> states_asked_for(const options& asked) {
    std::vector<const state_row*> chosen;
    for (const std::string& group : asked.states)
        for (const std::string& word : split(group))
            chosen.push_back(row_named(word, state_rows, &state_row::word, "--state"));
    return chosen;
}

void sort_by(const std::string& key, std::vector<service_row>& rows, moment now) {
    const auto age = [now](const service_row& r) { return r.of.main.age(now).value_or(1e12); };
    const auto pid = [](const service_row& r) { return r.of.main.lives() ? r.of.main.reported->pid : ~0U; };
    std::stable_sort(rows.begin(), rows.end(), [&](const service_row& a, const service_row& b) {
        if (key == "state") return state_order(a.of.main) < state_order(b.of.main);
        if (key == "since") return age(a) < age(b);
        if (key == "pid") return pid(a) < pid(b);
        if (key == "cpu") return a.used.cpu_seconds > b.used.cpu_seconds;
        if (key == "memory") return a.used.held.bytes > b.used.held.bytes;
        return false;  // by name, as they are
    });
}

// -- list ------------------------------------------------------------------------------------------------------------

std::string table_of(const std::vector<service_row>& rows, const options& asked, moment now, const terminal& on) {
    std::vector<column>                  columns;
    const std::vector<const column_row*> chosen = columns_asked_for(asked);
    columns.reserve(chosen.size());
    for (const column_row* one : chosen)
        columns.push_back({one->name == "memory" ? std::string{memory_heading(rows)} : one->heading, one->to,
                           asked.columns.empty() ? one->expense : std::uint8_t{0}});
    table lines{std::move(columns)};
    for (const service_row& row : rows) {
        std::vector<cell> cells;
        cells.reserve(chosen.size());
        for (const column_row* one : chosen) cells.push_back(one->of(row, now));
        lines.row(std::move(cells));
    }
    return lines.text(on);
}

exit_code list_services(const settings& in, const options& asked) {
    const auto               states    = states_asked_for(asked);
    const auto               columns   = columns_asked_for(asked);
    const services_directory services  = in.open_services();
    const auto               names     = asked.patterns.empty() ? services.names() : services.filter(asked.patterns);
    auto                     processes = process_table::read();
    auto                     all       = look_at_all(services, names, processes);
    const moment             now       = sys::wall();
    std::erase_if(all, [&](const service& one) {
        if (asked.failed && !one.main.fails()) return true;
        return !states.empty() &&
               std::none_of(states.begin(), states.end(), [&](const state_row* s) { return s->is(one.main); });
    });

    std::vector<service_row> rows;
    rows.reserve(all.size());
    for (service& one : all) {
        service_row row{.of = one};
        const auto* first = one.main.lives() ? processes.find(static_cast<pid_t>(one.main.reported->pid)) : nullptr;
        row.lives         = first != nullptr;
        if (row.lives && !asked.quiet) row.used = processes.usage_of(first->pid);
        if (row.lives) row.command = command_of(*first);
        rows.push_back(std::move(row));
    }
    sort_by(asked.sort, rows, now);

    if (asked.as_json) {
        json each = json::array();
        for (const service_row& one : rows) each.push_back(json_of(one.of, processes, now));
        print_json(json{{"directory", services.directory()}, {"services", each}});
    } else if (asked.quiet) {
        for (const service_row& one : rows) print(printable(one.of.name) + "\n");
    } else if (!rows.empty()) {
        print(table_of(rows, asked, now, in.output()));
    } else if (::isatty(STDOUT_FILENO) == 1) {
        if (names.empty())
            say(failure{exit_code::good, printable(services.directory()) + " has no services",
                        "see what can be enabled: svctl list --available"});
        else
            say(counted(names.size(), "service") + ", and none of them is so");
    }
    return result_of(all);
}

// The services that could be enabled.
exit_code list_available(const settings& in, const options& asked) {
    const services_directory available = in.open_available();
    const services_directory services  = in.open_services();
    auto                     names     = asked.patterns.empty() ? available.names() : available.filter(asked.patterns);
    const auto               enabled   = services.names();
    std::erase_if(names, [&](const std::string& name) {
        return std::any_of(enabled.begin(), enabled.end(), [&](const std::string& one) {
            return one == name || is_same_file(services.path(one), available.path(name));
        });
    });
    if (asked.as_json) {
        json each = json::array();
        for (const std::string& name : names) each.push_back({{"name", name}, {"path", available.path(name)}});
        print_json(json{{"directory", available.directory()}, {"available", each}});
    } else if (asked.quiet) {
        for (const std::string& name : names) print(printable(name) + "\n");
    } else if (!names.empty()) {
        table lines{{{"NAME"}, {"TO ENABLE IT"}}};
        for (const std::string& name : names)
            lines.row({{printable(name), tint::strong}, {"svctl enable " + printable(name)}});
        print(lines.text(in.output()));
    } else if (::isatty(STDOUT_FILENO) == 1) {
        say(printable(available.directory()) + " has nothing that is not enabled");
    }
    return exit_code::good;
}

exit_code list(const settings& in, const options& asked) {
    return asked.available ? list_available(in, asked) : list_services(in, asked);
}

}  // namespace

exit_code list_all(const settings& in) { return list(in, {}); }

void add_list(command_line& line, const settings& in) {
    const auto to = std::make_shared<options>();
    line.add("list", "A line for each service: its state, CPU and memory")
        .flag("--failed", to->failed, "only services that are wanted up and are not up")
        .strings(
            "--state", to->states, "STATE",
            "only these: run, paused, finish, down, unsupervised, hidden, broken, missing; or active, inactive, failed")
        .choice("--sort", to->sort, {"name", "state", "since", "pid", "cpu", "memory"},
                "in this order; failed, latest or most expensive first")
        .string("--columns", to->columns, "NAME,NAME…",
                "only these: name, state, want, pid, since, starts, log, cpu, memory, command")
        .flag("--available", to->available, "services of $SVAVAILABLE (/etc/sv) that are not enabled")
        .flag("--all", to->all, "all services; the default")
        .flag("-q,--quiet", to->quiet, "only the names")
        .flag("--json", to->as_json, "as a JSON object, see svctl(8)")
        .maybe_words("PATTERN", to->patterns, "only these: names, parts of names, or patterns")
        .note(
            "STARTS: itself, or by hand if there is a file `down`. PSS: memory, in which shared pages count in parts; "
            "RSS: resident memory, if this user may not read PSS.\n"
            "Exits 3 if a service that is wanted up is not up.")
        .does([&in, to] { return list(in, *to); });
}

}  // namespace runwell::svctl
