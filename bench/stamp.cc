// stamp — a service that says when it began: the benchmark's ./run.
//
//     first instruction ─▶ the clock ─▶ 16 bytes into ../../stamps ─▶ pause, until a signal ends it
//
// The clock is read before anything else, so what the report itself costs is not part of any latency. Where there is
// no ../../stamps, it only waits.
#include <fcntl.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace {

struct record {           // tree.py reads it
    int64_t nanoseconds;  // CLOCK_MONOTONIC
    int64_t pid;
};

}  // namespace

int main() {
    timespec now;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);  // not through the vDSO, which would map another page
    const record began{now.tv_sec * 1'000'000'000 + now.tv_nsec, getpid()};

    const int stamps = open("../../stamps", O_WRONLY | O_CLOEXEC);
    if (stamps >= 0) {
        if (write(stamps, &began, sizeof began) != sizeof began) return 1;
        close(stamps);
    }
    for (;;) pause();
}
