// svctl is-active, is-enabled, is-failed, is-system-running — one word for each service, and an exit code for scripts:
// both as systemctl's, as far as they have a meaning here.
#include <algorithm>
#include <cstdio>

#include "svctl/command.hh"
#include "svctl/diagnosis.hh"
#include "svctl/view.hh"

namespace runwell::svctl {
namespace {

struct options {
    std::vector<std::string> names;
    bool                     quiet = false;
};

// What systemctl exits with where we have no code of that meaning.
constexpr auto not_active = exit_code::not_up;     // 3
constexpr auto no         = exit_code::failed;     // 1
constexpr auto unknown    = exit_code::not_found;  // 4

void answer(const options& asked, std::string_view word) {
    if (!asked.quiet) print(std::string{word} + "\n");
}

// All services that one word means; none where it means none.
std::vector<std::string> meant_by(const services_directory& in, const std::string& word) {
    try {
        return in.select(std::span{&word, 1});
    } catch (const failure& why) {
        if (why.code() != exit_code::not_found) throw;
        return {};
    }
}

// Whether it is only linked to be a service.
bool is_available(const settings& in, const std::string& word) {
    try {
        return !meant_by(in.open_available(), word).empty();
    } catch (const failure&) {
        return false;
    }
}

// Prints the word that for_each(service) returns for each service, "unknown" for a name that no service has.
template <class Each>
exit_code ask(const settings& in, const options& asked, std::string_view if_available, Each for_each) {
    const services_directory services  = in.open_services();
    const auto               processes = process_table::read();
    exit_code                missing   = exit_code::good;
    for (const std::string& word : asked.names) {
        const auto names = meant_by(services, word);
        if (names.empty()) {
            const bool available = is_available(in, word);
            if (!available) missing = unknown;
            answer(asked, available ? if_available : "unknown");
        }
        for (const service& one : look_at_all(services, names, processes)) answer(asked, for_each(one));
    }
    return missing;
}

exit_code is_active(const settings& in, const options& asked) {
    bool            any     = false;
    const exit_code missing = ask(in, asked, "inactive", [&any](const service& one) {
        const auto word = activity_word(one.main);
        any             = any || word == "active";
        return word;
    });
    return any ? exit_code::good : missing != exit_code::good ? missing : not_active;
}

exit_code is_failed(const settings& in, const options& asked) {
    bool            any     = false;
    const exit_code missing = ask(in, asked, "inactive", [&any](const service& one) {
        any = any || one.main.fails();
        return activity_word(one.main);
    });
    return any ? exit_code::good : missing != exit_code::good ? missing : no;
}

exit_code is_enabled(const settings& in, const options& asked) {
    bool            any     = false;
    const exit_code missing = ask(in, asked, "disabled", [&any](const service&) {
        any = true;
        return std::string_view{"enabled"};
    });
    return any ? exit_code::good : missing != exit_code::good ? missing : no;
}

exit_code is_system_running(const settings& in, const options& asked) {
    const services_directory services  = in.open_services();
    const auto               processes = process_table::read();
    const auto               all       = look_at_all(services, services.names(), processes);
    const bool fails   = std::any_of(all.begin(), all.end(), [](const service& one) { return one.main.fails(); });
    const bool offline = runsvdir_of(services, processes) == nullptr;
    answer(asked, offline ? "offline" : fails ? "degraded" : "running");
    return offline || fails ? no : exit_code::good;
}

struct query_row {
    const char* name;
    const char* help;
    const char* note;
    exit_code (*reply)(const settings&, const options&);
};
constexpr std::array queries{
    query_row{"is-active", "Whether ./run lives: active, inactive, failed, deactivating, unknown",
              "Exits 0 if one of them is active, else 3; 4 if there is no such service.", is_active},
    query_row{"is-failed", "Whether a service is wanted up and is not up: failed, or as is-active",
              "Exits 0 if one of them has failed, else 1; 4 if there is no such service.", is_failed},
    query_row{"is-enabled", "Whether it is in the services directory: enabled, disabled, unknown",
              "Whether it starts by itself there is another thing: the column STARTS of svctl list.\n"
              "Exits 0 if one of them is enabled, else 1; 4 if there is no such service.",
              is_enabled},
};

}  // namespace

void add_is(command_line& line, const settings& in) {
    for (const query_row& one : queries) {
        const auto to = std::make_shared<options>();
        line.add(one.name, one.help)
            .flag("-q,--quiet", to->quiet, "print nothing")
            .words("NAME", to->names, "services: names, paths or patterns; NAME/log is a log service")
            .note(one.note)
            .does([&in, to, reply = one.reply] { return reply(in, *to); });
    }
    const auto to = std::make_shared<options>();
    line.add("is-system-running", "Whether all are as they are wanted: running, degraded, offline")
        .flag("-q,--quiet", to->quiet, "print nothing")
        .note("Offline: no runsvdir runs on the services directory.\nExits 0 if it is running, else 1.")
        .does([&in, to] { return is_system_running(in, *to); });
}

}  // namespace runwell::svctl
