// utmpset — logs out a line: records in utmp and wtmp that a getty has exited.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <string_view>

#include "core/error_words.hh"
#include "core/login_records.hh"
#include "core/options.hh"
#include "core/text.hh"
#include "core/version.hh"
#include "sys/clock.hh"
#include "sys/files.hh"
#include "sys/messages.hh"
#include "sys/trust.hh"

namespace runwell {
namespace {

constexpr int           wrong_usage = 1;
constexpr int           failed      = 111;
constexpr const char*   utmp        = "/var/run/utmp";
constexpr const char*   wtmp        = "/var/log/wtmp";
constexpr sys::messages messages{"utmpset"};

using login_records::record;

void wake_up(int /*signal*/) {}

// The lock that login and getty hold while they write (the fcntl(2) lock of glibc's pututline(3)). Everybody who may
// read the file can keep it from us, so it is waited for, but not for long: a record is written in one piece anyway.
void lock_for_a_while(int file) noexcept {
    constexpr itimerval every_second{{1, 0}, {1, 0}}, never{{0, 0}, {0, 0}};
    struct flock        whole {};
    whole.l_type   = F_WRLCK;
    whole.l_whence = SEEK_SET;

    struct sigaction interrupt {};
    interrupt.sa_handler = wake_up;
    ::sigaction(SIGALRM, &interrupt, nullptr);
    ::setitimer(ITIMER_REAL, &every_second, nullptr);
    static_cast<void>(::fcntl(file, F_SETLKW, &whole));
    ::setitimer(ITIMER_REAL, &never, nullptr);
}

bool read_record(int file, off_t where, record& entry) noexcept {
    return ::pread(file, entry.data(), entry.size(), where) == static_cast<ssize_t>(entry.size());
}

// The errno of the failed call; ESRCH if no user is logged in on this line; 0 if the line has been logged out.
int log_out_in_utmp(int file, std::string_view line) noexcept {
    constexpr auto size = static_cast<off_t>(login_records::record_size);
    lock_for_a_while(file);
    record entry;
    for (off_t where = 0; read_record(file, where, entry); where += size) {
        if (!login_records::is_login(entry, line)) continue;
        login_records::log_out(entry, sys::wall());
        return ::pwrite(file, entry.data(), entry.size(), where) == size ? 0 : errno;
    }
    return ESRCH;
}

// Appended in one piece, or not at all.
int append_to_wtmp(int file, std::string_view line) noexcept {
    lock_for_a_while(file);
    struct stat before {};
    if (::fstat(file, &before) != 0) return errno;
    const record  entry = login_records::logout_of(line, sys::wall());
    const ssize_t wrote = ::write(file, entry.data(), entry.size());
    if (wrote == static_cast<ssize_t>(entry.size())) return 0;
    const int code = wrote < 0 ? errno : ENOSPC;
    if (wrote > 0) static_cast<void>(::ftruncate(file, before.st_size) == 0);
    return code;
}

int unable(std::string_view manner, std::string_view line, std::string_view where, std::string_view why) noexcept {
    sys::say({messages.program, manner, "unable to logout line ", line, " in ", where, ": ", why});
    return failed;
}

int set(const char* line, bool wtmp_too) noexcept {
    if (!login_records::is_line(line)) return unable(": fatal: ", line, "utmp", "name too long");

    const auto file = sys::open_at(AT_FDCWD, utmp, O_RDWR);
    if (!file) return messages.fatal(file.why(), failed);
    const int code = log_out_in_utmp(file->value(), line);
    if (code != 0) return unable(": warning: ", line, "utmp", code == ESRCH ? "no such entry" : error_words(code));
    if (!wtmp_too) return 0;

    constexpr int to_append = O_WRONLY | O_CREAT | O_APPEND;
    const auto    history   = sys::open_trusted_path(AT_FDCWD, wtmp, sys::expected::any, to_append, 0600);
    if (!history) return messages.fatal(history.why(), failed);
    const int late = append_to_wtmp(history->file.value(), line);
    return late == 0 ? 0 : unable(": warning: ", line, "wtmp", error_words(late));
}

int refuse(std::string_view program) noexcept {
    sys::say({"usage: ", program, " [-w] line\n"});
    return wrong_usage;
}

}  // namespace
}  // namespace runwell

int main(int argc, char** argv) {
    using namespace runwell;
    const std::string_view    program = argc > 0 ? argv[0] : "utmpset";
    constexpr std::array      rows{option_row{'w', false}, option_row{'V', false}};
    option_reader<option_row> options{rows, {argv + (argc > 0), argv + argc}, double_dash::ends_options};
    bool                      wtmp_too = false;
    for (;;) {
        const auto found = options.next();
        if (found.error) {
            sys::say({base_name(program), ": ", found.error->words, found.error->option});
            return refuse(program);
        }
        if (found.row == nullptr) break;
        if (found.row->letter == 'V') {
            sys::say({version_words});
            return refuse(program);
        }
        wtmp_too = true;
    }
    return options.rest().empty() ? refuse(program) : set(options.rest()[0], wtmp_too);
}
