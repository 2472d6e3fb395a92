// The reader of shell scripts: it terminates for any bytes and reports only lines that exist; a quoted word reads back
// the same; and a comment after a script changes nothing.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "svctl/daemon_rules.hh"
#include "svctl/shell_script.hh"

namespace runwell::svctl {
namespace {

void must(bool holds) {
    if (!holds) std::abort();
}

// The words of an open quote aside, which goes on to the end.
bool stands_alike(const shell_command& one, const shell_command& other) {
    return one.line == other.line && one.background == other.background && one.last == other.last &&
           one.forked == other.forked && one.repeated == other.repeated && one.words.size() == other.words.size();
}

void read_commands(const std::string& text) {
    const auto         lines  = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
    const shell_script script = read_script(text);
    for (const shell_command& command : script.commands) {
        must(command.line >= 1 && command.line <= lines);
        must(!command.words.empty() || !command.redirections.empty());
        const shell_call call = call_of(command);
        must(call.words.size() <= command.words.size());
        static_cast<void>(daemonising_of(call));
    }
    // Newlines at the end are no commands.
    const shell_script same = read_script(text + "\n");
    if (text.empty() || text.back() == '\n')
        must(std::equal(script.commands.begin(), script.commands.end(), same.commands.begin(), same.commands.end(),
                        stands_alike));
}

void read_quoted(const std::string& text) {
    if (text.find('\0') != std::string::npos) return;
    const auto commands = shell_commands("x " + shell_quoted(text) + " # y");
    must(commands.size() == 1 && commands[0].words.size() == 2);
    must(commands[0].words[1].text == text && commands[0].words[1].literal && commands[0].last);
}

}  // namespace
}  // namespace runwell::svctl

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string text{reinterpret_cast<const char*>(bytes), size};
    runwell::svctl::read_commands(text);
    runwell::svctl::read_quoted(text);
    return 0;
}
