// Bytes become a story of a service and its logger: after each event, everything that must hold is checked.
//
//     first byte:   bit 0 there is a logger · bit 1, 2 the service, the logger has a down file · bit 3 it is essential
//     the others:   bits 0-2 what happens · bit 3 to whom · bits 4-7 how
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "core/commands.hh"
#include "pair_world.hh"

namespace runwell {

void must(bool holds, const char* promise) {
    if (holds) return;
    std::fprintf(stderr, "broken: %s\n", promise);
    std::abort();
}

namespace {

// What the byte says, where it can happen; else the same world.
world told(const world& w, std::uint8_t byte) {
    const unsigned how = byte >> 4;
    const member   who = (byte & 8) != 0 && w.p.has_log ? member::log : member::main;
    const service& s   = w.part(who);
    switch (byte & 7) {
        case 0: return later(w, static_cast<ticks>(how) * one_second / 8);
        case 1: return s.alive ? ends(w, who, 0, (how & 1) != 0) : w;
        case 2: return s.alive ? ends(w, who, static_cast<int>(how), (how & 1) != 0) : w;
        case 3: return s.alive ? fails_to_start(w, who) : w;
        case 4: return w.scripts == 1 ? script_ends(w, (how & 1) != 0) : w;
        default: break;
    }
    if (busy(s)) return w;
    return happens(w, who, {.what = event::kind::command, .order = command_rows[how % command_rows.size()]});
}

}  // namespace
}  // namespace runwell

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace runwell;
    if (size == 0) return 0;
    const auto wanted = [&](int bit) { return (bytes[0] >> bit & 1) != 0 ? want::down : want::up; };
    world      w      = begins((bytes[0] & 1) != 0, wanted(1), wanted(2), (bytes[0] & 8) != 0);
    for (std::size_t i = 1; i < size && !w.left; ++i) w = told(w, bytes[i]);
    if (!w.left) must_have_a_way_out(w);
    return 0;
}
