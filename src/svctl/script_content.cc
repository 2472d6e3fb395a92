// script_content.cc — what a shell script does that it should not: check_content() of script_checks.hh.
#include <algorithm>
#include <filesystem>
#include <iterator>

#include "core/text.hh"
#include "svctl/daemon_rules.hh"
#include "svctl/files.hh"
#include "svctl/identity.hh"
#include "svctl/script_checks.hh"
#include "svctl/shell_tokens.hh"

namespace runwell::svctl {
namespace {

namespace fs = std::filesystem;

// Programs that exit by themselves: no service, where a script ends with them.
constexpr std::string_view short_programs[] = {
    "rm",       "mkdir",    "touch",   "chmod",    "chown",     "chgrp",      "cp",       "mv",      "ln",     "rmdir",
    "install",  "sv",       "svctl",   "mount",    "umount",    "mountpoint", "modprobe", "rmmod",   "insmod", "sysctl",
    "ip",       "ifconfig", "route",   "iptables", "ip6tables", "nft",        "killall",  "pkill",   "pidof",  "pgrep",
    "hostname", "loadkeys", "setfont", "udevadm",  "swapon",    "swapoff",    "sync",     "date",    "grep",   "sed",
    "awk",      "sort",     "ls",      "id",       "uname",     "mkfifo",     "mktemp",   "findmnt", "unlink"};

class content {
public:
    explicit content(const script& of) : of_{of}, text_{read_file(of.path).text} {}

    std::vector<fault> check() {
        line_ends();
        if (of_.is == role::other || !is_shell_script(text_)) return std::move(found_);
        read_        = read_script(text_);
        knows_       = calls("wait") || calls("trap") || calls("fg");
        sources_     = reads_functions();
        bool any     = false;  // what is, or may be, a service
        bool stderr_ = false;
        for (const shell_command& command : read_.commands) {
            const shell_call call = call_of(command);
            if (call.exec && call.words.empty()) stderr_ = stderr_ || moves_stderr(command);
            any = any || command.repeated || (!call.words.empty() && !is_harmless(call));
            if (is_service(command, call)) service(command, call, stderr_);
        }
        if (!any) add(remedy::no_command, 0, {});
        return std::move(found_);
    }

private:
    void add(remedy what, unsigned line, std::vector<std::string> words) {
        std::vector<std::string> all{of_.shown, shell_quoted(of_.path)};
        std::move(words.begin(), words.end(), std::back_inserter(all));
        const bool known = std::any_of(found_.begin(), found_.end(),
                                       [&](const fault& one) { return one.what == what && one.words == all; });
        if (!known) found_.push_back({what, std::move(all), line});
    }

    void line_ends() {
        const std::size_t at = text_.find("\r\n");
        if (at == std::string::npos || at < text_.find('\n')) return;  // check_program() says that of the first line
        add(remedy::crlf,
            static_cast<unsigned>(std::count(text_.begin(), text_.begin() + static_cast<long>(at), '\n')) + 1, {});
    }

    bool calls(std::string_view name) const {
        return std::any_of(read_.commands.begin(), read_.commands.end(), [name](const shell_command& one) {
            return !one.words.empty() && one.words.front().text == name;
        });
    }

    // Whether it reads a file that may define functions: one of settings does not.
    bool reads_functions() const {
        return std::any_of(read_.commands.begin(), read_.commands.end(), [](const shell_command& one) {
            const bool reads = one.words.size() > 1 && (one.words[0].text == "." || one.words[0].text == "source");
            if (!reads) return !one.words.empty() && one.words[0].text == "eval";
            const std::string&     path = one.words[1].text;
            const std::string_view name = base_name(path);
            return !name.ends_with("conf") && !name.ends_with("env") && path.find("/default/") == std::string::npos &&
                   path.find("/conf.d/") == std::string::npos && path.find("/sysconfig/") == std::string::npos;
        });
    }

