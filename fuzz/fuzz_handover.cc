// Reads any bytes as a handover, a ledger and a program file. If that succeeds, writes them back and reads the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "core/handover.hh"
#include "core/ledger.hh"
#include "core/program_file.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace runwell;
    const auto all = std::as_bytes(std::span{bytes, size});

    if (const auto read = decode_handover(all, 4711)) {
        const auto again = decode_handover(encode(*read), 4711);
        if (!again || again->state != read->state || again->members != read->members ||
            again->path.view() != read->path.view())
            std::abort();
    }

    const ledger is = read_ledger({reinterpret_cast<const char*>(bytes), size});
    if (is.from && read_ledger(write(is)).process != is.process) std::abort();

    const auto          head     = all.first(std::min(size, program_head_size));
    constexpr std::byte ours[64] = {std::byte{0x7f}, std::byte{'E'}, std::byte{'L'}, std::byte{'F'},
                                    std::byte{2},    std::byte{1},   std::byte{1}};
    const program_head  found    = look_at_program(head, size, ours);
    if (found.defect == program_defect::none) {
        if (found.notes.size > most_notes || found.notes.offset + found.notes.size > size) std::abort();
        look_at_notes(all.subspan(found.notes.offset, found.notes.size), handover_version);
    }
    return 0;
}
