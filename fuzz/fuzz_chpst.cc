// Bytes become what chpst reads: a command line, a file of users and groups, a file of an environment directory.
//
//     first byte: which tool it is called as · the others: arguments, each with a zero byte behind it
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/chpst_options.hh"
#include "core/environment.hh"
#include "core/passwd.hh"
#include "core/text.hh"

namespace runwell {
namespace {

void must(bool holds) {
    if (!holds) std::abort();
}

// Whatever the command line: it is refused, or there is a program to run and a plan in the order of execution.
void read_command_line(tool as, const std::string& text) {
    std::vector<const char*> arguments;
    for (std::size_t at = 0; at < text.size(); at += std::string_view{&text[at]}.size() + 1)
        arguments.push_back(&text[at]);
    arguments.push_back(nullptr);

    plan made;
    if (read_options(as, {arguments.data(), arguments.size() - 1}, made)) return;
    must(made.program != nullptr && *made.program != nullptr);
    const change* before = nullptr;
    for (const change& each : made.changes()) {
        must(before == nullptr || before->what <= each.what);
        must(!describe(each).words.empty());
        before = &each;
        if (each.what == change_kind::cpus) must(cpus_in(each.text).has_value());
    }
    const auto together = [&](change_kind one, change_kind other) {
        return (made.find(one) == nullptr) == (made.find(other) == nullptr);
    };
    must(together(change_kind::bounding, change_kind::capabilities));
    must(together(change_kind::cgroup, change_kind::cgroup_enter));
    must(together(change_kind::ruleset, change_kind::restriction));
}

// A result of an account file is a number, from a line that has the name.
void read_accounts(const std::string& text) {
    const two_parts          parts = split(text, '\n');
    std::array<id_number, 8> room;
    group_list               groups{room};
    if (find_account(parts.rest, parts.head)) must(parts.rest.find(parts.head) != std::string_view::npos);
    if (find_group(parts.rest, parts.head)) must(parts.rest.find(parts.head) != std::string_view::npos);
    add_groups_of(parts.rest, parts.head, groups);
    add_groups_said(parts.rest, groups);
    must(groups.groups().size() <= room.size());
}

// A value never has a zero byte, nor a blank at its end, and setting it is seen.
void read_variable(std::string text) {
    text.resize(make_value(text));
    must(text.find('\0') == std::string::npos);
    must(text.empty() || (text.back() != ' ' && text.back() != '\t'));

    const char* const          inherited[] = {"A=1", "B=2", nullptr};
    std::array<const char*, 4> entries;
    environment                made{inherited, entries};
    must(made.change(text.c_str()));
    must(count_entries(made.entries()) <= 3);
}

}  // namespace
}  // namespace runwell

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace runwell;
    if (size == 0) return 0;
    const std::string text{reinterpret_cast<const char*>(bytes) + 1, size - 1};
    read_command_line(static_cast<tool>(bytes[0] % 7), text);
    read_accounts(text);
    read_variable(text);
    return 0;
}
