#include "svctl/shell_script.hh"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <iterator>

#include "core/text.hh"

namespace runwell::svctl {
namespace {

constexpr std::size_t deepest = 100;  // compounds within compounds; what is deeper is read, and not told apart

template <std::size_t N>
bool is_one_of(std::string_view word, const std::string_view (&words)[N]) {
    return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

// -- tokens ----------------------------------------------------------------------------------------------------------

struct token {
    enum class kind : std::uint8_t { word, redirection, separator, newline, end };

    kind             is     = kind::end;
    shell_word       word   = {};
    bool             quoted = false;  // some of the word: it is no reserved word then
    std::string_view mark   = {};     // of a separator: ; & | ( ) && || ;; |& ;&
    unsigned         line   = 0;

    bool marks(std::string_view what) const { return is == kind::separator && mark == what; }
    bool says(std::string_view what) const { return is == kind::word && !quoted && word.text == what; }
};

class tokenizer {
public:
    explicit tokenizer(std::string_view script) : text_{script} {}

    std::vector<token> read() {
        while (at_ < text_.size()) step();
        add(token::kind::newline);
        return std::move(tokens_);
    }

private:
    struct here_document {
        std::string end;
        bool        tabs;  // <<-
    };

    bool sees(std::string_view what) const { return text_.substr(at_, what.size()) == what; }

    char take() {
        const char c = text_[at_++];
        if (c == '\n') ++line_;
        return c;
    }

    token& add(token::kind is) {
        tokens_.push_back({.is = is, .line = line_});
        return tokens_.back();
    }

    void step() {
        const char c = text_[at_];
        if (sees("\\\n")) {
            take(), take();
        } else if (c == ' ' || c == '\t' || c == '\r') {
            ++at_;
        } else if (c == '#') {
            at_ = std::min(text_.find('\n', at_), text_.size());
        } else if (c == '\n') {
            add(token::kind::newline);
            take();
            skip_here_documents();
        } else if ((c == '<' || c == '>' || sees("&>")) && !sees("<(") && !sees(">(")) {
            redirection("");
        } else if ((c == '&' || c == ';' || c == '|' || c == '(' || c == ')') && !(sees("((") && starts_arithmetic())) {
            separator();
        } else {
            word();
        }
    }

    void separator() {
        constexpr std::string_view marks[] = {";;&", "&&", "||", ";;", ";&", "|&", ";", "&", "|", "(", ")"};
        for (const std::string_view mark : marks)
            if (sees(mark)) {
                add(token::kind::separator).mark = mark;
                at_ += mark.size();
                return;
            }
    }

    // "((" begins arithmetic of bash where a command may begin and "))" closes it.
    bool starts_arithmetic() const { return text_.find("))", at_) != std::string_view::npos; }

    void redirection(std::string number) {
        const unsigned line = line_;
        std::string    what = std::move(number);
        while (at_ < text_.size() && (text_[at_] == '<' || text_[at_] == '>' || text_[at_] == '&' || text_[at_] == '|'))
            what += take();
        const bool here = what.find("<<") != std::string::npos && what.find("<<<") == std::string::npos;
        const bool tabs = here && at_ < text_.size() && text_[at_] == '-';
        if (tabs) ++at_;
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
        quoted_                 = false;
        const shell_word target = read_word();
        if (here) here_.push_back({target.text, tabs});
        token& made    = add(token::kind::redirection);
        made.line      = line;
        made.word.text = what + target.text;
    }

    void word() {
        const unsigned line  = line_;
        const auto     begin = at_;
        quoted_              = false;
        shell_word read      = read_word();
        if (at_ == begin) {  // nothing that begins a word
            take();
            return;
        }
        const bool number =
            !quoted_ && !read.text.empty() &&
            std::all_of(read.text.begin(), read.text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
        if (number && at_ < text_.size() && (text_[at_] == '<' || text_[at_] == '>')) return redirection(read.text);
        token& made = add(token::kind::word);
        made.line   = line;
        made.word   = std::move(read);
        made.quoted = quoted_;
    }

    shell_word read_word() {
        shell_word made;
        for (bool more = true; more && at_ < text_.size();) {
            const char c = text_[at_];
            switch (c) {
                case ' ':
                case '\t':
                case '\r':
                case '\n':
                case ';':
                case '&':
                case '|':
                case ')': more = false; break;
                case '(':  // an array of bash, a pattern of bash, arithmetic
                    more = made.text.ends_with('=') ||
                           (!made.text.empty() && !made.literal && is_extended(made.text)) ||
                           (made.text.empty() && sees("(("));
                    if (more) enclosed(made, '(', ')');
                    break;
                case '<':
                case '>':
                    more = made.text.empty() && at_ + 1 < text_.size() && text_[at_ + 1] == '(';
                    if (more) {
                        made.text += take();
                        enclosed(made, '(', ')');
                    }
                    break;
                case '\'': single_quoted(made); break;
                case '"': double_quoted(made); break;
                case '\\':
                    take();
                    quoted_ = true;
                    if (at_ < text_.size()) {
                        const char escaped = take();
                        if (escaped != '\n') made.text += escaped;
                    }
                    break;
                case '$':
                case '`': expansion(made); break;
                case '*':
                case '?':
                case '[':
                    made.literal = made.literal && (made.text.empty() || made.text == "[") && c == '[' && is_bracket();
                    made.text += take();
                    break;
                case '~':
                    if (made.text.empty()) made.literal = false;
                    made.text += take();
                    break;
                default: made.text += take(); break;
            }
        }
        return made;
    }

    static bool is_extended(std::string_view pattern) {
        return pattern.ends_with('?') || pattern.ends_with('*') || pattern.ends_with('+') || pattern.ends_with('@') ||
               pattern.ends_with('!');
    }

    // The commands [ and [[ are no patterns.
    bool is_bracket() const {
        const std::size_t next = at_ + 1;
        return next >= text_.size() || text_[next] == ' ' || text_[next] == '[' || text_[next] == '\t' ||
               text_[next] == '\n';
    }

    // To the parenthesis or brace that closes the next one, both included.
    void enclosed(shell_word& into, char open, char close) {
        int  depth = 0;
        char quote = '\0';
        do {
            const char c = take();
            into.text += c;
            if (c == '\\' && quote != '\'' && at_ < text_.size())
                into.text += take();
            else if (quote != '\0')
                quote = c == quote ? '\0' : quote;
            else if (c == '\'' || c == '"')
                quote = c;
            else
                depth += c == open ? 1 : c == close ? -1 : 0;
        } while (depth > 0 && at_ < text_.size());
        into.literal = false;
    }

    void single_quoted(shell_word& into) {
        quoted_ = true;
        take();
        while (at_ < text_.size() && text_[at_] != '\'') into.text += take();
        if (at_ < text_.size()) take();
    }

    void double_quoted(shell_word& into) {
        quoted_ = true;
        take();
        while (at_ < text_.size() && text_[at_] != '"') {
            const char c = text_[at_];
            if (c == '$' || c == '`') {
                expansion(into);
            } else if (c == '\\' && at_ + 1 < text_.size()) {
                take();
                const char escaped = take();
                if (escaped == '\n') continue;
                if (std::string_view{"$`\"\\"}.find(escaped) == std::string_view::npos) into.text += '\\';
                into.text += escaped;
            } else {
                into.text += take();
            }
        }
        if (at_ < text_.size()) take();
    }

    // $name ${…} $(…) `…`, as they stand.
    void expansion(shell_word& into) {
        const char c = take();
        into.text += c;
        if (c == '`') {
            while (at_ < text_.size() && text_[at_] != '`') into.text += take();
            if (at_ < text_.size()) into.text += take();
            into.literal = false;
            return;
        }
        if (at_ >= text_.size() || std::string_view{" \t\n\""}.find(text_[at_]) != std::string_view::npos) return;
        into.literal = false;
        if (text_[at_] == '(')
            enclosed(into, '(', ')');
        else if (text_[at_] == '{')
            enclosed(into, '{', '}');
    }

    void skip_here_documents() {
        for (const here_document& document : here_)
            for (bool found = false; !found && at_ < text_.size();) {
                const std::size_t end  = std::min(text_.find('\n', at_), text_.size());
                std::string_view  line = text_.substr(at_, end - at_);
                at_                    = std::min(end + 1, text_.size());
                ++line_;
                while (document.tabs && !line.empty() && line.front() == '\t') line.remove_prefix(1);
                found = line == document.end;
            }
        here_.clear();
    }

    std::string_view           text_;
    std::size_t                at_     = 0;
    unsigned                   line_   = 1;
    bool                       quoted_ = false;  // some of the word that was read last
    std::vector<here_document> here_;
    std::vector<token>         tokens_;
};

// -- the grammar -----------------------------------------------------------------------------------------------------

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

// -- what follows what -----------------------------------------------------------------------------------------------

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

bool shell_script::defines(std::string_view name) const {
    return std::find(functions.begin(), functions.end(), name) != functions.end();
}

bool is_builtin(std::string_view name) {
    constexpr std::string_view names[] = {
        ".",        ":",       "[",      "[[",      "((",     "alias", "bg",     "break",  "builtin", "cd",
        "continue", "declare", "disown", "echo",    "eval",   "exec",  "exit",   "export", "false",   "fg",
        "getopts",  "hash",    "jobs",   "kill",    "let",    "local", "printf", "pwd",    "read",    "readonly",
        "return",   "set",     "shift",  "shopt",   "source", "test",  "times",  "trap",   "true",    "type",
        "typeset",  "ulimit",  "umask",  "unalias", "unset",  "wait"};
    return is_one_of(name, names) || name.starts_with("((");
}

shell_script read_script(std::string_view script) { return walker{}.walk(parser{tokenizer{script}.read()}.read()); }

std::vector<shell_command> shell_commands(std::string_view script) { return read_script(script).commands; }

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
