// command_line.hh — the command line of svctl: each command declares its options in a few words, and CLI11 reads them.
//
//     line.add("wait", "Return when services are as they are waited for")
//         .flag("--up", to->up, "until ./run lives and ./check agrees")
//         .number("--timeout", to->seconds, "SECONDS", "give up after so long")
//         .words("NAME", to->names, "names or patterns of services")
//         .does([to] { return wait_for(*to); });
//
// This face is here because CLI11's header costs a compiler some ten seconds: one file pays them, not every command.
// What options are read into must live as long as the action: hold them in a shared_ptr that the action keeps.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "svctl/errors.hh"

namespace CLI {
class App;
}

namespace runwell::svctl {

using action = std::function<exit_code()>;

// One command. All texts are for --help: a placeholder in capitals, a sentence without a full stop.
class command {
public:
    // Options: "-n" or "-n,--lines". Given twice, the last one counts; `strings` gathers all.
    command& flag(const std::string& names, bool& into, const std::string& help);
    command& string(const std::string& names, std::string& into, const std::string& placeholder,
                    const std::string& help);
    command& strings(const std::string& names, std::vector<std::string>& into, const std::string& placeholder,
                     const std::string& help);
    // Not less than 0; fractions are fine.
    command& number(const std::string& names, std::optional<double>& into, const std::string& placeholder,
                    const std::string& help);
    // The same, without fractions.
    command& whole(const std::string& names, std::optional<double>& into, const std::string& placeholder,
                   const std::string& help);
    // One of `allowed`.
    command& choice(const std::string& names, std::string& into, const std::vector<std::string>& allowed,
                    const std::string& help);
    // The option named first and the one named second are not to be used together.
    command& excludes(const std::string& one, const std::string& other);

    // Arguments without a dash, in this order. `word` must be there, `words` is one or more, `maybe_words` any
    // number.
    command& word(const std::string& placeholder, std::string& into, const std::string& help);
    command& words(const std::string& placeholder, std::vector<std::string>& into, const std::string& help);
    command& maybe_words(const std::string& placeholder, std::vector<std::string>& into, const std::string& help);

    // Text below the list of options in --help.
    command& note(const std::string& text);

    // The action that runs when the whole command line has been understood.
    command& does(action what);

private:
    friend class command_line;
    command(CLI::App& app, action& chosen) : app_{&app}, chosen_{&chosen} {}

    CLI::App* app_;
    action*   chosen_;
};

class command_line {
public:
    command_line();
    ~command_line();
    command_line(const command_line&)            = delete;
    command_line& operator=(const command_line&) = delete;

    // An option that svctl itself has, before the command, and every command added from now on, too.
    void everywhere(const std::string& names, std::string& into, const std::string& placeholder,
                    const std::vector<std::string>& allowed, const std::string& help);

    void everywhere(const std::string& names, bool& into, const std::string& help);

    // The heading in --help of the commands that are added from now on.
    void section(const std::string& heading);

    command add(const std::string& name, const std::string& help);

    // What there is to do; `otherwise` when there is no word at all. Options may stand before the command; `help` and
    // other names of commands (words.hh) are understood. Throws a failure of exit_code::usage that says what is
    // wrong. --help and --version are done here: an action that has nothing left to do.
    action read(int argc, const char* const* argv, action otherwise);

private:
    struct inside;
    std::unique_ptr<inside> in_;
};

}  // namespace runwell::svctl
