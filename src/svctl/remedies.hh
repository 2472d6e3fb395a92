// remedies.hh — what may be wrong with a service and what cures it: every text of lint, of status and of new, once.
//
//     explain(remedy::not_executable, {"web/run", "/etc/service/web/run"})
//         web/run is not executable                             the cause
//         make it so: chmod +x /etc/service/web/run             the cure; the text after the colon works as typed
//
// tests/svctl/test_cures.py reads the table in remedies.cc and carries out each cure in a scene made for it: a row
// without a scene fails it.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace runwell::svctl {

enum class remedy : std::uint8_t {
    // A program: run, finish, check, log/run, control/t. {0} is what it is called, {1} its quoted path.
    missing,
    dangling,
    not_a_file,
    not_executable,
    control_not_executable,
    noexec,
    empty,
    no_interpreter_line,
    byte_order_mark,
    interpreter_crlf,
    crlf,
    interpreter_unnamed,
    interpreter_missing,
    interpreter_not_executable,
    env_finds_none,
    other_machine,
    linker_missing,
    writable_by_all,
    unreadable,
    not_believed,
    // What a shell script does.
    no_command,
    background,
    no_exec,
    daemonises,
    daemonises_unless_configured,
    daemonises_unless_in_variable,
    not_installed,
    not_in_path,
    no_user,
    stderr_lost,
    // Where svlogd logs. {2} is the quoted directory.
    log_missing,
    log_missing_of_user,
    log_not_directory,
    log_read_only,
    log_refused,
    log_shared,
    // The rest of a service directory.
    no_directory,
    log_is_file,
    log_dangling,
    unused_in_log,
    control_nearly_known,
    control_unknown,
    supervise_nowhere,
    supervise_read_only,
    supervise_not_directory,
    down_file,
    forgotten_down,
    name_nearly_known,
    no_signal,
    no_duration,
    no_value,
    // Why a service is not up.
    service_dangling,
    broken,
    lock_held,
    complained,
    log_without_runsv,
    no_runsvdir,
    no_runsv,
    paused,
    got_term,
    exited,
    killed,
    in_finish,
    younger,
    flaps,
    flaps_without_log,
    lived,
    down_by_file,
    told_down,
    // Why `svctl new` writes nothing.
    new_nowhere,
    new_refused,
    new_taken,
};

enum class severity : std::uint8_t {
    code,     // it will not work
    warning,  // it will not do what was meant, or not always
    note,     // it may be meant
};

struct remedy_row {
    remedy           what;
    std::string_view name;
    std::string_view cause;                     // {0} … {9} are the words of explain(); sentences without a full stop
    std::string_view cure;                      // may be empty
    severity         how_bad = severity::code;  // for lint
    std::string_view rule = {};  // its name in lint, in brackets and in JSON, which never changes; empty: not of lint
};
const remedy_row& row_of(remedy what) noexcept;

struct finding {
    std::string cause;
    std::string cure;
};
finding        explain(remedy what, std::span<const std::string> words);
inline finding explain(remedy what, std::initializer_list<std::string> words) {
    return explain(what, std::span{words.begin(), words.size()});
}

}  // namespace runwell::svctl
