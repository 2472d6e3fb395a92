// shell_script.hh — what a `run` does, as far as that can be seen without running it.
//
//     exec chpst -u web:www -e ./env /usr/sbin/nginx -g 'daemon off;' 2>&1
//     ├──┤ ├─────────────────────┤ ├─────────────────────────────────┤ ├──┤
//     exec wrappers, the user       command, line 3                    redirection
//
//     characters ──▶ tokens ──▶ sequences, branches, loops, functions ──▶ commands, each with what follows it
//
// Not a shell: words, quotes, comments, here-documents and compound commands are understood as in sh(1), and some of
// bash; words whose value only a shell knows ($variables, `commands`, patterns) are marked as not literal. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace runwell::svctl {

struct shell_word {
    std::string text;            // without quotes
    bool        literal = true;  // nothing in it is expanded
};

struct shell_command {
    unsigned                 line = 0;            // where it begins, from 1
    std::vector<shell_word>  words;               // without redirections; never empty, unless there is nothing else
    std::vector<std::string> redirections;        // its own, and those of the compounds that it stands in
    bool                     background = false;  // it, or a compound that it stands in, ends with &
    bool                     last       = false;  // the script ends when it ends: it could be `exec` as well
    bool                     forked     = false;  // of a pipe or ( ): the shell has a process for it
    bool                     repeated   = false;  // of a loop
};

struct shell_script {
    // In the order in which they are written; those of ( ) { }, of functions, and after if, while and so on as well.
    std::vector<shell_command> commands;
    std::vector<std::string>   functions;  // that it defines

    bool defines(std::string_view name) const;
};

shell_script               read_script(std::string_view script);
std::vector<shell_command> shell_commands(std::string_view script);

// A command that a shell carries out itself, so that exec finds no such program, or another one.
bool is_builtin(std::string_view name);

// What a command comes to when it is run: without exec, assignments, and programs that become another one (chpst, env,
// nice and the like).
struct shell_call {
    std::vector<shell_word>   words;  // the command itself; empty: exec with redirections only
    bool                      exec = false;
    std::string               first;  // the word that exec is put before, or exec itself
    std::optional<shell_word> user;   // of chpst -u, setuidgid and the like: "user" or "user:group"
};
shell_call call_of(const shell_command& command);

// `word` as sh(1) has to be given it: itself, or in single quotes.
std::string shell_quoted(std::string_view word);

}  // namespace runwell::svctl
