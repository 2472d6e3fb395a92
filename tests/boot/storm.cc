// storm — makes orphans that exit at once; its argument is their number. Each is the child of a child that does not
// reap it, so PID 1 must. No memory is copied for them, because that takes long under emulation.
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int, char** argv) {
    for (int left = atoi(argv[1]); left > 0; --left) {
        const pid_t parent = vfork();
        if (parent < 0) return 1;
        if (parent == 0) _exit(vfork() < 0);
        int status = 0;
        waitpid(parent, &status, 0);
        if (status != 0) return 1;
    }
    return 0;
}
