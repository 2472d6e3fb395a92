// leave — a service that ends at once: one byte more in ../../starts, and out. The length of that file is the count of
// starts.
#include <fcntl.h>
#include <unistd.h>

int main() {
    const int starts = open("../../starts", O_WRONLY | O_APPEND | O_CLOEXEC);
    return starts >= 0 && write(starts, ".", 1) == 1 ? 0 : 1;
}
