#include "svctl/shell_script.hh"

#include <algorithm>
#include <array>
#include <cctype>

namespace runwell::svctl {
namespace {

constexpr std::string_view reserved_before_a_command[] = {"if",    "then",  "elif", "else", "fi", "do",  "done",
                                                          "while", "until", "{",    "}",    "!",  "esac"};
constexpr std::string_view reserved_with_words[]       = {"for", "case", "select", "function"};

template <std::size_t N>
bool is_one_of(std::string_view word, const std::string_view (&words)[N]) {
    return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

class script_reader {
public:
    explicit script_reader(std::string_view script) : text_{script} {}

    std::vector<shell_command> read() {
        while (at_ < text_.size()) step();
        end_command(false);
        return std::move(commands_);
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

    void step() {
        const char c = text_[at_];
        if (sees("\\\n")) {
            at_ += 2;
            ++line_;
        } else if (c == ' ' || c == '\t' || c == '\r') {
            ++at_;
        } else if (c == '#') {
            at_ = std::min(text_.find('\n', at_), text_.size());
        } else if (c == '\n') {
            take();
            end_command(false);
            skip_here_documents();
        } else if (c == '<' || c == '>' || sees("&>")) {
            redirection("");
        } else if (c == '&' || c == ';' || c == '|' || c == '(' || c == ')') {
            separator();
        } else {
            word();
        }
    }

    void separator() {
        const char c = take();
        if (c == '(') ++depth_;
        if (c == ')' && depth_-- == 0) {  // of a pattern in case … esac
            depth_ = 0;
            now_   = {};
            return;
        }
        const bool doubled = at_ < text_.size() && text_[at_] == c && c != '(' && c != ')';
        if (doubled) ++at_;
        end_command(c == '&' && !doubled);
    }

    void redirection(std::string number) {
        std::string what = std::move(number);
        while (at_ < text_.size() && (text_[at_] == '<' || text_[at_] == '>' || text_[at_] == '&' || text_[at_] == '|'))
            what += take();
        const bool here = what.find("<<") != std::string::npos && what.find("<<<") == std::string::npos;
        const bool tabs = here && at_ < text_.size() && text_[at_] == '-';
        if (tabs) ++at_;
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
        const shell_word target = read_word();
        if (here) here_.push_back({target.text, tabs});
        begin();
        now_.redirections.push_back(what + target.text);
    }

    void word() {
        const unsigned line   = line_;
        shell_word     read   = read_word();
        const bool     number = !read.text.empty() && std::all_of(read.text.begin(), read.text.end(),
                                                                  [](unsigned char c) { return std::isdigit(c) != 0; });
        if (number && at_ < text_.size() && (text_[at_] == '<' || text_[at_] == '>')) return redirection(read.text);
        const bool first = now_.words.empty();
        if (first && read.literal && is_one_of(read.text, reserved_before_a_command)) return;
        if (first) now_.line = line;
        now_.words.push_back(std::move(read));
    }

    shell_word read_word() {
        shell_word made;
        for (bool more = at_ < text_.size(); more && at_ < text_.size();) {
            const char c = text_[at_];
            switch (c) {
                case ' ':
                case '\t':
                case '\r':
                case '\n':
                case ';':
                case '&':
                case '|':
                case '(':
                case ')':
                case '<':
                case '>': more = false; break;
                case '\'': single_quoted(made); break;
                case '"': double_quoted(made); break;
                case '\\':
                    take();
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
                    made.literal = false;
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

    void single_quoted(shell_word& into) {
        take();
        while (at_ < text_.size() && text_[at_] != '\'') into.text += take();
        if (at_ < text_.size()) take();
    }

    void double_quoted(shell_word& into) {
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
        if (text_[at_] != '(' && text_[at_] != '{') return;
        const char open = text_[at_], close = open == '(' ? ')' : '}';
        int        depth = 0;
        do {
            if (text_[at_] == open) ++depth;
            if (text_[at_] == close) --depth;
            into.text += take();
        } while (depth > 0 && at_ < text_.size());
    }

    void begin() {
        if (now_.line == 0) now_.line = line_;
    }

    void end_command(bool background) {
        const bool none  = now_.words.empty() && now_.redirections.empty();
        const bool words = !now_.words.empty() && now_.words.front().literal &&
                           is_one_of(now_.words.front().text, reserved_with_words);
        if (none && background && !commands_.empty()) commands_.back().background = true;  // { …; } &
        if (!none && !words) {
            now_.background = background;
            commands_.push_back(std::move(now_));
        }
        now_ = {};
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
    std::size_t                at_    = 0;
    unsigned                   line_  = 1;
    int                        depth_ = 0;
    shell_command              now_;
    std::vector<here_document> here_;
    std::vector<shell_command> commands_;
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
};

// Long options whose argument may be the next word: those of runwell's chpst.
constexpr std::string_view long_with_argument[] = {"groups",     "umask",        "oom-score", "cap-drop", "cap-keep",
                                                   "cpus",       "io-class",     "io-prio",   "sched",    "cgroup",
                                                   "cgroup-set", "death-signal", "read-only", "may-read", "may-write"};

std::string_view base_of(std::string_view path) { return path.substr(path.rfind('/') + 1); }

const wrapper_row* wrapper_of(const shell_word& word) {
    const std::string_view name = base_of(word.text);
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

std::vector<shell_command> shell_commands(std::string_view script) { return script_reader{script}.read(); }

shell_call call_of(const shell_command& command) {
    const word_list& words = command.words;
    shell_call       call;
    std::size_t      at = 0;
    while (at < words.size() && is_assignment(words[at].text)) ++at;
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
