# Static programs from Debian's g++ and musl-tools: musl's C library, the header-only part of libstdc++, no C++ runtime.
# Code that needs that runtime fails to link, so the linker enforces the subset. Why: docs/decisions/0002-static-musl.md
find_program(MUSL_GCC musl-gcc REQUIRED)

string(REGEX MATCH "^[0-9]+" gcc_major "${CMAKE_CXX_COMPILER_VERSION}")
execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-file-name=include
                OUTPUT_VARIABLE gcc_include OUTPUT_STRIP_TRAILING_WHITESPACE)
execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-multiarch
                OUTPUT_VARIABLE multiarch OUTPUT_STRIP_TRAILING_WHITESPACE)
string(REPLACE linux-gnu linux-musl musl_triplet "${multiarch}")

add_compile_options(
    -nostdinc -nostdinc++
    "SHELL:-isystem /usr/include/c++/${gcc_major}" "SHELL:-isystem /usr/include/${multiarch}/c++/${gcc_major}"
    "SHELL:-isystem /usr/include/${musl_triplet}" "SHELL:-isystem ${gcc_include}"
    "SHELL:-D '__GLIBC_PREREQ(a,b)=0'"
    -fno-threadsafe-statics -fno-asynchronous-unwind-tables -fno-pie
    # A function that is called once would be inlined into a loop that never returns, and its locals would stay on the stack.
    -fno-inline-functions-called-once)

set(CMAKE_CXX_LINK_EXECUTABLE
    "${MUSL_GCC} -static -no-pie <LINK_FLAGS> <OBJECTS> -o <TARGET> <LINK_LIBRARIES>")
