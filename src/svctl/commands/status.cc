// svctl status — one service in full, and why it is not as it should be.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "svctl/command.hh"
#include "svctl/diagnosis.hh"
#include "svctl/human.hh"
#include "svctl/json.hh"
#include "svctl/log_place.hh"
#include "svctl/log_reader.hh"
#include "svctl/processes.hh"
#include "svctl/service.hh"
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
        struct stat file {};
        if (::stat((directory + "/" + path).c_str(), &file) == 0)
            found.push_back({path, script, (file.st_mode & 0111) != 0});
    };
    for (const char* name : {"run", "finish", "check"}) add(name, true);
    std::error_code          error;
    std::vector<std::string> controls;
    for (const auto& entry : fs::directory_iterator{directory + "/control", error})
        controls.push_back("control/" + entry.path().filename().string());
    std::sort(controls.begin(), controls.end());
    for (const std::string& path : controls) add(path, true);
    for (const char* name : {"down", "essential"}) add(name, false);
    add("log/run", true);
    return found;
}

struct report {
    service                            it;
    std::string                        at;      // its path
    std::string                        target;  // where a link leads; empty: it is none
    std::vector<part>                  parts;
    std::vector<process_table::branch> tree;
    usage                              used;
    std::vector<finding>               findings;
    std::vector<log_line>              log;  // its last lines
};

constexpr std::uint64_t lines_of_log = 5;

// The last lines of the log; none where there is none, or none that this user may read: `svctl logs` says why.
std::vector<log_line> end_of_log(const tree& in, const std::string& name) {
    std::vector<log_line> lines;
    try {
        const auto directories = log_directories(in.path(name), name);
        if (directories.empty()) return lines;
        log_reader reader{directories.front(), [](const std::string&) {}};
        reader.begin_at_last(lines_of_log, [](std::string_view) { return true; });
        while (auto line = reader.next(true)) lines.push_back(std::move(*line));
    } catch (const failure&) {
        lines.clear();
    }
    return lines;
}

report report_on(const tree& in, const std::string& name, const process_table& processes, moment now) {
    report          one{.it = look_at_service(in, name), .at = in.path(name)};
    std::error_code error;
    if (fs::is_symlink(one.at, error)) one.target = fs::read_symlink(one.at, error).string();
    one.parts = parts_of(one.at);
    if (one.it.main.present() && one.it.main.said->pid != 0) {
        const auto pid = static_cast<pid_t>(one.it.main.said->pid);
        one.tree       = processes.tree_of(pid);
        one.used       = processes.usage_of(pid);
    }
    one.findings = diagnose(in, one.it, processes, now);
    if (one.it.log) one.log = end_of_log(in, name);
    return one;
}

// -- as text ---------------------------------------------------------------------------------------------------------

class printer {
public:
    printer(const terminal& on, moment now) : on_{on}, now_{now}, width_{on.width()} {}

    void print(const report& of) {
        heading(of);
        line("where", printable(of.at) + (of.target.empty() ? "" : " -> " + printable(of.target)));
        line("state", state_text(of.it.main), state_tint(of.it.main, now_));
        line("wanted", wanted_text(of.it.main));
        if (of.it.log) line("log", state_text(*of.it.log), state_tint(*of.it.log, now_));
        line("files", files_text(of));
        if (!of.tree.empty()) {
            line("cost", "CPU " + cpu_time(of.used.cpu_seconds) + ", memory " + bytes(of.used.memory_bytes) + ", " +
                             std::to_string(of.used.processes) + (of.used.processes == 1 ? " process" : " processes"));
            for (const auto& one : of.tree) line(one.depth == 0 ? "tree" : "", branch_text(one));
        }
        for (const finding& one : of.findings) {
            line("why", one.cause, tint::bad);
            if (!one.cure.empty()) line("cure", one.cure, tint::young);
        }
        for (std::size_t i = 0; i < of.log.size(); ++i) {
            const log_line& one = of.log[i];
            line(i == 0 ? "said" : "", (one.at ? local_time(*one.at) + "  " : "") + printable(one.text));
        }
    }

private:
    void heading(const report& of) { add(on_.paint(tint::strong, printable(of.it.name))); }

