// svctl status — one service in full, and why it is not as it should be.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "svctl/command.hh"
#include "svctl/diagnosis.hh"
#include "svctl/files.hh"
#include "svctl/human.hh"
#include "svctl/json.hh"
#include "svctl/log_location.hh"
#include "svctl/log_reader.hh"
#include "svctl/processes.hh"
#include "svctl/service.hh"
#include "svctl/shell_script.hh"
#include "svctl/stopping.hh"
#include "svctl/table.hh"
#include "svctl/view.hh"
#include "sys/clock.hh"

namespace runwell::svctl {
namespace {

namespace fs = std::filesystem;

struct options {
    std::vector<std::string> names;
    bool                     as_json = false;
};

// A file of the service directory that means something to a supervisor.
struct part {
    std::string path;  // "run", "control/t"
    bool        script;
    bool        executable;
};

std::vector<part> parts_of(const std::string& directory) {
    std::vector<part> found;
    const auto        add = [&](const std::string& path, bool script) {
        const file_info file = file_info_of(directory + "/" + path);
        if (file.exists()) found.push_back({path, script, (file.about->st_mode & 0111) != 0});
    };
    for (const char* name : {"run", "finish", "check"}) add(name, true);
    for (const std::string& path : control_scripts_in(directory)) add(path, true);
    for (const char* name : {"down", "essential"}) add(name, false);
    add("log/run", true);
    return found;
}

struct service_report {
    service                            it;
    std::string                        at;      // its path
    std::string                        target;  // where a link leads; empty: it is none
    std::vector<part>                  parts;
    std::vector<process_table::branch> tree;
    usage                              used;
    std::vector<file_value>            values;
    sys::containment                   contained_by = sys::containment::none;
    std::optional<stopping>            stop;
    std::vector<finding>               findings;
    std::vector<log_line>              log;  // its last lines
};

constexpr std::uint64_t lines_of_log = 5;

// Whether nothing has to be explained: ./run lives, is to live, and was sent no signal. One that was just
// restarted is as it is meant to be.
bool is_healthy(const service_state& of) {
    return of.by == supervision::hidden ||
           (of.present() && of.runs() && of.wanted_up() && !of.reported->paused && !of.reported->got_term);
}

// The last lines of the log; none where there is none, or none that this user may read: `svctl logs` says why.
std::vector<log_line> end_of_log(const services_directory& in, const std::string& name) {
    std::vector<log_line> lines;
    try {
        last_lines last{log_directories(in.path(name), name), lines_of_log};
        lines = last.take();
    } catch (const failure&) {
        lines.clear();
    }
    return lines;
}

service_report report_on(const services_directory& in, service of, const process_table& processes, moment now) {
    const std::string name = of.name;
    service_report    one{.it = std::move(of), .at = in.path(name)};
    std::error_code   code;
    if (fs::is_symlink(one.at, code)) one.target = fs::read_symlink(one.at, code).string();
    one.parts = parts_of(one.at);
    if (one.it.main.lives()) {
        const auto pid = static_cast<pid_t>(one.it.main.reported->pid);
        one.tree       = processes.tree_of(pid);
        one.used       = processes.usage_of(pid);
    }
    one.values       = values_of(in, name);
    one.contained_by = containment_of(in, one.it);
    one.stop         = stopping_of(in, one.it, processes, now);
    if (!is_healthy(one.it.main) || (one.it.log && !is_healthy(*one.it.log)))
        one.findings = diagnose(in, one.it, processes, now);
    if (one.it.log) one.log = end_of_log(in, name);
    return one;
}

// -- as text ---------------------------------------------------------------------------------------------------------

class report_printer {
public:
    report_printer(const terminal& on, moment now) : on_{on}, now_{now}, width_{on.width()} {}

    void print(const service_report& of) {
        heading(of);
        line("where", printable(of.at) + (of.target.empty() ? "" : " -> " + printable(of.target)));
        line("state", state_text(of.it.main), state_tint(of.it.main, now_));
        if (of.stop) prose("", stop_text(*of.stop), tint::young);
        line("wanted", std::string{want_word(of.it.main)});
        line("starts", of.it.main.down_file ? "by hand: there is a file down" : "itself, when its supervisor starts");
        if (of.it.log) line("log", state_text(*of.it.log), state_tint(*of.it.log, now_));
        line("files", files_text(of));
        if (!of.values.empty() || of.contained_by != sys::containment::none) line("values", values_text(of));
        if (!of.tree.empty()) {
            line("cost", "CPU " + cpu_time(of.used.cpu_seconds) + ", memory " + bytes(of.used.held.bytes) + " (" +
                             (of.used.held.is_pss ? "Pss" : "Rss") + "), " + counted(of.used.processes, "process"));
            for (const auto& one : of.tree) line(one.depth == 0 ? "tree" : "", branch_text(one));
        }
        for (const finding& one : of.findings) {
            prose("why", one.cause, tint::bad);
            if (!one.cure.empty()) cure(one.cure);
        }
        for (std::size_t i = 0; i < of.log.size(); ++i) {
            const log_line& one = of.log[i];
            line(i == 0 ? "said" : "", (one.at ? local_time(*one.at) + "  " : "") + printable(one.text));
        }
    }

private:
    static constexpr std::size_t indent = 10;