    static bool moves_stderr(const shell_command& command) {
        return std::any_of(command.redirections.begin(), command.redirections.end(), [](const std::string& one) {
            return one.starts_with("2>") || one.starts_with("&>") || one.starts_with(">&");
        });
    }

    // It starts nothing that lives on.
    static bool is_harmless(const shell_call& call) {
        constexpr std::string_view others[] = {".", "source", "eval", "read", "wait", "trap"};
        const std::string&         name     = call.words.front().text;
        return call.words.front().literal && is_builtin(name) && !is_one_of(name, others) && !call.exec;
    }

    // A program, as far as can be seen: neither the shell's own, nor a function.
    bool is_program(const shell_call& call) const {
        const shell_word& word = call.words.front();
        if (!word.literal || word.text.empty() || is_builtin(word.text) || read_.defines(word.text)) return false;
        if (word.text.find('=') != std::string::npos) return false;
        // A file that is read in may define any function.
        return !sources_ || call.exec || word.text.find('/') != std::string::npos || in_path(word.text);
    }

    bool is_service(const shell_command& command, const shell_call& call) const {
        if (call.words.empty()) return false;
        if (call.exec) return !command.forked;
        return command.last && !command.forked && is_program(call);
    }

    void service(const shell_command& command, const shell_call& call, bool stderr_moved) {
        const shell_word& program = call.words.front();
        if (command.background && !knows_)
            add(remedy::background, command.line, {std::to_string(command.line)});
        else if (!call.exec && !knows_ && !is_one_of(base_name(program.text), short_programs))
            add(remedy::no_exec, command.line, {program.text, call.first});
        daemonises(command, call);
        if (call.exec) is_installed(command, call);
        if (of_.is == role::service && of_.has_logger && !stderr_moved && !moves_stderr(command) &&
            !is_one_of(base_name(program.text), short_programs))
            add(remedy::stderr_lost, command.line, {std::to_string(command.line)});
        if (call.user && call.user->literal && !identity_of(call.user->text))
            add(remedy::no_user, command.line, {call.user->text, shell_quoted(split(call.user->text, ':').head)});
    }

    void daemonises(const shell_command& command, const shell_call& call) {
        const auto found = daemonising_of(call);
        if (!found) return;
        switch (found->sure) {
            case daemonising::certainty::certain:
                return add(remedy::daemonises, command.line, {found->program, found->cure});
            case daemonising::certainty::unless_configured:
                // A script that writes or reads the configuration for it is believed.
                if (text_.find(found->keeps) == std::string::npos)
                    add(remedy::daemonises_unless_configured, command.line, {found->program, found->cure});
                return;
            case daemonising::certainty::unless_in_variable:
                return add(remedy::daemonises_unless_in_variable, command.line, {found->program, found->cure});
        }
    }

    void is_installed(const shell_command& command, const shell_call& call) {
        // What stands behind busybox is one of its own programs.
        const auto        busybox = std::find_if(command.words.begin(), command.words.end(),
                                                 [](const shell_word& w) { return base_name(w.text) == "busybox"; });
        const shell_word& word    = busybox != command.words.end() ? *busybox : call.words.front();
        if (!word.literal || calls("cd") || text_.find("PATH=") != std::string::npos) return;
        if (word.text.find('/') == std::string::npos) {
            if (!in_path(word.text)) add(remedy::not_in_path, command.line, {word.text});
            return;
        }
        const file_info file =
            file_info_of((fs::path{of_.path}.parent_path() / word.text).string());  // an absolute one replaces the rest
        if (!file.exists() && !file.hidden()) add(remedy::not_installed, command.line, {word.text});
    }

    const script&      of_;
    const std::string  text_;
    shell_script       read_;
    bool               knows_   = false;  // it waits for its children, or catches signals: the shell has to stay
    bool               sources_ = false;
    std::vector<fault> found_;
};

}  // namespace

std::vector<fault> check_content(const script& of) { return content{of}.check(); }

}  // namespace runwell::svctl