    void line(std::string_view label, const std::string& text, tint in = tint::plain) {
        constexpr std::size_t indent = 10;
        const std::string     shown  = fit(text, width_ > indent + 1 ? width_ - indent : 0);
        add(on_.paint(tint::faint, pad(label.empty() ? "" : std::string{label} + ":", indent - 2, true)) + "  " +
            on_.paint(in, shown));
    }

    static void add(const std::string& text) {
        std::fwrite(text.data(), 1, text.size(), stdout);
        std::fputc('\n', stdout);
    }

    std::string state_text(const service_state& of) const {
        std::string text{state_word(of)};
        if (of.by == supervision::hidden) return "hidden: supervise/ is not for this user to read";
        if (!of.said) return text;
        if (of.present() && of.said->pid != 0) text += ", process " + std::to_string(of.said->pid);
        if (of.present() && of.said->got_term) text += ", got TERM";
        const auto age = static_cast<std::int64_t>(of.age(now_).value_or(0));
        return text + (of.present() ? ", since " : "; last heard of ") + local_time(of.said->since, true) + " (" +
               duration(age) + ")";
    }

    static std::string wanted_text(const service_state& of) {
        return std::string{want_word(of)} +
               (of.down_file ? "; does not start by itself (there is a file down)" : "; starts by itself");
    }

    static std::string files_text(const report& of) {
        std::string text;
        for (const part& one : of.parts)
            text += (text.empty() ? "" : ", ") + printable(one.path) +
                    (one.script && !one.executable ? " (not executable)" : "");
        return text.empty() ? "none that a supervisor knows" : text;
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
               bytes(one.of->memory_bytes) + "  " + command_of(*one.of) + (one.of->state == 'Z' ? "  (ended)" : "");
    }

    const terminal& on_;
    moment          now_;
    std::size_t     width_;
};

// -- as JSON ---------------------------------------------------------------------------------------------------------

json json_of_report(const report& of, const process_table& processes, moment now) {
    json said = json::list();
    for (const log_line& one : of.log)
        said.push(json::object().set("at", one.at ? json{iso_time(*one.at)} : json{}).set("text", one.text));
    json files = json::list(), tree = json::list(), findings = json::list();
    for (const part& one : of.parts) files.push(json::object().set("path", one.path).set("executable", one.executable));
    for (const auto& one : of.tree)
        tree.push(json::object()
                      .set("pid", one.of->pid)
                      .set("parent", one.of->parent)
                      .set("cpu_seconds", one.of->cpu_seconds)
                      .set("memory_bytes", one.of->memory_bytes)
                      .set("command", command_of(*one.of)));
    for (const finding& one : of.findings) findings.push(json::object().set("cause", one.cause).set("cure", one.cure));
    return json_of(of.it, processes, now)
        .set("path", of.at)
        .set("target", of.target.empty() ? json{} : json{of.target})
        .set("files", std::move(files))
        .set("tree", std::move(tree))
        .set("findings", std::move(findings))
        .set("said", std::move(said));
}

exit_code status_of(const setting& in, const options& asked) {
    const tree           services  = in.open_tree();
    const auto           names     = services.select(asked.names);
    const auto           processes = process_table::read();
    const moment         now       = sys::wall();
    const terminal       out       = in.output();
    json                 each      = json::list();
    std::vector<service> all;
    for (const std::string& name : names) {
        const report one = report_on(services, name, processes, now);
        if (asked.as_json) {
            each.push(json_of_report(one, processes, now));
        } else {
            if (!all.empty()) std::fputc('\n', stdout);
            printer{out, now}.print(one);
        }
        all.push_back(one.it);
    }
    if (asked.as_json) {
        const std::string text =
            json::object().set("directory", services.directory()).set("services", std::move(each)).text(true) + "\n";
        std::fwrite(text.data(), 1, text.size(), stdout);
    }
    return result_of(all);
}

}  // namespace

void add_status(command_line& line, const setting& in) {
    const auto to = std::make_shared<options>();
    line.add("status", "Services in full: state, processes, files, and why one is down or does not stay up")
        .flag("--json", to->as_json, "as a JSON object, see svctl(8)")
        .words("NAME", to->names, "services: names or patterns; NAME/log is a log service")
        .note("Exits 3 when a service that is wanted up is not up.")
        .does([&in, to] { return status_of(in, *to); });
}

}  // namespace runwell::svctl
