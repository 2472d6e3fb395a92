#include "svctl/shell_parser.hh"

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <utility>

namespace runwell::svctl {
namespace {

constexpr std::size_t deepest = 100;  // compounds within compounds; deeper ones are read as simple commands

class parser {
public:
    explicit parser(std::vector<token> tokens) : tokens_{std::move(tokens)} { tokens_.push_back({}); }

    node read() {
        node all{.is = node::kind::sequence};
        while (!ends()) {
            node some = list();
            std::move(some.parts.begin(), some.parts.end(), std::back_inserter(all.parts));
            if (!ends()) ++at_;  // what closes nothing: ) fi done
        }
        return all;
    }

private:
    using words = std::initializer_list<std::string_view>;

    static constexpr std::string_view closing[] = {"then", "elif", "else", "fi", "do", "done", "}", "esac"};

    const token& now() const { return tokens_[at_]; }
    bool         ends() const { return now().is == token::kind::end; }
    bool         says_any(words of) const {
                return std::any_of(of.begin(), of.end(), [this](std::string_view one) { return now().says(one); });
    }
    bool closes() const {
        return ends() || now().marks(")") || now().marks(";;") || now().marks(";&") || now().marks(";;&") ||
               (now().is == token::kind::word && !now().quoted && is_one_of(now().word.text, closing));
    }
    void skip_newlines() {
        while (now().is == token::kind::newline) ++at_;
    }
    // Passes over the word that closes a compound, if it stands here.
    void pass(std::string_view word) {
        if (now().says(word) || now().marks(word)) ++at_;
    }

    // Up to a word that closes something.
    node list() {
        node made{.is = node::kind::sequence};
        for (;;) {
            while (now().is == token::kind::newline || now().marks(";") || now().marks("&")) ++at_;
            if (closes()) return made;
            made.parts.push_back(either());
            if (now().marks("&")) {
                made.parts.back().background = true;
                ++at_;
            }
        }
    }

    node either() {
        node made{.is = node::kind::either};
        made.parts.push_back(pipeline());
        while (now().marks("&&") || now().marks("||")) {
            const bool after_or = now().marks("||");
            ++at_;
            skip_newlines();
            if (closes()) break;
            made.parts.push_back(pipeline());
            made.parts.back().after_or = after_or;
        }
        return made;
    }

    node pipeline() {
        node made{.is = node::kind::pipeline};
        while (now().says("!") || now().says("time")) {
            made.negated = made.negated || now().says("!");
            ++at_;
        }
        made.parts.push_back(command());
        while (now().marks("|") || now().marks("|&")) {
            ++at_;
            skip_newlines();
            if (closes()) break;
            made.parts.push_back(command());
        }
        return made;
    }

    node command() {
        if (depth_ >= deepest) return simple();
        ++depth_;
        node made = compound_or_simple();
        --depth_;
        return made;
    }

    node compound_or_simple() {
        if (now().says("{")) return enclosed(node::kind::group, "}");
        if (now().marks("(")) return enclosed(node::kind::subshell, ")");
        if (now().says("if")) return if_();
        if (says_any({"while", "until"})) return while_();
        if (says_any({"for", "select"})) return for_();
        if (now().says("case")) return case_();
        if (now().says("[[")) return test();
        if (now().says("function")) {
            ++at_;
            return function();
        }
        const bool names = now().is == token::kind::word && tokens_[at_ + 1].marks("(");
        if (names && at_ + 2 < tokens_.size() && tokens_[at_ + 2].marks(")")) return function();
        return simple();
    }

    node with_redirections(node made) {
        for (; now().is == token::kind::redirection; ++at_) made.command.redirections.push_back(now().word.text);
        return made;
    }

    node enclosed(node::kind is, std::string_view until) {
        ++at_;
        node made{.is = is};
        made.parts.push_back(list());
        pass(until);
        return with_redirections(std::move(made));
    }

    node if_() {
        node made{.is = node::kind::branches};
        do {
            ++at_;  // if, elif
            made.parts.push_back(list());
            made.parts.back().condition = true;
            if (!now().says("then")) return made;
            ++at_;
            made.parts.push_back(list());
        } while (now().says("elif"));
        if (now().says("else")) {
            ++at_;
            made.parts.push_back(list());
        }
        pass("fi");
        return with_redirections(std::move(made));
    }

    node while_() {
        ++at_;
        node made{.is = node::kind::loop};
        made.parts.push_back(list());
        return body(std::move(made));
    }

    node for_() {
        while (!ends() && !now().says("do") && !now().says("{")) ++at_;
        return body({.is = node::kind::loop});
    }

    node body(node made) {
        const bool braces = now().says("{");
        if (!braces && !now().says("do")) return made;
        ++at_;
        made.parts.push_back(list());
        pass(braces ? "}" : "done");
        return with_redirections(std::move(made));
    }

    node case_() {
        node made{.is = node::kind::branches};
        while (!ends() && !now().says("in") && now().is != token::kind::newline) ++at_;
        skip_newlines();
        pass("in");
        for (;;) {
            while (now().is == token::kind::newline || now().marks(";;") || now().marks(";&") || now().marks(";;&"))
                ++at_;
            if (ends() || now().says("esac")) break;
            pass("(");
            while (!ends() && !now().marks(")") && now().is != token::kind::newline) ++at_;  // the pattern
            if (!now().marks(")")) break;
            ++at_;
            made.parts.push_back(list());
            if (!now().marks(";;") && !now().marks(";&") && !now().marks(";;&") && !now().says("esac")) break;
        }
        pass("esac");
        return with_redirections(std::move(made));
    }

    // [[ … ]]: && and < are part of it.
    node test() {
        node made;
        made.command.line = now().line;
        made.command.words.push_back(now().word);
        for (++at_; !ends() && now().is != token::kind::newline; ++at_) {
            if (now().is == token::kind::word) made.command.words.push_back(now().word);
            if (now().says("]]")) {
                ++at_;
                break;
            }
        }
        return made;
    }

    node function() {
        node made{.is = node::kind::function};
        if (now().is == token::kind::word) {
            made.name = now().word.text;
            ++at_;
        }
        pass("(");
        pass(")");
        skip_newlines();
        if (!closes()) made.parts.push_back(command());
        return made;
    }

    node simple() {
        node made;
        for (; now().is == token::kind::word || now().is == token::kind::redirection; ++at_) {
            if (made.command.line == 0 || (made.command.words.empty() && now().is == token::kind::word))
                made.command.line = now().line;
            if (now().is == token::kind::word)
                made.command.words.push_back(now().word);
            else
                made.command.redirections.push_back(now().word.text);
        }
        if (made.command.line == 0 && !ends()) ++at_;  // a ( where none may stand
        return made;
    }

    std::vector<token> tokens_;
    std::size_t        at_    = 0;
    std::size_t        depth_ = 0;
};

}  // namespace

node parse(std::vector<token> tokens) { return parser{std::move(tokens)}.read(); }

}  // namespace runwell::svctl
