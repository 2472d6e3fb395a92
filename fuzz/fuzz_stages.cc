// Turns bytes into a story of PID 1, of a machine or of a container. Checks the invariants after each event, and at the
// end that PID 1 can still finish.
//
//     first byte:  bit 0 a machine, else a container · bit 1 it has a command
//     the others:  which of the events that can happen now
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "container_world.hh"
#include "stages_world.hh"

namespace runwell {

void must(bool holds, const char* promise) {
    if (holds) return;
    std::fprintf(stderr, "broken: %s\n", promise);
    std::abort();
}

namespace {

// `w` is at its beginning; after() and events_of() are those of its kind.
template <class World>
void tell(World w, const std::uint8_t* bytes, std::size_t size) {
    check(w);
    for (std::size_t i = 0; i < size; ++i) {
        const auto events = events_of(w);
        if (events.empty()) return;
        w = after(w, events[bytes[i] % events.size()]);
        check(w);
    }
    check_that_it_ends(w);
}

}  // namespace
}  // namespace runwell

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace runwell;
    if (size == 0) return 0;
    of_machine::world   machine;
    of_container::world container;
    container.s.has_command = (bytes[0] & 2) != 0;
    if ((bytes[0] & 1) != 0)
        tell(of_machine::after(machine, {.what = of_machine::kind::tick}), bytes + 1, size - 1);
    else
        tell(of_container::after(container, {.what = of_container::kind::tick}), bytes + 1, size - 1);
    return 0;
}
