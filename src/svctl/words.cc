#include "svctl/words.hh"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <vector>

#include "core/text.hh"
#include "svctl/human.hh"
#include "svctl/shell_script.hh"
#include "svctl/terminal.hh"

namespace runwell::svctl {
namespace {

enum class meaning : std::uint8_t {
    same,     // another name of a command, which works
    nothing,  // what it does is not needed here
    other,    // the cure does what it is for
    similar,  // it may mean a command
};

// One row for words of the same meaning. In a cure, `%` stands for what follows the word, or for NAME where nothing
// does.
struct word_row {
    meaning          is;
    std::string_view words;
    std::string_view cure;        // same, similar: the command; other: the command to type; nothing: a sentence
    std::string_view cause = {};  // empty: that it is no command

    bool has(std::string_view word) const noexcept {
        for (two_parts rest = split(words, ' ');; rest = split(rest.rest, ' ')) {
            if (rest.head == word) return true;
            if (!rest.found) return false;
        }
    }
};

constexpr word_row word_rows[] = {
    {meaning::same, "up", "start"},
    {meaning::same, "down", "stop"},
    {meaning::same, "condrestart", "try-restart"},
    {meaning::same, "list-units", "list"},

    // systemctl
    {meaning::other, "mask", "svctl disable %", "a service that is not enabled is not started by anything"},
    {meaning::other, "unmask", "svctl enable %", "no service is ever masked"},
    {meaning::other, "isolate set-default", "runsvchdir %",
     "a set of services is a directory, and runsvchdir switches to another"},
    {meaning::other, "get-default", "svctl status", "the set of services is the services directory"},
    {meaning::other, "show", "svctl status --json %", "properties are members of a JSON object"},
    {meaning::other, "list-unit-files", "svctl list, and for what is not enabled: svctl list --available",
     "services are directories, not unit files"},
    {meaning::other, "list-dependencies", "svctl cat %",
     "services have no list of dependencies: ./run waits for what it needs"},
    {meaning::other, "list-jobs", "svctl list --state finish", "there is no queue of jobs"},
    {meaning::other, "list-timers", "svctl list",
     "there are no timers: a service sleeps in its ./run, or cron starts commands"},
    {meaning::other, "list-sockets", "svctl list", "there are no socket units"},
    {meaning::other, "reload-or-restart", "svctl reload %, if it reads its files at HUP; else: svctl restart %",
     "whether a service takes HUP for a reload is not known"},
    {meaning::other, "try-reload-or-restart", "svctl reload %, if it reads its files at HUP; else: svctl try-restart %",
     "whether a service takes HUP for a reload is not known"},
    {meaning::other, "force-reload", "svctl reload %, if it reads its files at HUP; else: svctl restart %",
     "whether a service takes HUP for a reload is not known"},
    {meaning::other, "reenable", "svctl disable %, then: svctl enable %", "links do not grow old"},
    {meaning::other, "preset", "svctl enable %", "there are no presets"},
    {meaning::other, "revert", "svctl edit %", "there are no drop-in files"},
    {meaning::other, "set-property", "svctl edit %, and in ./run: exec chpst -m BYTES …",
     "limits are options of chpst"},
    {meaning::other, "set-environment", "svctl edit %, and in ./run: exec chpst -e ./env …",
     "an environment is files for chpst -e"},
    {meaning::other, "freeze", "svctl signal STOP %"},
    {meaning::other, "thaw", "svctl signal CONT %"},
    {meaning::other, "clean", "svctl cat %", "a service's files are where its ./run puts them"},
    {meaning::other, "poweroff", "poweroff", "the machine is ended by a program of that name"},
    {meaning::other, "halt", "halt", "the machine is ended by a program of that name"},
    {meaning::other, "reboot", "reboot", "the machine is ended by a program of that name"},
    // sv
    {meaning::other, "pause", "svctl signal STOP %"},
    {meaning::other, "cont", "svctl signal CONT %"},
    {meaning::other, "hup", "svctl reload %"},
    {meaning::other, "term", "svctl signal TERM %"},
    {meaning::other, "interrupt", "svctl signal INT %"},
    {meaning::other, "quit", "svctl signal QUIT %"},
    {meaning::other, "alarm", "svctl signal ALRM %"},
    {meaning::other, "1", "svctl signal USR1 %"},
    {meaning::other, "2", "svctl signal USR2 %"},
    {meaning::other, "check", "svctl wait --timeout 7 %, or for what is wrong with its files: svctl lint %"},
    {meaning::other, "force-stop", "svctl stop %, and if that is not enough: svctl kill %"},
    {meaning::other, "force-restart", "svctl restart %, and if that is not enough: svctl kill %"},
    {meaning::other, "exit shutdown", "svctl disable --now %", "a supervisor leaves when its service is disabled"},

    {meaning::nothing, "daemon-reload", "a changed ./run counts from the next start: svctl restart NAME",
     "nothing to do: runsvdir and runsv see a change without being told"},
    {meaning::nothing, "daemon-reexec", "renew the supervisors with: svctl help signal",
     "nothing to do: runsvdir and runsv keep running"},
    {meaning::nothing, "reset-failed", "start it again with: svctl start NAME",
     "nothing to do: a service that fails is started again, and its failures are not counted"},

    // What people call them
    {meaning::similar, "log journal journalctl tail less output", "logs"},
    {meaning::similar, "ls all services units ps status-all", "list"},
    {meaning::similar, "info describe state why inspect st diagnose pid uptime tree", "status"},
    {meaning::similar, "disabled available", "list --available"},
    {meaning::similar, "failed", "list --failed"},
    {meaning::similar, "add install link on", "enable"},
    {meaning::similar, "remove rm del delete uninstall unlink off", "disable"},
    {meaning::similar, "create make init", "new"},
    {meaning::similar, "verify analyze validate test doctor", "lint"},
    {meaning::similar, "monitor events", "watch"},
    {meaning::similar, "follow", "logs -f"},
    {meaning::similar, "run begin launch", "start"},
    {meaning::similar, "end terminate quiet", "stop"},
    {meaning::similar, "bounce cycle", "restart"},
    {meaning::similar, "oneshot", "once"},
    {meaning::similar, "refresh", "reload"},
    {meaning::similar, "view print source", "cat"},
    {meaning::similar, "vi change configure", "edit"},
    {meaning::similar, "htop", "top"},
    {meaning::similar, "man usage", "help"},
    {meaning::similar, "active", "is-active"},
    {meaning::similar, "enabled", "is-enabled"},
};

const word_row* row_of(std::string_view word) noexcept {
    const auto* const row =
        std::find_if(std::begin(word_rows), std::end(word_rows), [word](const word_row& one) { return one.has(word); });
    return row == std::end(word_rows) ? nullptr : row;
}

// Options of systemctl and journalctl.
constexpr word_row option_rows[] = {
    {meaning::other, "--no-pager", "svctl starts no pager: leave it out"},
    {meaning::other, "--no-block", "svctl's word for it is --no-wait"},
    {meaning::other, "--wait", "svctl waits unless it is told not to: leave it out"},
    {meaning::other, "--type", "services are all there is: leave it out"},
    {meaning::other, "--runtime", "a link in a services directory below /run is gone after a boot: leave it out"},
    {meaning::other, "--system", "svctl shows the services of the system unless it is told --user: leave it out"},
    {meaning::other, "--global", "every user has a services directory of their own: --user"},
    {meaning::other, "--force", "what is in the way has to be taken away by hand: leave it out"},
    {meaning::other, "--property --value", "properties are members of a JSON object: svctl status --json NAME"},
    {meaning::other, "--now", "it is done at once, and counts until the next boot: leave it out"},
    {meaning::other, "--all", "all of them are a pattern: '*'"},
    {meaning::other, "-a", "all of them are shown without an option: leave it out"},
    {meaning::other, "--tail", "svctl's word for it is --lines"},
    {meaning::other, "-b --boot", "a log knows no boots: say from when: svctl logs --since TIME"},
    {meaning::other, "-k --dmesg", "the kernel's messages are for dmesg, or for a service that logs them"},
    {meaning::other, "-e -xe", "svctl starts no pager: say how many lines: -n 100"},
    {meaning::other, "-x", "there is no catalogue of messages: leave it out"},
    {meaning::other, "-H --host", "svctl looks at this machine only: ssh HOST svctl …"},
};

std::string filled(std::string_view pattern, std::span<const std::string> rest) {
    const std::string words = joined(rest, " ", [](const std::string& one) { return shell_quoted(printable(one)); });
    std::string       text;
    for (const char c : pattern) text += c == '%' ? words.empty() ? "NAME" : words : std::string(1, c);
    return text;
}

// Without the options of another program: -p MainPID, --no-block.
std::vector<std::string> without_options(std::span<const std::string> words) {
    std::vector<std::string> plain;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (!words[i].starts_with('-')) plain.push_back(words[i]);
        if (words[i] == "-p") ++i;
    }
    return plain;
}

// Whether a service may be called so: nothing that a shell or a terminal takes for something else.
bool is_plain(std::string_view word) {
    return printable(word) == word && shell_quoted(word) == word && word.find('/') == std::string_view::npos &&
           !word.starts_with('-');
}

std::string with_rest(std::string_view command, std::span<const std::string> rest) {
    return "svctl " + std::string{command} + (rest.empty() ? "" : filled(" %", rest));
}

}  // namespace

