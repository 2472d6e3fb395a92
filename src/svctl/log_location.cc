#include "svctl/log_location.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <sstream>

#include "core/rotation.hh"
#include "core/text.hh"
#include "parts/supervise.hh"
#include "svctl/errors.hh"
#include "svctl/files.hh"
#include "svctl/shell_script.hh"

namespace runwell::svctl {
namespace {

namespace fs = std::filesystem;

// A svlogd that is just rotating has no current.
bool is_log_directory(const fs::path& directory) {
    std::error_code none;
    for (fs::directory_iterator entry{directory, none}, end; entry != end; entry.increment(none))
        if (entry->path().filename() == "current" || is_old_name(entry->path().filename().native())) return true;
    return false;
}

// What a logger lets be seen of where it writes.
struct open_logs {
    std::vector<std::string> directories;
    bool                     is_refused = false;  // it is not for this user to see
};

// The log directories that a process has open, in the order of its descriptors.
open_logs open_in(const fs::path& process) {
    std::error_code          none, refusal;
    std::map<long, fs::path> files;
    for (fs::directory_iterator entry{process / "fd", refusal}, end; entry != end; entry.increment(none))
        files[std::stol(entry->path().filename())] = entry->path();

    std::vector<std::string> found;
    for (const auto& [number, link] : files) {
        const fs::path target = fs::read_symlink(link, none);
        if (target.filename() != "lock") continue;
        // A process in another root or mount namespace means another file by that name.
        const fs::path seen_there = process / "root" / target.relative_path();
        const fs::path lock       = is_same_file(target, link) ? target : seen_there;
        if (is_same_file(lock, link) && is_log_directory(lock.parent_path()))
            found.push_back(lock.parent_path().string());
    }
    return {found, refusal == std::errc::permission_denied};
}

open_logs open_in_tree(const std::string& pid) {
    const fs::path     process = fs::path{"/proc"} / pid;
    open_logs          seen    = open_in(process);
    std::istringstream children{read_file(process / "task" / pid / "children").text};
    for (std::string child; seen.directories.empty() && children >> child;) {
        open_logs below = open_in_tree(child);
        seen            = {std::move(below.directories), seen.is_refused || below.is_refused};
    }
    return seen;
}

}  // namespace

std::vector<shell_word> directories_in(const shell_call& call) {
    if (call.words.empty() || base_name(call.words.front().text) != "svlogd") return {};
    std::vector<shell_word> found;
    bool                    options = true;
    for (std::size_t i = 1; i < call.words.size(); ++i) {
        const std::string& word = call.words[i].text;
        if (options && word.size() > 1 && word.front() == '-') {
            options = word != "--";
            // -r c -R set -l length -b size: their argument is the next word, or attached.
            const std::size_t letter = word.find_first_of("rRlb", 1);
            if (letter != std::string::npos && letter + 1 == word.size()) ++i;
        } else {
            options = false;
            found.push_back(call.words[i]);
        }
    }
    return found;
}

std::vector<shell_word> svlogd_directories(const std::string& script) {
    for (const shell_command& command : shell_commands(script))
        if (auto found = directories_in(call_of(command)); !found.empty()) return found;
    return {};
}

std::vector<std::string> log_directories(const std::string& directory, const std::string& name) {
    const fs::path    log       = fs::path{directory} / "log";
    const fs::path    run       = log / "run";
    const std::string say_where = "say where its log is: svctl logs --dir DIRECTORY";

    // A user who may not enter supervise/ does not learn of the process.
    const auto logger     = parts::supervise_client{AT_FDCWD, (log / "supervise").c_str()}.read_status();
    bool       is_refused = !logger && logger.why().code == EACCES;
    if (logger && logger->pid > 0) {
        open_logs seen = open_in_tree(std::to_string(logger->pid));
        if (!seen.directories.empty()) return seen.directories;
        is_refused = seen.is_refused;
    }

    std::error_code code;
    if (!fs::exists(log, code) && !code)
        throw failure{exit_code::not_found, name + " has no log: there is no " + log.string(),
                      "give it one: an executable " + run.string() + " that ends in: exec svlogd -tt DIRECTORY"};
    const file_content script = read_file(run.string());
    if (!script) throw system_failure(script.code, "read", run.string());
    const std::vector<shell_word> words = svlogd_directories(script.text);
    if (words.empty()) throw failure{exit_code::failed, run.string() + " starts no svlogd that runs", say_where};

    std::vector<std::string> found;
    for (const shell_word& word : words)
        if (word.literal) found.push_back((log / word.text).lexically_normal().string());
    if (found.empty())
        throw failure{exit_code::failed,
                      "where " + run.string() + " logs to is only known when it runs: " + words.front().text,
                      say_where};
    if (is_refused && !is_log_directory(found.front()))
        throw failure{exit_code::not_allowed,
                      name + ": its logger does not show this user where it writes, and in " + found.front() + ", of " +
                          run.string() + ", there is no log",
                      "see it as root, or " + say_where};
    return found;
}

}  // namespace runwell::svctl
