#include "svctl/remedies.hh"

#include <algorithm>
#include <iterator>

namespace runwell::svctl {
namespace {

using enum severity;

// clang-format off
// NOLINTBEGIN(modernize-raw-string-literal): cures have quotes and backslashes, and stand as they are typed
constexpr remedy_row rows[] = {
    {remedy::missing, "missing", "{0} is missing", "write it: an executable that stays in the foreground", code, "missing"},
    {remedy::dangling, "dangling", "{0} is a link that leads nowhere", "link it to the program: ln -sf PROGRAM {1}", code, "missing"},
    {remedy::not_a_file, "not-a-file", "{0} is not a file", "put the program there, or a link to it", code, "not-a-file"},
    {remedy::not_executable, "not-executable", "{0} is not executable", "make it so: chmod +x {1}", code, "not-executable"},
    {remedy::control_not_executable, "control-not-executable", "{0} is not executable: runsv passes it over, and sends the signal itself", "make it so: chmod +x {1}", warning, "not-executable"},
    {remedy::noexec, "noexec", "{0} is on a file system that is mounted noexec", "allow programs there: mount -o remount,exec \"$(findmnt -n -o TARGET -T {1})\"", code, "noexec"},
    {remedy::empty, "empty", "{0} is empty", "write it: #!/bin/sh, and exec of the program", code, "empty"},
    {remedy::no_interpreter_line, "no-interpreter-line", "{0} is no program, and does not begin with #!", "name its interpreter in the first line: sed -i '1i #!/bin/sh' {1}", code, "no-interpreter-line"},
    {remedy::byte_order_mark, "byte-order-mark", "{0} begins with a byte order mark, so that the kernel does not see its #!", "take the mark out: sed -i '1s/^\\xef\\xbb\\xbf//' {1}", code, "no-interpreter-line"},
    {remedy::interpreter_crlf, "interpreter-crlf", "{0} ends its lines as Windows does: its interpreter '{2}\\r' does not exist", "take the carriage returns out: sed -i 's/\\r$//' {1}", code, "crlf"},
    {remedy::crlf, "crlf", "a line of {0} ends as in Windows: the carriage return belongs to its last word", "take the carriage returns out: sed -i 's/\\r$//' {1}", code, "crlf"},
    {remedy::interpreter_unnamed, "interpreter-unnamed", "{0} begins with #!, and no interpreter follows", "name one: sed -i '1s|.*|#!/bin/sh|' {1}", code, "no-interpreter"},
    {remedy::interpreter_missing, "interpreter-missing", "the interpreter of {0}, {2}, cannot be found: {3}", "install it, or name another one in the first line of {1}", code, "no-interpreter"},
    {remedy::interpreter_not_executable, "interpreter-not-executable", "the interpreter of {0}, {2}, is not executable", "name another one in the first line of {1}", code, "no-interpreter"},
    {remedy::env_finds_none, "env-finds-none", "the interpreter of {0}, {2}, is not found by env", "install it, or name it with its directory in the first line of {1}", code, "no-interpreter"},
    {remedy::other_machine, "other-machine", "{0} is a program for another kind of machine", "build it for this one", code, "other-machine"},
    {remedy::linker_missing, "linker-missing", "{0} needs the dynamic linker {2}, which is not here", "install the C library that it was built with", code, "no-linker"},
    {remedy::writable_by_all, "writable-by-all", "any user may change {0}", "take that permission away: chmod o-w {1}", code, "writable-by-all"},
    {remedy::unreadable, "unreadable", "this user may not read {0}, so that it is not looked into", "look as root: sudo svctl lint {2}", note, "unreadable"},
    {remedy::not_believed, "not-believed", "another user can put the link {0} there: what it leads to is not read", "put the script itself there", note, "unreadable"},

    {remedy::no_command, "no-command", "{0} starts nothing: it ends at once, and is started again", "end it with the program: exec PROGRAM", code, "no-command"},
    {remedy::background, "background", "the & lets {0} end at once: runsv starts it again every second, beside what still runs", "leave out the & in line {2} of {1}", code, "background"},
    {remedy::no_exec, "no-exec", "without exec runsv supervises the shell: signals reach it, and not {2}", "put exec before {3}", warning, "no-exec"},
    {remedy::daemonises, "daemonises", "{2} goes into the background: runsv sees it end, and starts another", "{3}", code, "daemonises"},
    {remedy::daemonises_unless_configured, "daemonises-unless-configured", "{2} goes into the background unless its configuration says otherwise: runsv sees it end, and starts another", "{3}", warning, "daemonises"},
    {remedy::daemonises_unless_in_variable, "daemonises-unless-in-variable", "{2} goes into the background unless a variable says otherwise: runsv sees it end, and starts another", "{3}", note, "daemonises"},
    {remedy::not_installed, "not-installed", "there is no {2} on this machine", "install it, or correct its name", warning, "not-installed"},
    {remedy::not_in_path, "not-in-path", "there is no {2} in PATH on this machine", "install it, or name it with its directory", warning, "not-installed"},
    {remedy::no_user, "no-user", "there is no such user or group on this machine: {2}", "make it: adduser --system --group {3}", code, "no-user"},
    {remedy::stderr_lost, "stderr-lost", "there is a log, but what {0} writes to standard error does not go there", "put this before line {2}: exec 2>&1", warning, "stderr-lost"},

    {remedy::log_missing, "log-missing", "svlogd is to log to {2}, and there is no such directory", "make it: mkdir -p {2}", code, "log-directory"},
    {remedy::log_missing_of_user, "log-missing-of-user", "svlogd is to log to {2}, and there is no such directory", "make it: mkdir -p {2} && chown {3} {2}", code, "log-directory"},
    {remedy::log_not_directory, "log-not-directory", "svlogd is to log to {2}, which is not a directory", "name a directory in {1}", code, "log-directory"},
    {remedy::log_read_only, "log-read-only", "svlogd is to log to {2}, on a file system that is read-only", "name a directory in {1} that can be written to", code, "log-directory"},
    {remedy::log_refused, "log-refused", "svlogd is to log to {2}, where {3} may not write", "give it to that user: chown {3} {2}", code, "log-directory"},
    {remedy::log_shared, "log-shared", "svlogd is to log to {2}, and that of {3} logs there, too: only one of them can", "make one that is its own, and name it in {1}: mkdir -p {4}", code, "log-shared"},

    {remedy::no_directory, "no-directory", "{0} is not a directory", "name a directory that has a run", code, "no-directory"},
    {remedy::log_is_file, "log-is-file", "log is not a directory, and so no log service", "make it one: rm {1} && mkdir {1}", code, "log-no-directory"},
    {remedy::log_dangling, "log-dangling", "log is a link that leads nowhere", "make a directory of it: rm {1} && mkdir {1}", code, "log-no-directory"},
    {remedy::unused_in_log, "unused-in-log", "a log service has no {0}: runsv passes it over", "remove it: rm -r {1}", warning, "unused"},
    {remedy::control_nearly_known, "control-nearly-known", "runsv knows no command {0}, and never runs this", "did you mean control/{2}? mv {1} {3}", warning, "unknown-control"},
    {remedy::control_unknown, "control-unknown", "runsv knows no command {0}, and never runs this", "name it after a command of runsv(8): one of u d x t k p c h a i q 1 2", warning, "unknown-control"},
    {remedy::supervise_nowhere, "supervise-nowhere", "supervise is a link into {2}, which does not exist", "make that directory: mkdir -p {3}", warning, "supervise-nowhere"},
    {remedy::supervise_read_only, "supervise-read-only", "{0} is on a file system that is read-only: runsv cannot write to it", "link supervise to a place that can be written to, where the directory is made: ln -s {2} {1}", code, "supervise-read-only"},
    {remedy::supervise_not_directory, "supervise-not-directory", "supervise is not a directory", "remove it: rm {1}", code, "supervise-no-directory"},
    {remedy::down_file, "down-file", "the service is not started by itself", "if it is to be: rm {1}", note, "down"},
    {remedy::forgotten_down, "forgotten-down", "the service runs, but will not after the next boot", "if it is to: rm {1}", warning, "forgotten-down"},
    {remedy::name_nearly_known, "name-nearly-known", "nothing looks for a file called {0}", "did you mean {2}? mv {1} {3}", warning, "unknown-name"},
    {remedy::no_signal, "no-signal", "'{2}' in {0} is no signal: runsv goes on as without this file", "name one: echo {3} >{1}", warning, "malformed-value"},
    {remedy::no_duration, "no-duration", "'{2}' in {0} is no duration: runsv goes on as without this file", "write a number and one of ms, s, m, h: echo 10s >{1}", warning, "malformed-value"},
    {remedy::no_value, "no-value", "{0} cannot be read: {2}; runsv goes on as without this file", "write a file with the value in its place", warning, "malformed-value"},

    {remedy::service_dangling, "service-dangling", "{0} is a link to {2}, which does not exist", "make that directory, or take the link away: rm {1}"},
    {remedy::broken, "broken", "{0}/supervise/status cannot be read: {2}", "let a new runsv take its place, which writes it anew: sv exit {1}"},
    {remedy::lock_held, "lock-held", "supervise/lock is held by process {2}, which takes no commands: no runsv can start", "end that process, if it is not to be there: kill {3}"},
    {remedy::complained, "complained", "its supervisor has complained: {0}", ""},
    {remedy::log_without_runsv, "log-without-runsv", "no runsv supervises this log service: the runsv of its service began before there was a log", "let a new runsv take its place: sv exit {2}"},
    {remedy::no_runsvdir, "no-runsvdir", "no runsvdir looks after {0}", "start one: runsvdir -P {1} &"},
    {remedy::no_runsv, "no-runsv", "process {2}, runsvdir, looks after {3}, but no runsv after {0}", "it looks again within five seconds; see what it says: ps -o args= -p {2}"},
    {remedy::paused, "paused", "it is paused: process {2} was sent STOP", "let it go on: svctl {3}signal CONT {4}"},
    {remedy::got_term, "got-term", "process {2} was sent TERM and lives on", "give it its time, or send KILL: svctl {3}kill {4}"},
    {remedy::exited, "exited", "./run has exited {2}", ""},
    {remedy::killed, "killed", "./run was killed by signal {2}", ""},
    {remedy::in_finish, "in-finish", "./finish has run for {2}, as process {3}", "{4}"},
    {remedy::younger, "younger", "./run was started {2} ago, and its runsv {5} ago: there was another one, which has ended or was restarted", "see whether this one stays: svctl {3}watch {4}"},
    {remedy::flaps, "flaps", "./run has ended, and is started again, once a second at most", "see what it has to say: svctl {3}logs {4}"},
    {remedy::flaps_without_log, "flaps-without-log", "./run has ended, and is started again, once a second at most", "see what it says when you start it: cd {1} && ./run </dev/null"},
    {remedy::lived, "lived", "the last ./run, process {2}, lived for {3}", ""},
    {remedy::down_by_file, "down-by-file", "it is not started by itself: there is a file {0}/down", "start it: svctl {3}start {4}"},
    {remedy::told_down, "told-down", "it was told to be down, or to run once, {2} ago", "start it: svctl {3}start {4}"},

    {remedy::new_nowhere, "new-nowhere", "{0}, the directory of available services, does not exist", "make it: mkdir -p {1}"},
    {remedy::new_refused, "new-refused", "{0}, the directory of available services, may not be written to by this user", "have one of your own: mkdir -p ~/sv && svctl new --available ~/sv {2}"},
    {remedy::new_taken, "new-taken", "{0} exists already, and is left as it is", "choose another name, or look at what is there: svctl lint {1}"},
};
// NOLINTEND(modernize-raw-string-literal)
// clang-format on

constexpr bool has_row(remedy what) {
    return std::any_of(std::begin(rows), std::end(rows), [what](const remedy_row& one) { return one.what == what; });
}
static_assert([] {
    for (int i = 0; i <= static_cast<int>(remedy::new_taken); ++i)
        if (!has_row(static_cast<remedy>(i))) return false;
    return true;
}());

// "{1}" is words[1]; nothing where there is no such word.
std::string filled(std::string_view text, std::span<const std::string> words) {
    std::string made;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool place =
            text[i] == '{' && i + 2 < text.size() && text[i + 2] == '}' && text[i + 1] >= '0' && text[i + 1] <= '9';
        if (!place) {
            made += text[i];
            continue;
        }
        const auto index = static_cast<std::size_t>(text[i + 1] - '0');
        if (index < words.size()) made += words[index];
        i += 2;
    }
    return made;
}

}  // namespace

const remedy_row& row_of(remedy what) noexcept {
    return *std::find_if(std::begin(rows), std::end(rows), [what](const remedy_row& one) { return one.what == what; });
}

finding explain(remedy what, std::span<const std::string> words) {
    const remedy_row& row = row_of(what);
    return {filled(row.cause, words), filled(row.cure, words)};
}

}  // namespace runwell::svctl
