// actor — plays a service. The run file of a service is one line, so that no shell stands between:
//
//     #!/chaos/actor KIND NAME
//
//     steady          lives until it gets TERM
//     chatty          says a line every second
//     crash           ends at once, in one of many ways
//     brief           lives for up to three seconds
//     parent          has three children, which come and go
//     stubborn        does not obey TERM, INT, HUP, nor any other that can be ignored
//     slow            needs half a second to end
//     writer          writes numbered lines, in bursts, as fast as they are taken
//     finish          is a ./finish, of 300 ms
//     answer          is a control script, which may or may not take the place of the signal
//
// A ./run or ./finish of a service holds a lock on /run/token/NAME as long as it lives. If the file is locked already,
// the service has two processes, and the actor writes that to /run/violations. (A lock of fcntl(2): unlike that of
// flock(2) it is not inherited, so that a child between fork and the next line cannot pass for its dead parent.)
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace {

void append(const char* path, const char* text) {
    const int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (file >= 0) static_cast<void>(write(file, text, std::strlen(text)) < 0);
    close(file);
}

void pause_for(long milliseconds) {
    const timespec time{milliseconds / 1000, milliseconds % 1000 * 1'000'000};
    nanosleep(&time, nullptr);
}

// Small numbers that differ from one process to the next.
unsigned random_below(unsigned limit) {
    static std::uint64_t state = static_cast<std::uint64_t>(getpid()) * 0x9E3779B97F4A7C15;
    timespec             now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    state = (state ^ static_cast<std::uint64_t>(now.tv_nsec)) * 0xD1342543DE82EF95 + 1;
    return static_cast<unsigned>(state >> 33) % limit;
}

// Kept until the end of the process.
void take_token(const char* name, const char* role) {
    char path[128], said[256];
    std::snprintf(path, sizeof path, "/run/token/%s", name);
    const int token = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (token < 0) _exit(98);  // there is no descriptor left, or no such thing as /run any more
    struct flock whole {};
    whole.l_type = F_WRLCK;
    if (fcntl(token, F_SETLK, &whole) == 0) {
        static_cast<void>(pwrite(token, "", 1, 0) < 0);  // its time of change tells of the last start
        return;
    }
    if (fcntl(token, F_GETLK, &whole) != 0 || whole.l_type == F_UNLCK) whole.l_pid = 0;
    std::snprintf(said, sizeof said, "%s: %s %d started beside %d\n", name, role, getpid(), whole.l_pid);
    append("/run/violations", said);
    _exit(99);
}

[[noreturn]] void live() {
    for (;;) pause();
}

[[noreturn]] void crash() {
    switch (random_below(4)) {
        case 0: std::abort();
        case 1: raise(SIGSEGV); break;
        case 2: raise(SIGTERM); break;
        default: break;
    }
    _exit(static_cast<int>(random_below(256)));
}

[[noreturn]] void chat() {
    for (unsigned long n = 1;; ++n) {
        std::printf("line %lu\n", n);
        std::fflush(stdout);
        pause_for(1000);
    }
}

[[noreturn]] void have_children() {
    constexpr int wanted = 3;
    const pid_t   self   = getpid();
    for (int living = 0;;) {
        for (; living < wanted; ++living) {
            const pid_t child = fork();
            if (child < 0) break;  // there are no more pids: later
            if (child > 0) continue;
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (getppid() != self) _exit(0);
            pause_for(50 + random_below(950));
            _exit(0);
        }
        if (living == 0) pause_for(100);
        if (living > 0 && waitpid(-1, nullptr, 0) > 0) --living;
    }
}

// A record of the written lines, for the observer: `begun` before each write(2), `done` after. A line that is begun and
// not done when the process is killed may or may not have been written; its number goes into the file NAME.unknown.
struct ledger {
    volatile std::uint64_t begun, done;
};

[[noreturn]] void write_lines(const char* name) {
    signal(SIGPIPE, SIG_IGN);
    char path[128];
    std::snprintf(path, sizeof path, "/run/ledger/%s", name);
    const int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0 || ftruncate(file, sizeof(ledger)) != 0) _exit(98);
    void* const mapped = mmap(nullptr, sizeof(ledger), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (mapped == MAP_FAILED) _exit(98);
    auto& book = *static_cast<ledger*>(mapped);
    char  line[160];
    if (book.begun != book.done) {
        std::snprintf(line, sizeof line, "%llu\n", static_cast<unsigned long long>(book.begun));
        std::snprintf(path, sizeof path, "/run/ledger/%s.unknown", name);
        append(path, line);
        book.done = book.begun;
    }
    for (;;) {
        for (unsigned burst = 50 + random_below(500); burst > 0; --burst) {
            const std::uint64_t n = book.done + 1;
            // The same number twice, and between them as many letters as it says: torn lines do not look like this.
            const unsigned length = static_cast<unsigned>(n * 7919 % 61);
            const int size = std::snprintf(line, sizeof line, "%llu %.*s %llu\n", static_cast<unsigned long long>(n),
                                           static_cast<int>(length),
                                           "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnop",
                                           static_cast<unsigned long long>(n));
            book.begun     = n;
            // No process reads the pipe (while both the logger and its supervisor are dead): nothing was written.
            while (write(STDOUT_FILENO, line, static_cast<std::size_t>(size)) != size) pause_for(10);
            book.done = n;
        }
        pause_for(200 + random_below(400));
    }
}

// A control script: control/t does itself what it takes the place of.
int answer(std::string_view path, int pid) {
    pause_for(random_below(300));
    if (random_below(2) == 0) return 1;
    if (path.ends_with("/t") && pid > 1) kill(pid, SIGTERM);
    return 0;
}

void end_slowly(int) {
    pause_for(500);
    _exit(0);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) return 2;
    // A line of #! is one argument, whatever it holds.
    const std::string_view both  = argv[1];
    const auto             space = both.find(' ');
    if (space == std::string_view::npos) return 2;
    const std::string_view kind = both.substr(0, space);
    const char* const      name = argv[1] + space + 1;

    if (kind == "answer") return answer(argv[2], argc > 3 ? std::atoi(argv[3]) : 0);
    take_token(name, kind == "finish" ? "finish" : "run");
    if (kind == "finish") return pause_for(300), 0;
    if (kind == "steady") live();
    if (kind == "chatty") chat();
    if (kind == "crash") crash();
    if (kind == "brief") return pause_for(random_below(3000)), 1;
    if (kind == "parent") have_children();
    if (kind == "writer") write_lines(name);
    if (kind == "stubborn") {
        for (int number = 1; number < SIGRTMIN; ++number) signal(number, SIG_IGN);
        live();
    }
    if (kind == "slow") {
        signal(SIGTERM, end_slowly);
        live();
    }
    return 2;
}
