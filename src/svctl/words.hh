// words.hh — words for a command that people bring from other tools, and svctl's word for the same.
//
//     canonical("up")                            "start"            it works under either name
//     answer_to("mask", {"web"}, commands)       svctl disable web, and why
//     answer_to("tail", {"web"}, commands)       did you mean 'svctl logs web'?      by meaning
//     answer_to("stauts", {"web"}, commands)     did you mean 'svctl status web'?    by its letters
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace runwell::svctl {

// The name of the command that this word is another name of; the word itself where it is none.
std::string_view canonical(std::string_view word) noexcept;

struct answer {
    std::string cause;            // why there is no such command; empty: it is just unknown
    std::string cure;             // one sentence, with the command to type
    bool        is_done = false;  // nothing is left to do: not a failure
};

// What to say to a word that is no command. `rest`: the arguments after it. `commands`: the names of all commands.
answer answer_to(std::string_view word, std::span<const std::string> rest, std::span<const std::string> commands);

// What to say to an option of systemctl or journalctl that svctl does not have; empty: it is unknown.
std::string_view answer_to_option(std::string_view option) noexcept;

}  // namespace runwell::svctl
