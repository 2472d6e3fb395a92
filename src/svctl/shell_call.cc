// shell_call.cc — what a command of a script comes to when it is run: call_of() and what it knows of programs.
#include <algorithm>
#include <cctype>
#include <iterator>

#include "core/text.hh"
#include "svctl/shell_script.hh"
#include "svctl/shell_tokens.hh"

namespace runwell::svctl {
namespace {

// A program that becomes another one, which its command line names.
struct wrapper_row {
    std::string_view name;
    std::string_view with_argument;        // the letters of its options that take one
    std::size_t      words       = 0;      // what stands before the command, options aside
    char             user_option = '\0';   // the option that names the user
    bool             user_word   = false;  // or the first of those words does
};

constexpr wrapper_row wrapper_rows[] = {
    {"chpst", "uUbe/CnmdofprtclL", 0, 'u'},
    {"setuidgid", "", 1, '\0', true},
    {"envuidgid", "", 1},
    {"envdir", "", 1},
    {"pgrphack", ""},
    {"setlock", "", 1},
    {"softlimit", "adfmoprtcsl"},
    {"env", "uC"},
    {"nice", "n"},
    {"ionice", "cnp"},
    {"chrt", "TPD", 1},
    {"taskset", "", 1},
    {"stdbuf", "ioe"},
    {"setpriv", ""},
    {"setsid", ""},
    {"nohup", ""},
    {"su-exec", "", 1, '\0', true},
    {"gosu", "", 1, '\0', true},
    {"timeout", "ks", 1},
    {"dumb-init", "r"},
    {"tini", "p"},
    {"sudo", "ugCDhpRTrt", 0, 'u'},
    {"runuser", "ugG", 0, 'u'},
    {"numactl", "iNmpCH"},
    {"command", ""},
    {"busybox", ""},
    {"dbus-run-session", ""},
    {"setarch", ""},
    {"linux32", ""},
    {"unshare", "SGRw"},
    {"catatonit", ""},
};

// Long options whose argument may be the next word: those of runwell's chpst.
constexpr std::string_view long_with_argument[] = {"groups",     "umask",        "oom-score", "cap-drop", "cap-keep",
                                                   "cpus",       "io-class",     "io-prio",   "sched",    "cgroup",
                                                   "cgroup-set", "death-signal", "read-only", "may-read", "may-write"};

const wrapper_row* wrapper_of(const shell_word& word) {
    const std::string_view name = base_name(word.text);
    const auto* const      row  = std::find_if(std::begin(wrapper_rows), std::end(wrapper_rows),
                                               [name](const wrapper_row& r) { return r.name == name; });
    return word.literal && row != std::end(wrapper_rows) ? row : nullptr;
}

bool is_assignment(std::string_view word) {
    const std::size_t equals = word.find('=');
    if (equals == 0 || equals == std::string_view::npos || std::isdigit(static_cast<unsigned char>(word.front())) != 0)
        return false;
    return std::all_of(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(equals),
                       [](unsigned char c) { return c == '_' || std::isalnum(c) != 0; });
}

using word_list = std::vector<shell_word>;

// Where the command begins that a wrapper, which stands at `at`, becomes.
std::size_t behind(const wrapper_row& row, const word_list& words, std::size_t at, std::optional<shell_word>& user) {
    for (++at; at < words.size() && words[at].text.size() > 1 && words[at].text.front() == '-'; ++at) {
        const std::string& option = words[at].text;
        if (option == "--") {
            ++at;
            break;
        }
        if (option[1] == '-') {
            if (is_one_of(std::string_view{option}.substr(2), long_with_argument)) ++at;
            continue;
        }
        const std::size_t letter = option.find_first_of(row.with_argument, 1);
        if (letter == std::string::npos) continue;
        const bool attached = letter + 1 < option.size();
        if (!attached && at + 1 == words.size()) return words.size();
        if (option[letter] == row.user_option)
            user = attached ? shell_word{option.substr(letter + 1), words[at].literal} : words[at + 1];
        if (!attached) ++at;
    }
    if (row.name == "env")
        while (at < words.size() && is_assignment(words[at].text)) ++at;
    if (row.user_word && at < words.size()) user = words[at];
    return std::min(at + row.words, words.size());
}

}  // namespace

bool is_builtin(std::string_view name) {
    constexpr std::string_view names[] = {
        ".",        ":",       "[",      "[[",      "((",     "alias", "bg",     "break",  "builtin", "cd",
        "continue", "declare", "disown", "echo",    "eval",   "exec",  "exit",   "export", "false",   "fg",
        "getopts",  "hash",    "jobs",   "kill",    "let",    "local", "printf", "pwd",    "read",    "readonly",
        "return",   "set",     "shift",  "shopt",   "source", "test",  "times",  "trap",   "true",    "type",
        "typeset",  "ulimit",  "umask",  "unalias", "unset",  "wait"};
    return is_one_of(name, names) || name.starts_with("((");
}

shell_call call_of(const shell_command& command) {
    const word_list& words = command.words;
    shell_call       call;
    std::size_t      at = 0;
    while (at < words.size() && is_assignment(words[at].text)) ++at;
    if (at < words.size()) call.first = words[at].text;
    if (at < words.size() && words[at].text == "exec") {
        call.exec = true;
        for (++at; at < words.size() && words[at].text.size() > 1 && words[at].text.front() == '-'; ++at)
            if (words[at].text.back() == 'a') ++at;  // exec -a NAME
    }
    for (const wrapper_row* row = nullptr; at < words.size() && (row = wrapper_of(words[at])) != nullptr;)
        at = behind(*row, words, at, call.user);
    call.words.assign(words.begin() + static_cast<std::ptrdiff_t>(std::min(at, words.size())), words.end());
    return call;
}

std::string shell_quoted(std::string_view word) {
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
    if (!word.empty() && word.find_first_not_of(plain) == std::string_view::npos) return std::string{word};
    std::string quoted = "'";
    for (const char c : word)
        if (c == '\'')
            quoted += "'\\''";
        else
            quoted += c;
    return quoted + "'";
}

}  // namespace runwell::svctl
