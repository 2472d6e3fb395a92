#include "svctl/command_line.hh"

#include <charconv>
#include <CLI/CLI.hpp>
#include <cstdio>
#include <set>
#include <span>

#include "core/version.hh"
#include "svctl/human.hh"
#include "svctl/shell_script.hh"
#include "svctl/terminal.hh"
#include "svctl/words.hh"

namespace runwell::svctl {
namespace {

// CLI11 takes "[a,b]" for a list of its own, "a" and "b"; to svctl it is a pattern, or whatever it is. So such a word
// goes in with a mark, which is taken off again where it comes out.
constexpr char   mark        = '\x01';
constexpr double most_number = 1e15;

std::string marked(std::string word) {
    const bool is_taken = word.starts_with(mark) || (word.starts_with('[') && word.ends_with(']'));
    return is_taken ? mark + word : word;
}

void as_it_is(CLI::Option* option) {
    option->transform([](std::string word) { return word.starts_with(mark) ? word.substr(1) : word; });
}

// Numbers as people write them: 7, 0.5, not "inf" or "0x10".
std::optional<double> number_in(std::string_view word) {
    const std::size_t digits = word.find_first_not_of("0123456789");
    const bool        fits   = word.find_first_not_of("0123456789.") == std::string_view::npos && digits != 0;
    double            value  = 0;
    const auto        end    = std::from_chars(word.data(), word.data() + word.size(), value, std::chars_format::fixed);
    return fits && end.ec == std::errc{} && end.ptr == word.data() + word.size() && value <= most_number
               ? std::optional{value}
               : std::nullopt;
}

CLI::Validator one_of(const std::vector<std::string>& allowed) {
    const auto refused = [allowed](const std::string& word) -> std::string {
        if (std::find(allowed.begin(), allowed.end(), word) != allowed.end()) return {};
        return printable(word) + " is none of: " + joined(allowed, ", ");
    };
    return {refused, ""};
}

std::string path_of(const CLI::App& app) {
    std::string path = "svctl";
    for (const CLI::App* one : app.get_subcommands()) path += " " + one->get_name();
    return path;
}

failure usage(const CLI::App& app, const CLI::ParseError& wrong) {
    std::string cause = wrong.what();
    std::erase(cause, mark);
    return {exit_code::usage, printable(cause), "how it is used: " + path_of(app) + " --help"};
}

std::vector<std::string> names_of_commands(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* one : app.get_subcommands([](const CLI::App*) { return true; }))
        names.push_back(one->get_name());
    return names;
}

// The failure for a word that stands in the place of a command, with the words that follow it.
failure no_command(const CLI::App& app, const std::string& word, std::span<const std::string> rest) {
    const answer      said  = answer_to(word, rest, names_of_commands(app));
    const std::string cause = "'" + printable(word) + "' is no command";
    return {said.is_done ? exit_code::good : exit_code::usage,
            said.is_done         ? said.cause
            : said.cause.empty() ? cause
                                 : cause + ": " + said.cause,
            said.cure};
}

std::string command_of(std::span<const std::string> words) { return "svctl " + joined(words, " ", shell_quoted); }

// The words that the command needs and was not given.
std::string missing_of(const CLI::App& command) {
    std::string all;
    for (const CLI::Option* one : command.get_options())
        if (one->get_required() && one->count() == 0) all += (all.empty() ? "" : " and ") + one->get_name();
    return all;
}

// Which options there are, and whether they take a value.
struct known_options {
    std::set<std::string> with_value, flags, commands;

    explicit known_options(const CLI::App& app) {
        add(app);
        for (const CLI::App* one : app.get_subcommands([](const CLI::App*) { return true; })) {
            add(*one);
            commands.insert(one->get_name());
        }
    }
    // One that is both, for different commands, takes what is no command.
    bool takes_value(const std::string& option, const std::string& next) const {
        return with_value.contains(option) &&
               (!flags.contains(option) || !commands.contains(std::string{canonical(next)}));
    }

private:
    void add(const CLI::App& of) {
        for (const CLI::Option* one : of.get_options()) {
            auto& into = one->get_items_expected_max() > 0 ? with_value : flags;
            for (const std::string& name : one->get_lnames()) into.insert("--" + name);
            for (const std::string& name : one->get_snames()) into.insert("-" + name);
        }
    }
};

// Where the command stands; the number of words where there is none. Options may stand before it, with their values.
std::size_t place_of_command(std::span<const std::string> words, const known_options& known) {
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i];
        if (word == "--") return i + 1;
        if (word.size() < 2 || word.front() != '-') return i;
        if (i + 1 < words.size() && known.takes_value(word, words[i + 1])) ++i;
    }
    return words.size();
}

