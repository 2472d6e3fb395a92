#include "svctl/command_line.hh"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "core/version.hh"
#include "svctl/human.hh"
#include "svctl/terminal.hh"

namespace runwell::svctl {
namespace {

// CLI11 takes "[a,b]" for a list of its own, "a" and "b"; to svctl it is a pattern, or whatever it is. So such a word
// goes in with a mark, which is taken off again where it comes out.
constexpr char mark = '\x01';

std::string marked(std::string word) {
    const bool is_taken = word.starts_with(mark) || (word.starts_with('[') && word.ends_with(']'));
    return is_taken ? mark + word : word;
}

void as_it_is(CLI::Option* option) {
    option->transform([](std::string word) { return word.starts_with(mark) ? word.substr(1) : word; });
}

failure usage(const CLI::App& app, const CLI::ParseError& wrong) {
    std::string help = "svctl";
    for (const CLI::App* one : app.get_subcommands()) help += " " + one->get_name();
    std::string cause = wrong.what();
    std::erase(cause, mark);
    return {exit_code::usage, printable(cause), "how it is used: " + help + " --help"};
}

// What stands where a command is looked for.
failure no_command(const CLI::App& app) {
    std::string word = app.remaining().empty() ? "" : app.remaining().front();
    std::erase(word, mark);
    std::vector<std::string> commands;
    for (const CLI::App* one : app.get_subcommands([](const CLI::App*) { return true; }))
        commands.push_back(one->get_name());
    const std::string meant = likeliest(word, commands);
    return {exit_code::usage, "'" + printable(word) + "' is no command",
            meant.empty() ? "see what there is: svctl --help" : "did you mean 'svctl " + meant + "'?"};
}

}  // namespace

struct command_line::inside {
    struct common {
        std::string              names;
        std::string*             into;
        std::string              placeholder;
        std::vector<std::string> allowed;
        std::string              help;
    };

    CLI::App            app{"Look at services and tell them what to do", "svctl"};
    std::vector<common> everywhere;
    action              chosen;

    static void add(CLI::App& to, const common& option) {
        auto* made = to.add_option(option.names, *option.into, option.help)->type_name(option.placeholder);
        made->take_last();
        as_it_is(made);
        if (!option.allowed.empty()) made->check(CLI::IsMember{option.allowed})->type_name(option.placeholder);
    }
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
    app_->add_option(names, into, help)->check(CLI::NonNegativeNumber)->type_name(placeholder)->take_last();
    return *this;
}

command& command::choice(const std::string& names, std::string& into, const std::vector<std::string>& allowed,
                         const std::string& help) {
    std::string placeholder;
    for (const std::string& one : allowed) placeholder += (placeholder.empty() ? "" : "|") + one;
    app_->add_option(names, into, help)->check(CLI::IsMember{allowed})->type_name(placeholder)->take_last();
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
    in_->app.footer("svctl COMMAND --help tells more of one. The manual: man svctl");
}

command_line::~command_line() = default;

void command_line::everywhere(const std::string& names, std::string& into, const std::string& placeholder,
                              const std::vector<std::string>& allowed, const std::string& help) {
    in_->everywhere.push_back({names, &into, placeholder, allowed, help});
    inside::add(in_->app, in_->everywhere.back());
}

command command_line::add(const std::string& name, const std::string& help) {
    CLI::App* made = in_->app.add_subcommand(name, help);
    made->set_help_flag("-h,--help", "print this");
    for (const auto& option : in_->everywhere) inside::add(*made, option);
    return {*made, in_->chosen};
}

action command_line::read(int argc, const char* const* argv, action otherwise) {
    in_->chosen = std::move(otherwise);
    try {
        std::vector<std::string> words;  // the last one first
        for (int i = argc - 1; i > 0; --i) words.push_back(marked(argv[i]));
        in_->app.parse(words);
    } catch (const CLI::Success& asked) {  // --help, --version: CLI11 prints them
        in_->app.exit(asked);
        return [] { return exit_code::good; };
    } catch (const CLI::ExtrasError& wrong) {
        if (in_->app.get_subcommands().empty()) throw no_command(in_->app);
        throw usage(in_->app, wrong);
    } catch (const CLI::ParseError& wrong) {
        throw usage(in_->app, wrong);
    }
    return in_->chosen;
}

}  // namespace runwell::svctl