    void heading(const service_report& of) { add(on_.paint(tint::strong, printable(of.it.name))); }

    // Cuts a line that is longer than the terminal is wide; prose() goes on below.
    void line(std::string_view label, const std::string& text, tint in = tint::plain) {
        put(label, fit(text, room()), in);
    }

    void prose(std::string_view label, const std::string& text, tint in) {
        for (const std::string& one : wrapped(text, room())) put(std::exchange(label, ""), one, in);
    }

    // A command stays whole, so that it can be copied: "make it so: chmod +x /etc/service/web/run".
    void cure(const std::string& text) {
        const std::size_t colon = text.find(": ");
        if (room() == 0 || columns_of(text) <= room() || colon == std::string::npos)
            return prose("cure", text, tint::young);
        prose("cure", text.substr(0, colon + 1), tint::young);
        put("", text.substr(colon + 2), tint::young);
    }

    void put(std::string_view label, const std::string& text, tint in) {
        add(on_.paint(tint::faint, pad(label.empty() ? "" : std::string{label} + ":", indent - 2, true)) + "  " +
            on_.paint(in, text));
    }

    std::size_t room() const { return width_ == 0 ? 0 : width_ > indent + 10 ? width_ - indent : 10; }

    static void add(const std::string& text) { svctl::print(text + "\n"); }

    std::string state_text(const service_state& of) const {
        std::string text{state_word(of)};
        if (of.by == supervision::hidden && !of.lives())
            return text + (of.reported ? ", as its supervisor has no other child"
                                       : ": only root may look into its supervise/");
        if (!of.reported) return text;
        if (of.lives()) text += ", process " + std::to_string(of.reported->pid);
        if (of.present() && of.reported->got_term) text += ", got TERM";
        const auto age = static_cast<std::int64_t>(of.age(now_).value_or(0));
        return text + (of.known() ? ", since " : "; last heard of ") + local_time(of.reported->since, true) + " (" +
               duration(age) + ")";
    }

    static std::string files_text(const service_report& of) {
        std::string text;
        for (const part& one : of.parts)
            text += (text.empty() ? "" : ", ") + printable(one.path) +
                    (one.script && !one.executable ? " (not executable)" : "");
        return text.empty() ? "none that a supervisor knows" : text;
    }

    // "down-signal QUIT, timeout-kill 10s, contained by: cgroup"
    static std::string values_text(const service_report& of) {
        std::string text;
        const auto  add = [&](const std::string& one) { text += (text.empty() ? "" : ", ") + one; };
        for (const file_value& one : of.values) {
            if (one.what == value_file::contain && of.contained_by != sys::containment::none) continue;
            const std::string name = row_of(one.what).name;
            if (one.what == value_file::contain)
                add(of.it.main.runs() ? name + " (not yet: its ./run is older)" : name);
            else
                add(name + " " +
                    (one.is_understood ? printable(one.value) : "'" + printable(one.value) + "' (not understood)"));
        }
        if (of.contained_by != sys::containment::none) add("contained by: " + std::string{word(of.contained_by)});
        return text;
    }

    // "stopping for 3s, KILL in 7s; still alive: 4711 nginx: worker"
    static std::string stop_text(const stopping& of) {
        constexpr std::size_t most = 5;
        std::string           text = "stopping";
        if (of.seconds) text += " for " + duration(static_cast<std::int64_t>(*of.seconds));
        if (of.kill_in) text += ", KILL in " + duration(std::llround(*of.kill_in));
        for (std::size_t i = 0; i < std::min(most, of.alive.size()); ++i)
            text +=
                (i == 0 ? "; still alive: " : ", ") + std::to_string(of.alive[i]->pid) + " " + command_of(*of.alive[i]);
        if (of.alive.size() > most) text += " and " + std::to_string(of.alive.size() - most) + " more";
        return text;
    }

    std::string branch_text(const process_table::branch& one) const {
        const bool  lines = on_.has_unicode();
        std::string text;
        for (std::size_t i = 0; i < one.last.size(); ++i) {
            const bool own = i + 1 == one.last.size();
            if (own)
                text += lines ? (one.last[i] ? "└─ " : "├─ ") : (one.last[i] ? "`- " : "|- ");
            else
                text += one.last[i] ? "   " : lines ? "│  " : "|  ";
        }
        return text + std::to_string(one.of->pid) + "  " + cpu_time(one.of->cpu_seconds) + "  " +
               bytes(memory_of(one.of->pid).bytes) + "  " + command_of(*one.of) +
               (one.of->state == 'Z' ? "  (ended)" : "");
    }

