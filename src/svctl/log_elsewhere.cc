#include "svctl/log_elsewhere.hh"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "svctl/files.hh"
#include "svctl/service.hh"
#include "svctl/shell_script.hh"
#include "svctl/terminal.hh"

namespace runwell::svctl {
namespace {

namespace fs = std::filesystem;

// The logger of syslog that a script becomes or pipes into, and the tag that its lines bear.
struct syslog_logger {
    std::string program, tag;
};

std::optional<syslog_logger> syslog_logger_in(const std::string& script, const std::string& name) {
    for (const shell_command& command : shell_commands(script)) {
        const shell_call call = call_of(command);
        if (call.words.empty()) continue;
        const std::string& path    = call.words.front().text;
        const std::string  program = path.substr(path.rfind('/') + 1);
        if (program != "vlogger" && program != "logger") continue;
        syslog_logger found{program, program == "vlogger" ? name : ""};
        for (std::size_t i = 1; i < call.words.size(); ++i) {
            const std::string& word = call.words[i].text;
            if ((word == "-t" || word == "--tag") && i + 1 < call.words.size() && call.words[i + 1].literal)
                found.tag = call.words[i + 1].text;
            else if (word.starts_with("-t") && word.size() > 2 && word[1] != '-')
                found.tag = word.substr(2);
        }
        return found;
    }
    return std::nullopt;
}

// The command that shows the lines of syslog which hold a word; empty: no syslog is known here.
std::string reader_of_syslog(const services_directory& in, const std::string& word) {
    const std::string shown = word.empty() ? "" : shell_quoted(word);
    for (const std::string& one : in.names())
        if (one.starts_with("socklog") && in.has_log(one))
            return "svctl logs " + one + (shown.empty() ? "" : " --grep " + shown);
    for (const char* file : {"/var/log/syslog", "/var/log/messages", "/var/log/socklog/everything/current"})
        if (::access(file, F_OK) == 0) {
            if (shown.empty()) return std::string{"tail -n 20 "} + file;
            return "grep " + shown + " " + file;
        }
    if (::access("/run/systemd/journal/socket", F_OK) == 0)
        return shown.empty() ? "journalctl -n 20" : "journalctl -t " + shown;
    return {};
}

failure through_syslog(const services_directory& in, const std::string& name, const syslog_logger& by) {
    const std::string reader = reader_of_syslog(in, by.tag);
    return {exit_code::not_found,
            printable(name) + " sends its lines through " + by.program + " to syslog" +
                (by.tag.empty() ? "" : ", as " + printable(by.tag)),
            reader.empty()
                ? "no syslog keeps lines here; to give it a log of its own, write exec svlogd -tt ./main: svctl edit " +
                      printable(shell_quoted(name + "/log"))
                : "read them there: " + printable(reader)};
}

// What the standard output of a service without a log is.
std::optional<failure> to_standard_output(const services_directory& in, const std::string& name) {
    const service_state of = look_at(in.fd(), name);
    if (!of.lives()) return std::nullopt;
    const std::string link = "/proc/" + std::to_string(of.reported->pid) + "/fd/1";
    std::error_code   code;
    const std::string target = fs::read_symlink(link, code).string();
    struct stat       about {};
    if (code || ::stat(link.c_str(), &about) != 0) return std::nullopt;
    const std::string cause = printable(name) + " has no log: its standard output is ";
    if (target == "/dev/null") {
        return failure{exit_code::not_found, cause + "/dev/null",
                       "its lines are lost; give it a log: " + printable(in.path(name)) +
                           "/log/run, which ends in: exec svlogd -tt ./main"};
    }
    if (S_ISREG(about.st_mode)) {
        return failure{exit_code::not_found, cause + "the file " + printable(target),
                       "read it: tail -F " + printable(shell_quoted(target))};
    }
    if (S_ISCHR(about.st_mode)) {
        return failure{exit_code::not_found, cause + "the terminal " + printable(target),
                       "its lines are there and nowhere else; give it a log: " + printable(in.path(name)) +
                           "/log/run, which ends in: exec svlogd -tt ./main"};
    }
    return std::nullopt;
}

}  // namespace

std::optional<failure> log_elsewhere(const services_directory& in, const std::string& name) {
    const std::string directory = in.path(name);
    for (const char* script : {"/log/run", "/run"})
        if (const auto by = syslog_logger_in(read_file(directory + script).text, name))
            return through_syslog(in, name, *by);
    return in.has_log(name) ? std::nullopt : to_standard_output(in, name);
}

}  // namespace runwell::svctl
