// svctl lint — what is wrong with service directories, and what cures it.
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "svctl/command.hh"
#include "svctl/files.hh"
#include "svctl/human.hh"
#include "svctl/json.hh"
#include "svctl/lint_rules.hh"

namespace runwell::svctl {
namespace {

struct options {
    std::vector<std::string> directories;
    bool                     as_json = false;
};

std::vector<std::string> paths_in(const services_directory& services) {
    std::vector<std::string> all = services.names();
    for (std::string& one : all) one = services.path(one);
    return all;
}

// All services of the services directory; none where there is no such directory.
std::vector<std::string> all_services(const settings& in) {
    return is_directory(in.services) ? paths_in(in.open_services()) : std::vector<std::string>{};
}

// A word is a directory, or else the name of a service.
std::vector<std::string> directories_of(const settings& in, const options& asked) {
    std::vector<std::string> all = asked.directories;
    if (all.empty()) return paths_in(in.open_services());
    for (std::string& one : all) {
        const bool  name  = one.find('/') == std::string::npos && !one.empty() && one.front() != '.';
        std::string below = in.services;
        below.append("/").append(one);
        if (!is_directory(one) && name && is_directory(below)) one = std::move(below);
        while (one.size() > 1 && one.back() == '/') one.pop_back();
    }
    return all;
}

tint tint_of(severity how_bad) {
    switch (how_bad) {
        case severity::code: return tint::bad;
        case severity::warning: return tint::young;
        case severity::note: return tint::faint;
    }
    return tint::plain;
}

struct tally {
    std::size_t errors = 0, warnings = 0, notes = 0;

    void count(severity of) {
        switch (of) {
            case severity::code: ++errors; break;
            case severity::warning: ++warnings; break;
            case severity::note: ++notes; break;
        }
    }
};

json json_of(const lint_finding& one) {
    return {{"severity", word(one.how_bad)},          {"rule", one.rule}, {"path", one.path},
            {"line", known(one.line != 0, one.line)}, {"what", one.what}, {"cure", one.cure}};
}

exit_code lint(const settings& in, const options& asked) {
    const std::vector<std::string> directories = directories_of(in, asked);
    const terminal                 out         = in.output();
    tally                          count;
    json                           each = json::array();
    std::string                    text;
    const auto                     tell = [&](const lint_finding& one) {
        count.count(one.how_bad);
        each.push_back(json_of(one));
        text += out.paint(tint::strong, printable(one.path)) + (one.line > 0 ? ":" + std::to_string(one.line) : "");
        text += ": " + out.paint(tint_of(one.how_bad), word(one.how_bad)) + ": " + printable(one.what) +
                out.paint(tint::faint, " [" + one.rule + "]") + "\n    cure: " + printable(one.cure) + "\n";
    };
    for (const std::string& directory : directories)
        for (const lint_finding& one : lint_service(directory)) tell(one);
    for (const lint_finding& one : lint_shared_logs(directories, all_services(in))) tell(one);
    if (asked.as_json) {
        print_json(json{{"directories", directories.size()},
                        {"errors", count.errors},
                        {"warnings", count.warnings},
                        {"notes", count.notes},
                        {"findings", each}});
    } else if (!text.empty()) {
        print(text + counted(directories.size(), "service") + ": " + counted(count.errors, "error") + ", " +
              counted(count.warnings, "warning") + ", " + counted(count.notes, "note") + "\n");
    }
    return count.errors + count.warnings == 0 ? exit_code::good : exit_code::failed;
}

}  // namespace

void add_lint(command_line& line, const settings& in) {
    const auto to = std::make_shared<options>();
    line.add("lint", "What is wrong with service directories, and what cures it")
        .flag("--json", to->as_json, "as a JSON object, see svctl(8)")
        .maybe_words("DIR", to->directories, "service directories, or names of services; all services without any")
        .note("Exits 0 when there are no errors and no warnings, else 1.")
        .does([&in, to] { return lint(in, *to); });
}

}  // namespace runwell::svctl