std::string_view canonical(std::string_view word) noexcept {
    const word_row* row = row_of(word);
    return row != nullptr && row->is == meaning::same ? row->cure : word;
}

answer answer_to(std::string_view word, std::span<const std::string> rest, std::span<const std::string> commands) {
    if (const word_row* row = row_of(word)) switch (row->is) {
            case meaning::same: break;
            case meaning::nothing: return {std::string{row->cause}, std::string{row->cure}, true};
            case meaning::other: return {std::string{row->cause}, "type: " + filled(row->cure, without_options(rest))};
            case meaning::similar: return {"", "did you mean '" + with_rest(row->cure, rest) + "'?"};
        }

    std::vector<std::string> known{commands.begin(), commands.end()}, others;
    for (const word_row& row : word_rows)
        for (two_parts one = split(row.words, ' ');; one = split(one.rest, ' ')) {
            (row.is == meaning::same ? known : others).emplace_back(one.head);
            if (!one.found) break;
        }
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
    // A word of two letters is near to everything.
    if (const std::string meant = word.size() > 3 ? likeliest(word, others) : ""; !meant.empty())
        return answer_to(meant, rest, commands).is_done ? answer{} : answer_to(meant, rest, commands);
    if (rest.empty() && is_plain(word))
        return {"",
                "for a service of that name: svctl status " + std::string{word} + "; for the commands: svctl --help"};
    return {"", "see what there is: svctl --help"};
}

std::string_view answer_to_option(std::string_view option) noexcept {
    option = option.substr(0, option.find('='));
    for (const word_row& row : option_rows)
        if (row.has(option)) return row.cure;
    return {};
}

}  // namespace runwell::svctl
