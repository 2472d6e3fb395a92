// Bytes become a directory whose names come, go, are renamed and replaced, and processes that die: after each step
// every directory has one runsv, and at the end nothing is left.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "roster_world.hh"

namespace runwell {

void must(bool holds, const char* promise) {
    if (holds) return;
    std::fprintf(stderr, "broken: %s\n", promise);
    std::abort();
}

}  // namespace runwell

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    std::size_t at     = 0;
    const auto  chance = [&](int n) { return at < size ? bytes[at++] % n : 0; };
    runwell::of_roster::story{chance}.tell(static_cast<int>(size < 600 ? size / 6 : 100));
    return 0;
}
