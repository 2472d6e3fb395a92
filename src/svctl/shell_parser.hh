// shell_parser.hh — the grammar of sh(1): how the commands of a script are joined and nested.
//
//     if a; then b & c | d; fi        branches { sequence {a}, sequence {b &, pipeline {c, d}} }
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "svctl/shell_script.hh"
#include "svctl/shell_tokens.hh"

namespace runwell::svctl {

struct node {
    enum class kind : std::uint8_t {
        simple,
        sequence,  // parts, one after the other
        either,    // parts, joined by && and ||
        pipeline,
        group,     // { }
        subshell,  // ( )
        branches,  // if, case: conditions and bodies
        loop,      // while, until, for: the condition is the first part
        function,
    };

    kind              is         = kind::simple;
    bool              background = false;  // ends with &
    bool              negated    = false;  // begins with !
    bool              condition  = false;  // of a branch: what is asked, not what is done
    bool              after_or   = false;  // of `either`: || stands before it
    shell_command     command    = {};     // of a simple one; of a compound, its redirections
    std::string       name       = {};     // of a function
    std::vector<node> parts      = {};
};

// The sequence that the tokens of a script are. What does not belong to the grammar is passed over.
node parse(std::vector<token> tokens);

}  // namespace runwell::svctl
