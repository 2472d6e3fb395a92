// coverage.hh — in a build that counts the lines that run (RUNWELL_COVERAGE): writes the counts down before they are
// lost.
//
// gcc does it at exit(3) and at execve(2). A program of this suite mostly ends otherwise: by _exit(2), or killed while
// it waits. So it is done before each wait as well, and by the parent after a vfork, whose child has counted in the
// same memory, and has written the counts down if it executes. In any other build there is nothing of it.
#pragma once

#ifdef RUNWELL_COVERAGE

extern "C" {
void __gcov_dump();   // NOLINT(bugprone-reserved-identifier): gcc's names
void __gcov_reset();  // NOLINT(bugprone-reserved-identifier)
}

namespace runwell::sys {
inline void keep_counts() noexcept {
    __gcov_dump();   // does nothing if a child has done it
    __gcov_reset();  // so that these counts are not written twice
}
}  // namespace runwell::sys

#else

namespace runwell::sys {
inline void keep_counts() noexcept {}
}  // namespace runwell::sys

#endif
