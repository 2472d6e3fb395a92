// torn FILE SECONDS — does a reader ever see half of a record that is written over?
//
// One process writes 20 bytes over 20 others, by one pwrite(2), as fast as it can; another reads them. Prints how many
// of each there were, and how many reads saw bytes of both. Two processors, otherwise idle, make it a test.
//
//     g++ -O2 -o /tmp/torn bench/torn.cc && /tmp/torn /dev/shm/record 60
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace {

constexpr std::size_t size = 20;
using record               = std::array<char, size>;

struct counts {
    volatile unsigned long reads, torn;
};

[[noreturn]] void read_for_ever(const char* path, counts& seen) {
    const int file = open(path, O_RDONLY);
    for (record bytes{};;) {
        if (pread(file, bytes.data(), size, 0) != static_cast<ssize_t>(size)) std::abort();
        seen.reads = seen.reads + 1;
        for (const char byte : bytes) {
            if (byte == bytes.front()) continue;
            seen.torn = seen.torn + 1;
            break;
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return std::fprintf(stderr, "usage: torn FILE SECONDS\n"), 1;
    const int file = open(argv[1], O_RDWR | O_CREAT | O_EXCL, 0600);
    if (file < 0) return std::perror(argv[1]), 1;
    record one, other;
    one.fill('1');
    other.fill('2');
    if (write(file, one.data(), size) != static_cast<ssize_t>(size)) return 1;

    auto* seen =
        static_cast<counts*>(mmap(nullptr, sizeof(counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    const pid_t reader = fork();
    if (reader == 0) read_for_ever(argv[1], *seen);

    unsigned long writes = 0;
    for (const time_t end = time(nullptr) + std::atoi(argv[2]); time(nullptr) < end;)
        for (int i = 0; i < 1000; ++i, ++writes)
            if (pwrite(file, (writes % 2 != 0 ? one : other).data(), size, 0) != static_cast<ssize_t>(size)) return 1;
    kill(reader, SIGKILL);
    waitpid(reader, nullptr, 0);
    unlink(argv[1]);
    std::printf("%lu writes, %lu reads, %lu torn\n", writes, seen->reads, seen->torn);
}
