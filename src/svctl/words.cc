#include "svctl/words.hh"

#include <array>
#include <vector>

#include "svctl/human.hh"
#include "svctl/shell_script.hh"
#include "svctl/terminal.hh"

namespace runwell::svctl {
namespace {

struct other_name {
    std::string_view word;
    std::string_view command;
};

// These work.
constexpr std::array other_names{
    other_name{"up", "start"},
    other_name{"down", "stop"},
    other_name{"condrestart", "try-restart"},
    other_name{"list-units", "list"},
};

// `%` stands for what follows the word, or for NAME where nothing does.
struct answer_row {
    std::string_view word;
    std::string_view cure;   // the command to type; without one: a sentence
    std::string_view cause;  // empty: that it is no command
};

constexpr std::array done_rows{
    answer_row{"daemon-reload", "a changed ./run counts from the next start: svctl restart NAME",
               "nothing to do: runsvdir and runsv see a change without being told"},
    answer_row{"daemon-reexec", "renew the supervisors with: svctl help signal",
               "nothing to do: runsvdir and runsv keep running"},
    answer_row{"reset-failed", "start it again with: svctl start NAME",
               "nothing to do: a service that fails is started again, and its failures are not counted"},
};

constexpr std::array other_rows{
    // systemctl
    answer_row{"mask", "svctl disable %", "a service that is not enabled is not started by anything"},
    answer_row{"unmask", "svctl enable %", "no service is ever masked"},
    answer_row{"isolate", "runsvchdir %", "a set of services is a directory, and runsvchdir switches to another"},
    answer_row{"set-default", "runsvchdir %", "a set of services is a directory, and runsvchdir switches to another"},
    answer_row{"get-default", "svctl status", "the set of services is the services directory"},
    answer_row{"show", "svctl status --json %", "properties are members of a JSON object"},
    answer_row{"list-unit-files", "svctl list, and for what is not enabled: svctl list --available",
               "services are directories, not unit files"},
    answer_row{"list-dependencies", "svctl cat %",
               "services have no list of dependencies: ./run waits for what it needs"},
    answer_row{"list-jobs", "svctl list --state finish", "there is no queue of jobs"},
    answer_row{"list-timers", "svctl list",
               "there are no timers: a service sleeps in its ./run, or cron starts commands"},
    answer_row{"list-sockets", "svctl list", "there are no socket units"},
    answer_row{"reload-or-restart", "svctl reload %, if it reads its files at HUP; else: svctl restart %",
               "whether a service takes HUP for a reload is not known"},
    answer_row{"try-reload-or-restart", "svctl reload %, if it reads its files at HUP; else: svctl try-restart %",
               "whether a service takes HUP for a reload is not known"},
    answer_row{"force-reload", "svctl reload %, if it reads its files at HUP; else: svctl restart %",
               "whether a service takes HUP for a reload is not known"},
    answer_row{"reenable", "svctl disable %, then: svctl enable %", "links do not grow old"},
    answer_row{"preset", "svctl enable %", "there are no presets"},
    answer_row{"revert", "svctl edit %", "there are no drop-in files"},
    answer_row{"set-property", "svctl edit %, and in ./run: exec chpst -m BYTES …", "limits are options of chpst"},
    answer_row{"set-environment", "svctl edit %, and in ./run: exec chpst -e ./env …",
               "an environment is files for chpst -e"},
    answer_row{"freeze", "svctl signal STOP %", ""},
    answer_row{"thaw", "svctl signal CONT %", ""},
    answer_row{"clean", "svctl cat %", "a service's files are where its ./run puts them"},
    answer_row{"poweroff", "poweroff", "the machine is ended by a program of that name"},
    answer_row{"halt", "halt", "the machine is ended by a program of that name"},
    answer_row{"reboot", "reboot", "the machine is ended by a program of that name"},
    // sv
    answer_row{"pause", "svctl signal STOP %", ""},
    answer_row{"cont", "svctl signal CONT %", ""},
    answer_row{"hup", "svctl reload %", ""},
    answer_row{"term", "svctl signal TERM %", ""},
    answer_row{"interrupt", "svctl signal INT %", ""},
    answer_row{"quit", "svctl signal QUIT %", ""},
    answer_row{"alarm", "svctl signal ALRM %", ""},
    answer_row{"1", "svctl signal USR1 %", ""},
    answer_row{"2", "svctl signal USR2 %", ""},
    answer_row{"check", "svctl wait --timeout 7 %, or for what is wrong with its files: svctl lint %", ""},
    answer_row{"force-stop", "svctl stop %, and if that is not enough: svctl kill %", ""},
    answer_row{"force-restart", "svctl restart %, and if that is not enough: svctl kill %", ""},
    answer_row{"exit", "svctl disable --now %", "a supervisor leaves when its service is disabled"},
    answer_row{"shutdown", "svctl disable --now %", "a supervisor leaves when its service is disabled"},
};

// Words that mean what a command does.
constexpr std::array meanings{
    other_name{"log", "logs"},
    other_name{"journal", "logs"},
    other_name{"journalctl", "logs"},
    other_name{"tail", "logs"},
    other_name{"less", "logs"},
    other_name{"output", "logs"},
    other_name{"ls", "list"},
    other_name{"all", "list"},
    other_name{"services", "list"},
    other_name{"units", "list"},
    other_name{"ps", "list"},
    other_name{"status-all", "list"},
    other_name{"info", "status"},
    other_name{"describe", "status"},
    other_name{"state", "status"},
    other_name{"why", "status"},
    other_name{"inspect", "status"},
    other_name{"st", "status"},
    other_name{"pid", "status"},
    other_name{"uptime", "status"},
    other_name{"tree", "status"},
    other_name{"disabled", "list --available"},
    other_name{"available", "list --available"},
    other_name{"failed", "list --failed"},
    other_name{"add", "enable"},
    other_name{"install", "enable"},
    other_name{"link", "enable"},
    other_name{"on", "enable"},
    other_name{"remove", "disable"},
    other_name{"rm", "disable"},
    other_name{"del", "disable"},
    other_name{"delete", "disable"},
    other_name{"uninstall", "disable"},
    other_name{"unlink", "disable"},
    other_name{"off", "disable"},
    other_name{"create", "new"},
    other_name{"make", "new"},
    other_name{"init", "new"},
    other_name{"verify", "lint"},
    other_name{"analyze", "lint"},
    other_name{"validate", "lint"},
    other_name{"test", "lint"},
    other_name{"doctor", "lint"},
    other_name{"diagnose", "status"},
    other_name{"monitor", "watch"},
    other_name{"events", "watch"},
    other_name{"follow", "logs -f"},
    other_name{"run", "start"},
    other_name{"begin", "start"},
    other_name{"launch", "start"},
    other_name{"end", "stop"},
    other_name{"terminate", "stop"},
    other_name{"quiet", "stop"},
    other_name{"bounce", "restart"},
    other_name{"cycle", "restart"},
    other_name{"oneshot", "once"},
    other_name{"refresh", "reload"},
    other_name{"view", "cat"},
    other_name{"print", "cat"},
    other_name{"source", "cat"},
    other_name{"vi", "edit"},
    other_name{"change", "edit"},
    other_name{"configure", "edit"},
    other_name{"htop", "top"},
    other_name{"man", "help"},
    other_name{"usage", "help"},
    other_name{"active", "is-active"},
    other_name{"enabled", "is-enabled"},
};

struct option_row {
    std::string_view option;
    std::string_view says;
};
constexpr std::array option_rows{
    option_row{"--no-pager", "svctl starts no pager: leave it out"},
    option_row{"--no-block", "svctl's word for it is --no-wait"},
    option_row{"--wait", "svctl waits unless it is told not to: leave it out"},
    option_row{"--type", "services are all there is: leave it out"},
    option_row{"--runtime", "a link in a services directory below /run is gone after a boot: leave it out"},
    option_row{"--system", "svctl shows the services of the system unless it is told --user: leave it out"},
    option_row{"--global", "every user has a services directory of their own: --user"},
    option_row{"--force", "what is in the way has to be taken away by hand: leave it out"},
    option_row{"--property", "properties are members of a JSON object: svctl status --json NAME"},
    option_row{"--value", "properties are members of a JSON object: svctl status --json NAME"},
    option_row{"--now", "it is done at once, and counts until the next boot: leave it out"},
    option_row{"--all", "all of them are a pattern: '*'"},
    option_row{"-a", "all of them are shown without an option: leave it out"},
    option_row{"--tail", "svctl's word for it is --lines"},
    option_row{"-b", "a log knows no boots: say from when: svctl logs --since TIME"},
    option_row{"--boot", "a log knows no boots: say from when: svctl logs --since TIME"},
    option_row{"-k", "the kernel's messages are for dmesg, or for a service that logs them"},
    option_row{"--dmesg", "the kernel's messages are for dmesg, or for a service that logs them"},
    option_row{"-e", "svctl starts no pager: say how many lines: -n 100"},
    option_row{"-x", "there is no catalogue of messages: leave it out"},
    option_row{"-xe", "svctl starts no pager: say how many lines: -n 100"},
    option_row{"-H", "svctl looks at this machine only: ssh HOST svctl …"},
    option_row{"--host", "svctl looks at this machine only: ssh HOST svctl …"},
};

std::string filled(std::string_view pattern, std::span<const std::string> rest, bool with_options) {
    std::string words;
    // What follows may be options of another program: -p MainPID, --no-block.
    for (std::size_t i = 0; i < rest.size(); ++i) {
        const std::string& one = rest[i];
        if (!with_options && one == "-p") ++i;
        if (!with_options && one.size() > 1 && one.front() == '-') continue;
        words += (words.empty() ? "" : " ") + shell_quoted(printable(one));
    }
    if (words.empty()) words = "NAME";
    std::string text;
    for (const char c : pattern) {
        if (c == '%')
            text += words;
        else
            text += c;
    }
    return text;
}

// Whether a service may be called so: nothing that a shell or a terminal takes for something else.
bool is_plain(std::string_view word) {
    return printable(word) == word && shell_quoted(word) == word && word.find('/') == std::string_view::npos &&
           !word.starts_with('-');
}

std::string with_rest(std::string_view command, std::span<const std::string> rest) {
    return "svctl " + std::string{command} + (rest.empty() ? "" : filled(" %", rest, true));
}

}  // namespace

std::string_view canonical(std::string_view word) noexcept {
    for (const other_name& one : other_names)
        if (one.word == word) return one.command;
    return word;
}

answer answer_to(std::string_view word, std::span<const std::string> rest, std::span<const std::string> commands) {
    for (const answer_row& one : done_rows)
        if (one.word == word) return {std::string{one.cause}, std::string{one.cure}, true};
    for (const answer_row& one : other_rows)
        if (one.word == word) return {std::string{one.cause}, "type: " + filled(one.cure, rest, false)};
    for (const other_name& one : meanings)
        if (one.word == word) return {"", "did you mean '" + with_rest(one.command, rest) + "'?"};

    std::vector<std::string> known{commands.begin(), commands.end()};
    for (const other_name& one : other_names) known.emplace_back(one.word);
    // As people name a service first: `svctl web restart`, as with service(8).
    if (!rest.empty()) {
        const std::string second{canonical(rest.front())};
        for (const std::string& one : commands) {
            if (one != second) continue;
            std::string swapped = "svctl " + one + " " + shell_quoted(printable(word));
            for (const std::string& more : rest.subspan(1)) swapped += " " + shell_quoted(printable(more));
            return {"", "the command comes first: " + swapped};
        }
    }
    if (const std::string meant = likeliest(word, known); !meant.empty())
        return {"", "did you mean '" + with_rest(canonical(meant), rest) + "'?"};
    std::vector<std::string> others;
    others.reserve(std::size(other_rows) + std::size(done_rows) + std::size(meanings));
    for (const answer_row& one : other_rows) others.emplace_back(one.word);
    for (const answer_row& one : done_rows) others.emplace_back(one.word);
    for (const other_name& one : meanings) others.emplace_back(one.word);
    // A word of two letters is near to everything.
    if (const std::string meant = word.size() > 3 ? likeliest(word, others) : ""; !meant.empty())
        return answer_to(meant, rest, commands).is_done ? answer{} : answer_to(meant, rest, commands);
    return {"", rest.empty() && is_plain(word) ? "for a service of that name: svctl status " + std::string{word} +
                                                     "; for the commands: svctl --help"
                                               : "see what there is: svctl --help"};
}

std::string_view answer_to_option(std::string_view option) noexcept {
    option = option.substr(0, option.find('='));
    for (const option_row& one : option_rows)
        if (one.option == option) return one.says;
    return {};
}

}  // namespace runwell::svctl