// An option that the command does not have.
failure no_option(const CLI::App& app, const CLI::App& command, std::span<const std::string> words,
                  const known_options& known) {
    std::vector<std::string> extras = command.remaining();
    if (extras.empty()) extras = app.remaining();
    std::string word = extras.empty() ? "" : extras.front();
    std::erase(word, mark);
    const std::string& name = command.get_name();
    const std::string  cause =
        name + ": " + printable(word) + (word.starts_with('-') ? " is no option of it" : " is one argument too many");
    if (!word.starts_with('-')) return {exit_code::usage, cause, "how it is used: svctl " + name + " --help"};
    if (name == "new") {  // svctl new web nginx -g 'daemon off;'
        std::vector<std::string> mended{words.begin(), words.end()};
        std::size_t              plain = 0;
        for (std::size_t i = 1; i < mended.size(); ++i) {
            if (mended[i].starts_with('-')) {
                if (i + 1 < mended.size() && known.takes_value(mended[i], mended[i + 1])) ++i;
            } else if (++plain == 2) {
                mended.insert(mended.begin() + static_cast<std::ptrdiff_t>(i), "--");
                break;
            }
        }
        if (plain == 2)
            return {exit_code::usage, cause,
                    "options of the program stand behind --: " + printable(command_of(mended))};
    }
    if (const std::string_view said = answer_to_option(word); !said.empty())
        return {exit_code::usage, cause, std::string{said}};
    std::vector<std::string> own;
    for (const CLI::Option* one : command.get_options())
        for (const std::string& option : one->get_lnames()) own.push_back("--" + option);
    const std::string meant = likeliest(word.substr(0, word.find('=')), own);
    return {exit_code::usage, cause,
            meant.empty() ? "how it is used: svctl " + name + " --help"
                          : "did you mean " + meant + "? All of them: svctl " + name + " --help"};
}

// --help: what CLI11 knows, in lines of 80 columns at most.
class help_text : public CLI::Formatter {
public:
    std::string make_help(const CLI::App* app, std::string /*name*/, CLI::AppFormatMode /*mode*/) const override {
        const bool  whole = app->get_parent() == nullptr;
        std::string text =
            "Usage: svctl " + (whole ? "[OPTION…] [COMMAND [ARGUMENT…]]" : app->get_name() + usage_of(*app));
        text += "\n" + lines("", app->get_description(), 0) + "\n";
        if (whole)
            for (const std::string& heading : headings(*app)) {
                text += heading + ":\n";
                for (const CLI::App* one : app->get_subcommands([](const CLI::App*) { return true; }))
                    if (one->get_group() == heading) text += lines("  " + one->get_name(), one->get_description(), 21);
                text += "\n";
            }
        for (const CLI::Option* one : app->get_options())
            if (one->get_positional()) text += lines("  " + one->get_name(), one->get_description(), room);
        text += whole ? "Options of all commands:\n" : "\nOptions:\n";
        for (const CLI::Option* one : app->get_options())
            if (!one->get_positional()) text += lines(names_of(*one), one->get_description(), room);
        const std::string all_notes = app->get_footer();
        std::string_view  footer    = all_notes;
        if (!footer.empty()) text += "\n";
        while (!footer.empty()) {
            const std::size_t end = std::min(footer.find('\n'), footer.size());
            text += lines("", std::string{footer.substr(0, end)}, 0);
            footer.remove_prefix(std::min(end + 1, footer.size()));
        }
        return text;
    }

private:
    static constexpr std::size_t room = 26;

    static std::string lines(const std::string& first, const std::string& text, std::size_t indent) {
        std::string all =
            first.size() + 2 > indent && indent > 0 ? first + "\n" + std::string(indent, ' ') : pad(first, indent);
        bool next = false;
        for (const std::string& line : wrapped(text, 80 - indent)) {
            all += (std::exchange(next, true) ? std::string(indent, ' ') : "") + line + "\n";
        }
        return all;
    }
    static std::string usage_of(const CLI::App& app) {
        std::string text = " [OPTION…]";
        for (const CLI::Option* one : app.get_options()) {
            if (!one->get_positional()) continue;
            const std::string name = one->get_name() + (one->get_items_expected_max() > 1 ? "…" : "");
            text += one->get_required() ? " " + name : " [" + name + "]";
        }
        return text;
    }
    static std::vector<std::string> headings(const CLI::App& app) {
        std::vector<std::string> all;
        for (const CLI::App* one : app.get_subcommands([](const CLI::App*) { return true; }))
            if (std::find(all.begin(), all.end(), one->get_group()) == all.end()) all.push_back(one->get_group());
        return all;
    }
    static std::string names_of(const CLI::Option& of) {
        std::string text = "  ";
        for (const std::string& name : of.get_snames()) text += "-" + name + (of.get_lnames().empty() ? "" : ", ");
        if (of.get_snames().empty()) text += "    ";
        for (const std::string& name : of.get_lnames())
            text += "--" + name + (&name == &of.get_lnames().back() ? "" : ", ");
        return of.get_items_expected_max() > 0 ? text + " " + of.get_type_name() : text;
    }
};

}  // namespace

