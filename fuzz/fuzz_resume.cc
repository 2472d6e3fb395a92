// What a predecessor has left, a user may have written: whatever `lock` and the log hold, what the log goes on with is
// whole lines of the block, and none of them is missing.
//
//     flags │ the mark, 256 bytes │ the log NUL the block
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/resume.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace runwell;
    if (size < 2) return 0;
    const std::string_view all{reinterpret_cast<const char*>(data + 1), size - 1};
    const bool             stamps = (data[0] & 1) != 0, prefix = (data[0] & 2) != 0, cut = (data[0] & 4) != 0;
    const auto             mark  = read_line_mark(all);
    const two_parts        parts = split(all, '\0');
    if (mark) {
        const line_mark_text text  = write(*mark);
        const auto           again = read_line_mark({text.data(), text.size()});
        if (!again || !(again->before == mark->before) || !(again->after == mark->after)) std::abort();
    }

    const std::size_t ready = ready_bytes(parts.rest, false, 8);
    if (ready == 0) return 0;
    const log_block  block{up_to(parts.rest, ready), stamps ? "@5678 " : ""};
    const line_form  form{prefix ? "web: " : "", 8};
    const line_state state = mark ? mark->at(parts.rest) : line_state{};
    const log_end    log{parts.head, cut, static_cast<std::uint64_t>(state.size)};
    const auto       every = [](std::string_view) { return true; };
    const resumption next  = resume(log, block, form, state, every);
    if (next.at > block.ready.size()) std::abort();
    // The log contains the skipped bytes.
    if (next.at > 0 && !state.inside && state.size == 0) {
        const std::size_t line = block.ready.rfind('\n', next.at - 1) == std::string_view::npos
                                     ? 0
                                     : block.ready.rfind('\n', next.at - 1) + 1;
        if (next.at < line || !parts.head.ends_with(up_to(after(block.ready, line), next.at - line))) std::abort();
    }
    return 0;
}
