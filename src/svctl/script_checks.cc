#include "svctl/script_checks.hh"

#include <elf.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "core/text.hh"
#include "svctl/errors.hh"
#include "svctl/files.hh"
#include "svctl/identity.hh"
#include "svctl/log_location.hh"
#include "svctl/shell_tokens.hh"
#include "svctl/terminal.hh"

namespace runwell::svctl {
namespace {

namespace fs = std::filesystem;

// What runit gives its services, and what its packages use besides.
constexpr std::string_view usual_path = "/usr/local/bin:/usr/local/sbin:/bin:/sbin:/usr/bin:/usr/sbin";

constexpr std::string_view shells[] = {"sh", "bash", "dash", "ash", "ksh", "mksh", "zsh", "invoke-run"};

// -- a program -------------------------------------------------------------------------------------------------------

// What an ELF file is made for, where this is another machine.
bool is_for_another_machine(const std::string& head) {
    if (head.size() < sizeof(Elf32_Ehdr)) return false;
    const std::string self = read_file("/proc/self/exe", sizeof(Elf64_Ehdr)).text;
    if (self.size() < sizeof(Elf64_Ehdr)) return false;
    constexpr std::size_t machine = offsetof(Elf64_Ehdr, e_machine);  // at the same place for 32 and 64 bits
    // An x86-64 kernel runs programs for i386, as an arm64 one may those for arm.
    const bool smaller = head[EI_CLASS] == ELFCLASS32 && self[EI_CLASS] == ELFCLASS64;
    return !smaller && std::memcmp(head.data() + machine, self.data() + machine, 2) != 0;
}

// The interpreter that an ELF program asks for (its dynamic linker), where the head of the file says so.
std::string linker_of(const std::string& head) {
    if (head.size() < sizeof(Elf64_Ehdr) || head[EI_CLASS] != ELFCLASS64) return {};
    Elf64_Ehdr file;
    std::memcpy(&file, head.data(), sizeof file);
    for (std::size_t i = 0; i < file.e_phnum; ++i) {
        Elf64_Phdr        segment;
        const std::size_t at = file.e_phoff + i * sizeof segment;
        if (at > head.size() || head.size() - at < sizeof segment) return {};
        std::memcpy(&segment, head.data() + at, sizeof segment);
        if (segment.p_type != PT_INTERP) continue;
        if (segment.p_offset > head.size() || head.size() - segment.p_offset < segment.p_filesz) return {};
        return head.data() + segment.p_offset;
    }
    return {};
}

constexpr std::string_view elf_mark =
    "\x7f"
    "ELF";
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

std::optional<fault> check_interpreter(const std::string& head, const std::string& shown, const std::string& quoted) {
    const interpreter by = interpreter_of(head);
    const auto        is = [&](remedy what, std::string why = "") {
        return fault{what, {shown, quoted, printable(by.path), std::move(why)}, 1};
    };
    if (by.carriage_return) return is(remedy::interpreter_crlf);
    if (by.path.empty()) return is(remedy::interpreter_unnamed);
    const file_info program = file_info_of(by.path);
    if (program.hidden()) return std::nullopt;
    if (!program.exists()) return is(remedy::interpreter_missing, error_text(program.code));
    if (!program.is_executable()) return is(remedy::interpreter_not_executable);
    const bool names = base_name(by.path) == "env" && !by.argument.empty() && by.argument.find_first_of("=-") != 0;
    if (names && !in_path(by.argument))
        return fault{remedy::env_finds_none, {shown, quoted, printable(by.argument)}, 1};
    return std::nullopt;
}

// -- a logger -------------------------------------------------------------------------------------------------------

// The command that starts svlogd in a script, and its log directories.
struct logger {
    shell_call              call;
    std::vector<shell_word> directories;
};

std::optional<logger> logger_in(const std::string& text) {
    for (const shell_command& command : shell_commands(text)) {
        const shell_call call = call_of(command);
        if (auto found = directories_in(call); !found.empty()) return logger{call, std::move(found)};
    }
    return std::nullopt;
}

// Whether a script makes a directory before it is used.
bool is_made_in(const std::string& text, const std::string& directory) {
    for (const shell_command& command : shell_commands(text)) {
        const auto words = call_of(command).words;
        if (words.empty() || (words.front().text != "mkdir" && words.front().text != "install")) continue;
        if (std::any_of(words.begin(), words.end(), [&](const shell_word& w) { return w.text == directory; }))
            return true;
    }
    return false;
}

}  // namespace

bool in_path(const std::string& program) {
    const char*       own = std::getenv("PATH");
    const std::string all = std::string{usual_path} + ":" + (own != nullptr ? own : "");
    for (two_parts rest = split(all, ':');; rest = split(rest.rest, ':')) {
        const file_info file = file_info_of((fs::path{rest.head} / program).string());
        if (file.is_executable() || file.hidden()) return true;
        if (!rest.found) return false;
    }
}

bool is_shell_script(const std::string& text) {
    const interpreter by = interpreter_of(text.starts_with(byte_order_mark) ? text.substr(3) : text);
    return is_one_of(base_name(base_name(by.path) == "env" ? by.argument : by.path), shells);
}

interpreter interpreter_of(std::string_view first_bytes) {
    if (!first_bytes.starts_with("#!")) return {};
    std::string_view line = first_bytes.substr(2, std::min(first_bytes.find('\n'), first_bytes.size()) - 2);
    const auto       take = [&line] {
        line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
        std::string word{line.substr(0, line.find_first_of(" \t"))};
        line.remove_prefix(word.size());
        return word;
    };
    interpreter one;
    one.path            = take();
    one.carriage_return = one.path.ends_with('\r');
    if (one.carriage_return) one.path.pop_back();
    one.argument = take();
    if (base_name(one.path) == "env" && one.argument == "-S") one.argument = take();
    if (one.argument.ends_with('\r')) one.argument.pop_back();
    return one;
}

std::optional<fault> check_supervise(const std::string& service, const std::string& shown, const std::string& name) {
    const fs::path  path   = fs::path{service} / "supervise";
    const auto      quoted = shell_quoted(path.string());
    std::error_code none;
    fs::path        place = service;
    const file_info there = file_info_of(path.string());
    if (there.hidden()) return std::nullopt;
    if (there.exists() && !there.is_directory())
        return fault{remedy::supervise_not_directory, {shown, quoted}, 0, path.string()};
    if (there.exists()) {
        place = path;
    } else if (fs::is_symlink(path, none)) {
        place                 = (place / fs::read_symlink(path, none)).lexically_normal();
        place                 = place.has_filename() ? place.parent_path() : place.parent_path().parent_path();
        const file_info above = file_info_of(place.string());
        if (above.hidden()) return std::nullopt;
        if (!above.exists())
            return fault{remedy::supervise_nowhere,
                         {shown, quoted, printable(place.string()), shell_quoted(place.string())},
                         0,
                         path.string()};
    }
    if (!is_mounted_with(place, ST_RDONLY)) return std::nullopt;
    std::string elsewhere = "/run/runit/supervise." + name;
    std::replace(elsewhere.begin() + sizeof "/run/runit/", elsewhere.end(), '/', '.');
    return fault{remedy::supervise_read_only, {shown, quoted, shell_quoted(elsewhere)}, 0, path.string()};
}

std::optional<fault> check_program(const script& of) {
    const std::string quoted = shell_quoted(of.path);
    const auto        is     = [&](remedy what, std::string more = "") {
        return fault{what, {of.shown, quoted, std::move(more)}, 0};
    };
    const file_info file = file_info_of(of.path);
    if (file.hidden()) return is(remedy::unreadable, shell_quoted(fs::path{of.path}.parent_path().string()));
    if (!file.exists()) {
        struct stat link {};
        return is(::lstat(of.path.c_str(), &link) == 0 ? remedy::dangling : remedy::missing);
    }
    if (!S_ISREG(file.about->st_mode)) return is(remedy::not_a_file);
    if ((file.about->st_mode & 0111) == 0) return is(remedy::not_executable);
    if (is_mounted_with(of.path, ST_NOEXEC)) return is(remedy::noexec);
    if (file.about->st_size == 0) return is(remedy::empty);

    return check_head(of);
}

std::optional<fault> check_head(const script& of) {
    const std::string quoted = shell_quoted(of.path);
    const auto        is     = [&](remedy what, std::string more = "") {
        return fault{what, {of.shown, quoted, std::move(more)}, 0};
    };
    constexpr std::size_t enough  = 65536;
    const file_content    content = read_file(of.path, enough);
    const std::string&    head    = content.text;
    if (content.code == ELOOP || content.code == EMLINK) return is(remedy::not_believed);
    if (head.empty()) return is(remedy::unreadable, shell_quoted(fs::path{of.path}.parent_path().string()));
    if (head.starts_with("#!")) return check_interpreter(head, of.shown, quoted);
    const auto in_first_line = [&](remedy what) { return fault{what, {of.shown, quoted}, 1}; };
    if (head.starts_with(byte_order_mark) && head.substr(3, 2) == "#!") return in_first_line(remedy::byte_order_mark);
    if (!head.starts_with(elf_mark)) return in_first_line(remedy::no_interpreter_line);
    if (is_for_another_machine(head)) return is(remedy::other_machine);
    const std::string linker = linker_of(head);
    if (!linker.empty() && ::access(linker.c_str(), F_OK) != 0) return is(remedy::linker_missing, printable(linker));
    return std::nullopt;
}

std::vector<std::string> log_directories_in(const script& of) {
    std::vector<std::string> found;
    if (const auto its = logger_in(read_file(of.path).text))
        for (const shell_word& word : its->directories)
            if (word.literal)
                found.push_back((fs::path{of.path}.parent_path() / word.text).lexically_normal().string());
    return found;
}

std::vector<fault> check_logger(const script& of) {
    std::vector<fault> found;
    const std::string  text = read_file(of.path).text;
    const auto         its  = logger_in(text);
    if (!its) return found;
    const bool     named   = its->call.user.has_value();
    const bool     known   = named && its->call.user->literal;
    const fs::path service = fs::path{of.path}.parent_path().parent_path();
    const auto     who =
        named ? (known ? identity_of(its->call.user->text) : std::nullopt) : std::optional{supervisor_of(service)};
    for (const shell_word& word : its->directories) {
        if (!word.literal) continue;
        const std::string place = (fs::path{of.path}.parent_path() / word.text).lexically_normal().string();
        const file_info   there = file_info_of(place);
        const std::string user  = known ? std::string{split(its->call.user->text, ':').head}
                                  : who && who->uid != 0 && who->uid != ::geteuid() ? name_of(who->uid)
                                                                                    : "";
        const auto        is    = [&](remedy what) {
            found.push_back(
                          {what, {of.shown, shell_quoted(of.path), shell_quoted(place), shell_quoted(user)}, 0, place});
        };
        if (there.hidden() || (!there.exists() && is_made_in(text, word.text))) continue;
        if (!there.exists())
            is(user.empty() ? remedy::log_missing : remedy::log_missing_of_user);
        else if (!there.is_directory())
            is(remedy::log_not_directory);
        else if (is_mounted_with(place, ST_RDONLY))
            is(remedy::log_read_only);
        else if (who && !may_write_to(*there.about, *who))
            found.push_back(
                {remedy::log_refused,
                 {of.shown, shell_quoted(of.path), shell_quoted(place), shell_quoted(known ? user : name_of(who->uid))},
                 0,
                 place});
    }
    return found;
}

}  // namespace runwell::svctl