struct command_line::inside {
    struct common {
        std::string              names;
        std::string*             into;
        bool*                    flag;  // where it takes no value
        std::string              placeholder;
        std::vector<std::string> allowed;
        std::string              help;
    };

    CLI::App            app{"Look at services and control them", "svctl"};
    std::vector<common> everywhere;
    std::string         section = "Commands";
    action              chosen;

    static void add(CLI::App& to, const common& option) {
        if (option.flag != nullptr) {
            to.add_flag(option.names, *option.flag, option.help);
            return;
        }
        auto* made = to.add_option(option.names, *option.into, option.help)->type_name(option.placeholder);
        made->take_last();
        as_it_is(made);
        if (!option.allowed.empty()) made->check(one_of(option.allowed))->type_name(option.placeholder);
    }

    std::vector<std::string> in_order(std::vector<std::string> words) const;
};

// -- one command -----------------------------------------------------------------------------------------------------

command& command::flag(const std::string& names, bool& into, const std::string& help) {
    app_->add_flag(names, into, help);
    return *this;
}

command& command::string(const std::string& names, std::string& into, const std::string& placeholder,
                         const std::string& help) {
    as_it_is(app_->add_option(names, into, help)->type_name(placeholder)->take_last());
    return *this;
}

command& command::strings(const std::string& names, std::vector<std::string>& into, const std::string& placeholder,
                          const std::string& help) {
    as_it_is(
        app_->add_option(names, into, help)->type_name(placeholder)->expected(1)->allow_extra_args(false)->take_all());
    return *this;
}

command& command::number(const std::string& names, std::optional<double>& into, const std::string& placeholder,
                         const std::string& help) {
    const auto refused = [](const std::string& word) -> std::string {
        return number_in(word) ? "" : printable(word) + " is no number: 0, 7 and 0.5 are";
    };
    app_->add_option(names, into, help)->check(CLI::Validator{refused, ""})->type_name(placeholder)->take_last();
    return *this;
}

command& command::whole(const std::string& names, std::optional<double>& into, const std::string& placeholder,
                        const std::string& help) {
    const auto refused = [](const std::string& word) -> std::string {
        return number_in(word) && word.find('.') == std::string::npos
                   ? ""
                   : printable(word) + " is no whole number: 0, 20 and 1000 are";
    };
    app_->add_option(names, into, help)->check(CLI::Validator{refused, ""})->type_name(placeholder)->take_last();
    return *this;
}

command& command::choice(const std::string& names, std::string& into, const std::vector<std::string>& allowed,
                         const std::string& help) {
    app_->add_option(names, into, help)->check(one_of(allowed))->type_name(joined(allowed, "|"))->take_last();
    return *this;
}

command& command::excludes(const std::string& one, const std::string& other) {
    app_->get_option(one)->excludes(app_->get_option(other));
    return *this;
}

command& command::word(const std::string& placeholder, std::string& into, const std::string& help) {
    as_it_is(app_->add_option(placeholder, into, help)->type_name("")->required());
    return *this;
}

command& command::words(const std::string& placeholder, std::vector<std::string>& into, const std::string& help) {
    as_it_is(app_->add_option(placeholder, into, help)->type_name("")->required());
    return *this;
}

command& command::maybe_words(const std::string& placeholder, std::vector<std::string>& into, const std::string& help) {
    as_it_is(app_->add_option(placeholder, into, help)->type_name(""));
    return *this;
}

command& command::note(const std::string& text) {
    app_->footer(text);
    return *this;
}

command& command::does(action what) {
    app_->final_callback([chosen = chosen_, what = std::move(what)] { *chosen = what; });
    return *this;
}

// -- all of them -----------------------------------------------------------------------------------------------------

command_line::command_line() : in_{std::make_unique<inside>()} {
    in_->app.require_subcommand(0, 1);
    in_->app.set_version_flag("-V,--version", std::string{version_words}, "print the version");
    in_->app.set_help_flag("-h,--help", "print this");
    in_->app.footer(
        "Without a command it is list. Options may stand before the command or after it.\n"
        "More of a command: svctl help COMMAND. The manual: man svctl");
    in_->app.formatter(std::make_shared<help_text>());
}

