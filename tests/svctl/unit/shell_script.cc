#include "svctl/shell_script.hh"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <memory>

namespace runwell::svctl {
namespace {

// "2:exec|nginx|-g|daemon off; >2>&1" for each command.
std::string shape(std::string_view script) {
    std::string text;
    for (const shell_command& command : shell_commands(script)) {
        text += std::to_string(command.line) + ":";
        for (std::size_t i = 0; i < command.words.size(); ++i)
            text += (i > 0 ? "|" : "") + command.words[i].text + (command.words[i].literal ? "" : "?");
        for (const std::string& redirection : command.redirections) text += " >" + redirection;
        text += command.background ? " &\n" : "\n";
    }
    return text;
}

// "user: command words"
std::string call(std::string_view script) {
    const auto       commands = shell_commands(script);
    const shell_call made     = call_of(commands.at(0));
    std::string      text     = made.exec ? "exec" : "fork";
    if (made.user) text += " " + made.user->text + ":";
    for (const shell_word& word : made.words) text += " " + word.text;
    return text;
}

TEST(shell_script, commands_have_lines_words_and_redirections) {
    EXPECT_EQ(shape("#!/bin/sh\nexec 2>&1\n\nexec nginx -g 'daemon off;'\n"),
              "2:exec >2>&1\n4:exec|nginx|-g|daemon off;\n");
    EXPECT_EQ(shape("a; b && c || d | e & f"), "1:a\n1:b &\n1:c &\n1:d &\n1:e &\n1:f\n");
    EXPECT_EQ(shape("a >/dev/null 2>&1 <in"), "1:a >>/dev/null >2>&1 ><in\n");
    EXPECT_EQ(shape("a &>log"), "1:a >&>log\n");
}

TEST(shell_script, quotes_make_words_and_are_no_part_of_them) {
    EXPECT_EQ(shape(R"(a 'b  c' "d\"e" f\ g '' "x"y'z')"), "1:a|b  c|d\"e|f g||xyz\n");
    EXPECT_EQ(shape("a 'b\nc'\nd"), "1:a|b\nc\n3:d\n");
    EXPECT_EQ(shape("a \\\n  b\nc"), "1:a|b\n3:c\n");
    EXPECT_EQ(shape(R"(a "\n\$x")"), "1:a|\\n$x\n");
}

TEST(shell_script, what_is_expanded_is_not_literal) {
    EXPECT_EQ(shape("a $b ${c:-d e} $(f g) `h i` \"$j k\" '$l' m* ~/n 5$"),
              "1:a|$b?|${c:-d e}?|$(f g)?|`h i`?|$j k?|$l|m*?|~/n?|5$\n");
}

TEST(shell_script, comments_and_here_documents_are_no_commands) {
    EXPECT_EQ(shape("a # b\n#c\nd#e\n"), "1:a\n3:d#e\n");
    EXPECT_EQ(shape("cat <<END\nnginx\nEND\nb\n"), "1:cat ><<END\n4:b\n");
    EXPECT_EQ(shape("cat <<-'X'\n\tnginx\n\tX\nb\n"), "1:cat ><<X\n4:b\n");
}

TEST(shell_script, commands_within_others_are_found) {
    EXPECT_EQ(shape("if a; then b; else c; fi"), "1:a\n1:b\n1:c\n");
    EXPECT_EQ(shape("while :; do a; done"), "1::\n1:a\n");
    EXPECT_EQ(shape("for i in x y; do a $i; done"), "1:a|$i?\n");
    EXPECT_EQ(shape("case $x in\n nginx) a;;\n *) b;;\nesac"), "2:a\n3:b\n");
    EXPECT_EQ(shape("(a; b) &\n{ c; } &"), "1:a &\n1:b &\n2:c &\n");
}

// The commands that the script ends with: those that exec could stand before, as far as the shell is concerned.
std::string ends(std::string_view script) {
    std::string text;
    for (const shell_command& command : shell_commands(script))
        if (command.last && !command.words.empty())
            text += (text.empty() ? "" : " ") + command.words.front().text + (command.forked ? "()" : "") +
                    (command.background ? "&" : "");
    return text;
}

TEST(shell_script, it_is_known_what_a_script_ends_with) {
    EXPECT_EQ(ends("a; b"), "b");
    EXPECT_EQ(ends("a && b"), "b");
    EXPECT_EQ(ends("a || b"), "b");
    EXPECT_EQ(ends("a || exit 1"), "a exit");
    EXPECT_EQ(ends("a; exit $?"), "a exit");
    EXPECT_EQ(ends("a; exit 1"), "exit");
    EXPECT_EQ(ends("! a"), "");
    EXPECT_EQ(ends("a | b"), "");
    EXPECT_EQ(ends("(a; b)"), "b()");
    EXPECT_EQ(ends("{ a; b; } 2>&1"), "b");
    EXPECT_EQ(ends("a &"), "a&");
    EXPECT_EQ(ends("a & b"), "b");
    EXPECT_EQ(ends("if a; then b; elif c; then d; else e; fi"), "b d e");
    EXPECT_EQ(ends("if a; then b; fi; c"), "c");
    EXPECT_EQ(ends("case $1 in (a) b;; c|d) e; f;; esac"), "b f");
    EXPECT_EQ(ends("while a; do b; done"), "");
    EXPECT_EQ(ends("for i in a b; do c; done; d"), "d");
    EXPECT_EQ(ends("for ((i=0; i<3; i++)); do c; done"), "");
    EXPECT_EQ(ends("f() { a; b; }; f"), "b f");
    EXPECT_EQ(ends("f() { a; b; }; c"), "c");
    EXPECT_EQ(ends("function f { g; }\ng() { a; }\nf"), "g a f");
    EXPECT_EQ(ends("f() { f; }; f"), "f f");
    EXPECT_EQ(ends("f() (\n a\n)\nf"), "a() f");
    EXPECT_EQ(ends("cat <<X\nb\nX\n"), "cat");
    EXPECT_EQ(ends("a\nf() { b; }"), "a");
    EXPECT_EQ(ends("[[ a && b ]] || c"), "c");
    EXPECT_EQ(ends("x=(a b); c"), "c");
    EXPECT_EQ(ends("'if' a; b"), "b") << "a quoted word is no reserved word";
    EXPECT_EQ(ends("echo if; then b"), "b") << "nor is an argument";
}

TEST(shell_script, what_a_compound_is_redirected_to_its_commands_are) {
    EXPECT_EQ(shape("{ a; b >x; } 2>&1"), "1:a >2>&1\n1:b >>x >2>&1\n");
    EXPECT_EQ(shape("while a; do b; done <c"), "1:a ><c\n1:b ><c\n");
}

TEST(shell_script, compounds_may_be_as_deep_as_they_like) {
    std::string deep(5000, '(');
    deep += "a" + std::string(5000, ')');
    EXPECT_FALSE(shell_commands(deep).empty());
    std::string ifs;
    for (int i = 0; i < 3000; ++i) ifs += "if a; then ";
    EXPECT_FALSE(shell_commands(ifs + "b").empty());
}

TEST(shell_script, what_is_left_open_ends_with_the_script) {
    for (const char* script :
         {"a 'b", "a \"b", "a $(b", "a ${b", "a `b", "a \\", "cat <<X",   "a >",          "a &&", "(",          ")",
          "'",    "<<",    "\\\n",  "if",    "if a", "case", "case x in", "case x in a)", "f()",  "function",   "! ",
          "time", "for",   "[[ a",  "x=(",   "$((",  "{ a",  "a | | b",   "fi",           ";; a", "done done }"})
        shell_commands(script);
    EXPECT_EQ(shape("a 'b"), "1:a|b\n");
}

TEST(shell_script, the_command_is_behind_exec_assignments_and_wrappers) {
    EXPECT_EQ(call("nginx -g x"), "fork nginx -g x");
    EXPECT_EQ(call("exec nginx"), "exec nginx");
    EXPECT_EQ(call("A=1 B= exec -a name nginx"), "exec nginx");
    EXPECT_EQ(call("exec 2>&1"), "exec");
    EXPECT_EQ(call("exec chpst -u web:www -e ./env -P nginx -d"), "exec web:www: nginx -d");
    EXPECT_EQ(call("exec chpst -Pvuweb -- nginx"), "exec web: nginx");
    EXPECT_EQ(call("exec /usr/bin/chpst --umask 022 --no-new-privs --cpus=1 nginx"), "exec nginx");
    EXPECT_EQ(call("exec setuidgid web env -i A=1 nice -n 5 nginx"), "exec web: nginx");
    EXPECT_EQ(call("exec envdir ./env softlimit -m 1000 setlock -n lock nginx"), "exec nginx");
    EXPECT_EQ(call("exec taskset 0x3 timeout -k 5 10 su-exec web nginx"), "exec web: nginx");
    EXPECT_EQ(call("exec chpst -u"), "exec");
    EXPECT_EQ(call("exec $PROGRAM x"), "exec $PROGRAM x");
}

// The oracle: what a real shell makes of it.
std::string said_by_sh(const std::string& script) {
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe{::popen(script.c_str(), "r"), ::pclose};
    std::array<char, 256>                       bytes{};
    std::string                                 text;
    while (const std::size_t got = std::fread(bytes.data(), 1, bytes.size(), pipe.get()))
        text.append(bytes.data(), got);
    return text;
}

TEST(shell_script, a_quoted_word_comes_back_from_sh_as_it_was) {
    const std::string words[] = {"",          "plain",       "two words", "it's", "'", "$HOME", "`id`", "a\\b",
                                 "new\nline", "tab\t",       "*",         "~",    "#", "a;b",   "\"",   "!",
                                 "{a,b}",     "daemon off;", "ünï",       "-n",   "=", "a=b"};
    std::string       script  = "printf '%s\\n'", expected;
    for (const std::string& word : words) {
        script += " " + shell_quoted(word);
        expected += word + "\n";
    }
    EXPECT_EQ(said_by_sh(script), expected);
    const auto commands = shell_commands(script);
    ASSERT_EQ(commands.size(), 1U);
    for (std::size_t i = 0; i < std::size(words); ++i) {
        EXPECT_EQ(commands[0].words.at(i + 2).text, words[i]);
        EXPECT_TRUE(commands[0].words.at(i + 2).literal);
    }
    EXPECT_EQ(shell_quoted("/usr/bin/x-1.2"), "/usr/bin/x-1.2") << "not quoted where that is not needed";
}

}  // namespace
}  // namespace runwell::svctl
