#include "svctl/shell_script.hh"

#include <algorithm>
#include <utility>

#include "svctl/shell_parser.hh"
#include "svctl/shell_tokens.hh"

namespace runwell::svctl {
namespace {

// Where a command stands.
struct surroundings {
    bool                     last       = true;
    bool                     background = false;
    bool                     forked     = false;
    bool                     repeated   = false;
    std::vector<std::string> redirections{};
};

class walker {
public:
    shell_script walk(const node& all) {
        find_functions(all);
        for (bool grown = true; grown;) {
            const std::size_t known = called_last_.size();
            script_.commands.clear();
            visit(all, {});
            grown = called_last_.size() > known;
        }
        return std::move(script_);
    }

private:
    void find_functions(const node& in) {
        if (in.is == node::kind::function) script_.functions.push_back(in.name);
        for (const node& one : in.parts) find_functions(one);
    }

    void visit(const node& at, surroundings where) {
        where.background = where.background || at.background;
        if (at.is != node::kind::simple)
            where.redirections.insert(where.redirections.end(), at.command.redirections.begin(),
                                      at.command.redirections.end());
        switch (at.is) {
            case node::kind::simple: return simple(at, where);
            case node::kind::sequence: return sequence(at, where);
            case node::kind::either: return either(at, where);
            case node::kind::pipeline:
                where.forked = where.forked || at.parts.size() > 1;
                where.last   = where.last && at.parts.size() == 1 && !at.negated;
                break;
            case node::kind::group: break;
            case node::kind::subshell: where.forked = true; break;
            case node::kind::branches: return branches(at, where);
            case node::kind::loop:
                where.repeated = true;
                where.last     = false;
                break;
            case node::kind::function:
                where.last = std::find(called_last_.begin(), called_last_.end(), at.name) != called_last_.end();
                break;
        }
        for (const node& one : at.parts) visit(one, where);
    }

    void branches(const node& at, const surroundings& where) {
        surroundings asked = where;
        asked.last         = false;
        for (const node& one : at.parts) visit(one, one.condition ? asked : where);
    }

    void sequence(const node& at, const surroundings& where) {
        surroundings here = where;
        for (std::size_t i = 0; i < at.parts.size(); ++i) {
            here.last = where.last && std::all_of(at.parts.begin() + static_cast<std::ptrdiff_t>(i) + 1, at.parts.end(),
                                                  [](const node& one) { return does_nothing(one); });
            visit(at.parts[i], here);
        }
    }

    // The last one; and one behind which only `|| exit` and the like stands.
    void either(const node& at, const surroundings& where) {
        surroundings here = where;
        for (std::size_t i = 0; i < at.parts.size(); ++i) {
            here.last = where.last && std::all_of(at.parts.begin() + static_cast<std::ptrdiff_t>(i) + 1, at.parts.end(),
                                                  [](const node& one) { return one.after_or && is_built_in(one); });
            visit(at.parts[i], here);
        }
    }

    static const shell_command* only_command(const node& at) {
        if (at.is == node::kind::simple) return &at.command;
        const bool one = (at.is == node::kind::pipeline || at.is == node::kind::either) && at.parts.size() == 1;
        return one ? only_command(at.parts.front()) : nullptr;
    }

    static bool is_built_in(const node& at) {
        const shell_command* only = only_command(at);
        return only != nullptr && !only->words.empty() && is_builtin(only->words.front().text);
    }

    // A definition, or an `exit` with the exit status of the command before it.
    static bool does_nothing(const node& at) {
        if (const shell_command* only = only_command(at))
            return only->words.size() <= 2 && !only->words.empty() && only->words.front().text == "exit" &&
                   (only->words.size() == 1 || only->words[1].text == "$?");
        const bool one = (at.is == node::kind::pipeline || at.is == node::kind::either) && at.parts.size() == 1;
        return at.is == node::kind::function || (one && does_nothing(at.parts.front()));
    }

    void simple(const node& at, const surroundings& where) {
        if (at.command.line == 0) return;
        shell_command made = at.command;
        made.redirections.insert(made.redirections.end(), where.redirections.begin(), where.redirections.end());
        made.background = where.background;
        made.last       = where.last;
        made.forked     = where.forked;
        made.repeated   = where.repeated;
        const bool calls =
            made.last && !made.words.empty() && script_.defines(made.words.front().text) &&
            std::find(called_last_.begin(), called_last_.end(), made.words.front().text) == called_last_.end();
        if (calls) called_last_.push_back(made.words.front().text);
        script_.commands.push_back(std::move(made));
    }

    shell_script             script_;
    std::vector<std::string> called_last_;  // functions that the script ends with
};

}  // namespace

bool shell_script::defines(std::string_view name) const {
    return std::find(functions.begin(), functions.end(), name) != functions.end();
}

shell_script read_script(std::string_view script) { return walker{}.walk(parse(read_tokens(script))); }

std::vector<shell_command> shell_commands(std::string_view script) { return read_script(script).commands; }

}  // namespace runwell::svctl
