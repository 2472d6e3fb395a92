// clock — a wall clock that can be set, for a whole tree of processes, static ones too.
//
//     clock serve SOCKET OFFSET            answers, for as long as the other lives
//     clock enter SOCKET COMMAND…          becomes COMMAND, which asks the other what time it is
//
// Linux has namespaces for the monotonic clocks and none for CLOCK_REALTIME, and a static program cannot be preloaded.
// But the suite reads its clocks by plain system calls. So a seccomp filter stops clock_gettime(CLOCK_REALTIME), in the
// command and all that it will ever start, and the kernel asks a listener outside (seccomp_unotify(2)), which adds the
// 64-bit number of nanoseconds in the file OFFSET. All other system calls, and other clocks, go by untouched.
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace {

constexpr std::int64_t one_second = 1'000'000'000;

[[noreturn]] void fail(const char* what) {
    std::perror(what);
    std::exit(111);
}

sockaddr_un address(const char* path) {
    sockaddr_un made{};
    made.sun_family = AF_UNIX;
    std::strncpy(made.sun_path, path, sizeof made.sun_path - 1);
    return made;
}

// Filters, and returns the descriptor at which the questions arrive.
int filter() {
    constexpr auto number  = static_cast<std::uint32_t>(offsetof(seccomp_data, nr));
    constexpr auto which   = static_cast<std::uint32_t>(offsetof(seccomp_data, args));  // the low half: little-endian
    sock_filter    rules[] = {
           {BPF_LD | BPF_W | BPF_ABS, 0, 0, number},        {BPF_JMP | BPF_JEQ | BPF_K, 0, 3, SYS_clock_gettime},
           {BPF_LD | BPF_W | BPF_ABS, 0, 0, which},         {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, CLOCK_REALTIME},
           {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_USER_NOTIF}, {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
    };
    sock_fprog program{sizeof rules / sizeof *rules, rules};
    // Once asked, only a kill interrupts the question: no system call returns EINTR that would not have.
    const long listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                                  SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &program);
    if (listener < 0) fail("clock: seccomp");
    return static_cast<int>(listener);
}

union control_room {
    cmsghdr header;
    char    room[CMSG_SPACE(sizeof(int))];
};

[[noreturn]] void enter(const char* path, char** command) {
    const int         server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un to     = address(path);
    if (connect(server, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) fail("clock: connect");
    const int    listener = filter();
    char         byte     = 0;
    iovec        data{&byte, 1};
    control_room room{};
    msghdr       message{};
    message.msg_iov        = &data;
    message.msg_iovlen     = 1;
    message.msg_control    = &room;
    message.msg_controllen = sizeof room;
    cmsghdr* const head    = CMSG_FIRSTHDR(&message);
    head->cmsg_level       = SOL_SOCKET;
    head->cmsg_type        = SCM_RIGHTS;
    head->cmsg_len         = CMSG_LEN(sizeof listener);
    std::memcpy(CMSG_DATA(head), &listener, sizeof listener);
    if (sendmsg(server, &message, 0) != 1) fail("clock: sendmsg");
    close(listener);
    execvp(command[0], command);
    fail(command[0]);
}

int receive(int server) {
    const int    client = accept(server, nullptr, nullptr);
    char         byte   = 0;
    iovec        data{&byte, 1};
    control_room room{};
    msghdr       message{};
    message.msg_iov        = &data;
    message.msg_iovlen     = 1;
    message.msg_control    = &room;
    message.msg_controllen = sizeof room;
    if (recvmsg(client, &message, MSG_CMSG_CLOEXEC) != 1) fail("clock: recvmsg");
    close(client);
    int listener = -1;
    if (const cmsghdr* const head = CMSG_FIRSTHDR(&message)) std::memcpy(&listener, CMSG_DATA(head), sizeof listener);
    return listener;
}

// Writes the time to where the process that asks wants it. The process waits in its system call meanwhile.
int tell(const seccomp_notif& question, std::int64_t offset) {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    const std::int64_t at = now.tv_sec * one_second + now.tv_nsec + offset;
    now                   = {at / one_second, at % one_second};
    iovec      here{&now, sizeof now};
    iovec      there{reinterpret_cast<void*>(question.data.args[1]), sizeof now};
    const auto asker = static_cast<pid_t>(question.pid);
    return process_vm_writev(asker, &here, 1, &there, 1, 0) == sizeof now ? 0 : -EFAULT;
}

int serve(const char* path, const char* offset_path) {
    const int         server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un at     = address(path);
    if (bind(server, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 || listen(server, 1) != 0)
        fail("clock: bind");
    const int file = open(offset_path, O_RDONLY | O_CLOEXEC);
    if (file < 0) fail(offset_path);
    const void* const mapped = mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, file, 0);
    if (mapped == MAP_FAILED) fail("clock: mmap");
    const auto* const offset   = static_cast<const volatile std::int64_t*>(mapped);
    const int         listener = receive(server);

    for (;;) {
        pollfd ready{listener, POLLIN, 0};
        if (poll(&ready, 1, -1) < 0 && errno != EINTR) fail("clock: poll");
        if ((ready.revents & POLLHUP) != 0) return 0;  // no process is left that could ask
        if ((ready.revents & POLLIN) == 0) continue;
        seccomp_notif question{};
        if (syscall(SYS_ioctl, listener, SECCOMP_IOCTL_NOTIF_RECV, &question) != 0)
            continue;  // it was killed meanwhile
        seccomp_notif_resp answer{};
        answer.id    = question.id;
        answer.error = tell(question, *offset);
        syscall(SYS_ioctl, listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
    }
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view what = argc > 3 ? argv[1] : "";
    if (what == "serve") return serve(argv[2], argv[3]);
    if (what == "enter") enter(argv[2], argv + 3);
    return std::fprintf(stderr, "usage: clock serve SOCKET OFFSET | clock enter SOCKET COMMAND…\n"), 2;
}
