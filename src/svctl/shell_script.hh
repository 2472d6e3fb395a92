// shell_script.hh — what a `run` does, as far as that can be seen without running it.
//
//     exec chpst -u web:www -e ./env /usr/sbin/nginx -g 'daemon off;' 2>&1
//     ├──┤ ├─────────────────────┤ ├─────────────────────────────────┤ ├──┤
//     exec wrappers, the user       command, line 3                    redirection
//
// Not a shell: words, quotes, comments, here-documents and what separates commands are understood as in sh(1); what
// only running it would tell ($variables, `commands`, patterns) is marked as not literal.
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
    unsigned                 line = 0;  // where it begins, from 1
    std::vector<shell_word>  words;     // without redirections; never empty, unless there is nothing else
    std::vector<std::string> redirections;
    bool                     background = false;  // ends with &
};

// The commands of a script, in the order they are written; those of ( ) { } and after if, while and so on as well.
std::vector<shell_command> shell_commands(std::string_view script);

// What a command comes to when it is run: without exec, assignments, and programs that become another one (chpst, env,
// nice and the like).
struct shell_call {
    std::vector<shell_word>   words;  // the command itself; empty: exec with redirections only
    bool                      exec = false;
    std::optional<shell_word> user;  // of chpst -u, setuidgid and the like: "user" or "user:group"
};
shell_call call_of(const shell_command& command);

// `word` as sh(1) has to be given it: itself, or in single quotes.
std::string shell_quoted(std::string_view word);

}  // namespace runwell::svctl