    const terminal& on_;
    moment          now_;
    std::size_t     width_;
};

// -- as JSON ---------------------------------------------------------------------------------------------------------

json json_of_report(const service_report& of, const process_table& processes, moment now) {
    json whole      = json_of(of.it, processes, now);
    whole["path"]   = of.at;
    whole["target"] = known(!of.target.empty(), of.target);
    json& files = whole["files"] = json::array();
    for (const part& one : of.parts) files.push_back({{"path", one.path}, {"executable", one.executable}});
    json& tree = whole["tree"] = json::array();
    for (const auto& one : of.tree) {
        const memory held = memory_of(one.of->pid);
        tree.push_back({{"pid", one.of->pid},
                        {"parent", one.of->parent},
                        {"cpu_seconds", one.of->cpu_seconds},
                        {"memory_bytes", held.bytes},
                        {"memory_kind", word(held)},
                        {"command", command_of(*one.of)}});
    }
    json& values = whole["values"] = json::array();
    for (const file_value& one : of.values)
        values.push_back({{"file", row_of(one.what).name}, {"value", one.value}, {"understood", one.is_understood}});
    whole["contained_by"] = known(of.contained_by != sys::containment::none, word(of.contained_by));
    whole["stopping"]     = json_of(of.stop);
    // Of a service that is down because it is to be, a person may ask why; a program asks what fails.
    const bool fails    = of.it.main.fails() || (of.it.log && of.it.log->fails());
    json&      findings = whole["findings"] = json::array();
    for (const finding& one : of.findings)
        if (fails) findings.push_back({{"cause", one.cause}, {"cure", one.cure}});
    json& said = whole["said"] = json::array();
    for (const log_line& one : of.log)
        said.push_back({{"at", one.at ? json(iso_time(*one.at)) : json()}, {"text", one.text}});
    return whole;
}

// -- all of them, in short -------------------------------------------------------------------------------------------

// How all are, a line for each; of those that fail, the first cause and its cure.
void print_short(const services_directory& in, const std::vector<service_report>& all, const process* runsvdir,
                 const terminal& on, moment now) {
    const auto count = [&](auto is) {
        return static_cast<std::size_t>(
            std::count_if(all.begin(), all.end(), [&](const service_report& r) { return is(r.it.main); }));
    };
    const std::size_t failing = count([](const service_state& s) { return s.fails(); });
    const std::size_t up      = count([](const service_state& s) { return s.runs() && !s.fails(); });
    std::string       text = on.paint(tint::strong, printable(in.directory())) + ": " + counted(all.size(), "service") +
                       ": " + std::to_string(up) + " up, " + std::to_string(all.size() - up - failing) + " down, " +
                       on.paint(failing > 0 ? tint::bad : tint::plain, std::to_string(failing) + " failing") + "; " +
                       (runsvdir == nullptr ? on.paint(tint::bad, "no runsvdir runs on it")
                                            : "runsvdir is process " + std::to_string(runsvdir->pid)) +
                       "\n";
    table lines{{{"NAME"}, {"STATE"}, {"SINCE", align::right}, {"WHY", align::left}}};
    for (const service_report& one : all) {
        const auto&       main = one.it.main;
        const std::string why  = one.findings.empty() ? (main.down_file && !main.runs() ? "starts by hand" : "")
                                                      : one.findings.front().cause;
        lines.row({{printable(one.it.name), tint::strong},
                   state_cell(main, now),
                   {since_text(main, now)},
                   {why, main.fails() ? tint::bad : tint::faint}});
    }
    if (!all.empty()) text += lines.text(on);
    print(text);
    if (failing == 0) return;
    const auto first =
        std::find_if(all.begin(), all.end(), [](const service_report& one) { return one.it.main.fails(); });
    print("more of one: svctl status " + printable(shell_quoted(first->it.name)) + "\n");
}

exit_code status_of(const settings& in, const options& asked) {
    const services_directory    services  = in.open_services();
    const bool                  in_short  = asked.names.empty();
    const auto                  names     = in_short ? services.names() : services.select(asked.names);
    const auto                  processes = process_table::read();
    const moment                now       = sys::wall();
    const terminal              out       = in.output();
    json                        each      = json::array();
    const auto                  all       = look_at_all(services, names, processes);
    std::vector<service_report> reports;
    for (const service& of : all) {
        service_report one = report_on(services, of, processes, now);
        if (asked.as_json) {
            each.push_back(json_of_report(one, processes, now));
        } else if (in_short) {
            reports.push_back(std::move(one));
        } else {
            if (&of != all.data()) print("\n");
            report_printer{out, now}.print(one);
        }
    }
    if (asked.as_json) {
        print_json(json{{"directory", services.directory()}, {"services", each}});
    } else if (in_short) {
        print_short(services, reports, runsvdir_of(services, processes), out, now);
    }
    return result_of(all);
}

}  // namespace

void add_status(command_line& line, const settings& in) {
    const auto to = std::make_shared<options>();
    line.add("status", "One service in full, and why it is not up; without a name: a summary")
        .flag("--json", to->as_json, "as a JSON object, see svctl(8)")
        .maybe_words("NAME", to->names, "services: names, paths or patterns; NAME/log is a log service")
        .note("Exits 3 if a service that is wanted up is not up.")
        .does([&in, to] { return status_of(in, *to); });
}

}  // namespace runwell::svctl
