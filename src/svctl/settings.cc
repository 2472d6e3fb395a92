// settings.cc — directories that depend on options and the environment: the member functions of `settings`
// (command.hh).
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "svctl/command.hh"
#include "svctl/files.hh"
#include "svctl/human.hh"
#include "svctl/processes.hh"
#include "svctl/shell_script.hh"

namespace runwell::svctl {
namespace {

namespace fs = std::filesystem;

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

std::string home() {
    std::string told = variable("HOME");
    if (!told.empty()) return told;
    const passwd* user = ::getpwuid(::getuid());
    return user == nullptr ? "/" : user->pw_dir;
}

// runsvdir [-P] [-W] DIR [log]: it may have been named from anywhere, and runsvdir works in it.
std::string directory_of_runsvdir(pid_t pid) {
    const auto words = arguments_of(pid);
    const auto named = std::find_if(words.begin() + (words.empty() ? 0 : 1), words.end(),
                                    [](const std::string& word) { return !word.starts_with('-'); });
    if (named == words.end()) return {};
    if (named->starts_with('/')) return *named;
    std::error_code code;
    const fs::path  works_in = fs::read_symlink("/proc/" + std::to_string(pid) + "/cwd", code);
    return is_directory(works_in / *named) ? works_in / *named : works_in;
}

}  // namespace

services_directory settings::open_services() const {
    try {
        return services_directory{services};
    } catch (const failure& why) {
        const std::string cause{why.cause()};
        if (why.code() == exit_code::not_allowed) throw;
        if (!user && is_directory(home() + "/service") && services == RUNWELL_SERVICE_DIR)
            throw failure{why.code(), cause, "for your own services: svctl --user"};
        if (services == variable("SVDIR"))
            throw failure{why.code(), cause + " (the variable SVDIR names it)",
                          "name another one: --svdir DIR, or the variable SVDIR"};
        throw;
    }
}

services_directory settings::open_available(const std::string& asked) const {
    return services_directory{fs::absolute(available(asked)).lexically_normal().string()};
}

std::string settings::available(const std::string& asked) const {
    const std::string told = asked.empty() ? variable("SVAVAILABLE") : asked;
    return !told.empty() ? told : user ? home() + "/sv" : "/etc/sv";
}

std::string directory_of_this_user() {
    std::string              usual = home() + "/service";
    std::vector<std::string> found;
    const process_table      processes = process_table::read();
    for (const process& one : processes.all()) {
        struct stat about {};
        if (one.name != "runsvdir" || ::stat(("/proc/" + std::to_string(one.pid)).c_str(), &about) != 0) continue;
        if (about.st_uid != ::getuid()) continue;
        const std::string directory = directory_of_runsvdir(one.pid);
        if (!directory.empty() && std::find(found.begin(), found.end(), directory) == found.end())
            found.push_back(directory);
    }
    if (found.size() == 1) return found.front();
    if (is_directory(usual)) return usual;
    if (found.empty())
        throw failure{exit_code::not_found,
                      "--user: no runsvdir of this user runs, and there is no " + printable(usual),
                      "make one: mkdir -p " + printable(shell_quoted(usual)) + " && runsvdir -P -W " +
                          printable(shell_quoted(usual)) + " &"};
    throw failure{exit_code::usage, "--user: this user has several runsvdir, of: " + joined(found, ", ", printable),
                  "name one: svctl --svdir " + printable(shell_quoted(found.front()))};
}

}  // namespace runwell::svctl