command_line::~command_line() = default;

void command_line::everywhere(const std::string& names, std::string& into, const std::string& placeholder,
                              const std::vector<std::string>& allowed, const std::string& help) {
    in_->everywhere.push_back({names, &into, nullptr, placeholder, allowed, help});
    inside::add(in_->app, in_->everywhere.back());
}

void command_line::everywhere(const std::string& names, bool& into, const std::string& help) {
    in_->everywhere.push_back({names, nullptr, &into, "", {}, help});
    inside::add(in_->app, in_->everywhere.back());
}

void command_line::section(const std::string& heading) { in_->section = heading; }

command command_line::add(const std::string& name, const std::string& help) {
    CLI::App* made = in_->app.add_subcommand(name, help)->group(in_->section);
    made->set_help_flag("-h,--help", "print this");
    made->footer("");  // not that of all
    for (const auto& option : in_->everywhere) inside::add(*made, option);
    return {*made, in_->chosen};
}

// -9 and -HUP of kill(1) are --signal=9, --signal=HUP.
std::string as_signal(const std::string& word) {
    const std::string_view rest      = std::string_view{word}.substr(std::min<std::size_t>(word.size(), 1));
    const bool             is_number = !rest.empty() && rest.find_first_not_of("0123456789") == std::string_view::npos;
    const bool             is_name =
        rest.size() > 2 && rest.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ12") == std::string_view::npos;
    return word.starts_with('-') && (is_number || is_name) ? "--signal=" + std::string{rest} : word;
}

// The command first, under its own name, then the options that stood before it. Without a command it is `list`, where
// there is anything that is not svctl's own; `help` is --help.
std::vector<std::string> command_line::inside::in_order(std::vector<std::string> words) const {
    const known_options known{app};
    const std::size_t   at = place_of_command(words, known);
    if (at >= words.size()) {
        const auto is_own = [](const std::string& one) {
            return one == "-h" || one == "--help" || one == "-V" || one == "--version";
        };
        if (words.empty() || std::any_of(words.begin(), words.end(), is_own)) return words;
        words.insert(words.begin(), "list");
        return words;
    }
    const auto  place = words.begin() + static_cast<std::ptrdiff_t>(at);
    std::string name{canonical(*place)};
    words.erase(place);
    if (at > 0 && words[at - 1] == "--") words.erase(words.begin() + static_cast<std::ptrdiff_t>(at) - 1);
    if (name == "kill")
        for (std::string& word : words) word = as_signal(word);
    if (name != "help") {
        words.insert(words.begin(), name);
        return words;
    }
    const std::size_t of = place_of_command(words, known);
    if (of >= words.size()) return {"--help"};
    return {std::string{canonical(words[of])}, "--help"};
}

action command_line::read(int argc, const char* const* argv, action otherwise) {
    in_->chosen                          = std::move(otherwise);
    const std::vector<std::string> words = in_->in_order({argv + 1, argv + argc});
    if (!words.empty() && !words.front().starts_with('-')) {
        const auto names = names_of_commands(in_->app);
        if (std::find(names.begin(), names.end(), words.front()) == names.end()) {
            const failure none = no_command(in_->app, words.front(), std::span{words}.subspan(1));
            if (none.code() != exit_code::good) throw none;
            return [none] { return say(none), exit_code::good; };
        }
    }
    try {
        std::vector<std::string> last_first;
        for (auto word = words.rbegin(); word != words.rend(); ++word) last_first.push_back(marked(*word));
        in_->app.parse(last_first);
    } catch (const CLI::Success& asked) {  // --help, --version: CLI11 prints them
        in_->app.exit(asked);
        return [] { return exit_code::good; };
    } catch (const CLI::ExtrasError& wrong) {
        if (in_->app.get_subcommands().empty()) throw usage(in_->app, wrong);
        throw no_option(in_->app, *in_->app.get_subcommands().front(), words, known_options{in_->app});
    } catch (const CLI::RequiredError&) {
        const CLI::App&    asked = *in_->app.get_subcommands().front();
        const std::string& name  = asked.get_name();
        const std::string  what  = missing_of(asked);
        throw failure{exit_code::usage, name + ": no " + what + " was given",
                      what == "NAME" ? "name a service, or a pattern for several: svctl " + name + " '*'"
                                     : "how it is used: svctl " + name + " --help"};
    } catch (const CLI::ParseError& wrong) {
        throw usage(in_->app, wrong);
    }
    return in_->chosen;
}

}  // namespace runwell::svctl
