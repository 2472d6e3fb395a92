#include "svctl/shell_tokens.hh"

#include <cctype>
#include <utility>

namespace runwell::svctl {
namespace {

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

}  // namespace

std::vector<token> read_tokens(std::string_view script) { return tokenizer{script}.read(); }

}  // namespace runwell::svctl
