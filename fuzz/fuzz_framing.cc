// However the input is cut into blocks, the lines and the bytes are the same; and the files of a rotation hold them
// all.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/framing.hh"
#include "core/rotation.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace runwell;
    if (size < 4) return 0;
    const std::size_t      longest = 1 + data[0] % 32, step = 1 + data[1];
    const size_limits      limits{data[2], longest};
    const std::string_view input{reinterpret_cast<const char*>(data + 3), size - 3};

    std::string   held, heads, all;
    std::uint64_t written = 0;
    bool          inside  = false;
    for (std::size_t at = 0; at < input.size(); at += step) {
        held += input.substr(at, step);
        const std::size_t ready = ready_bytes(held, inside, longest);
        for (std::size_t from = 0; from < ready;) {
            const log_line line = first_line(std::string_view{held}.substr(from, ready - from), inside, longest);
            if (line.size() == 0 || line.head.size() > longest) __builtin_trap();
            if (!inside) (heads += line.head) += '|';
            inside = !line.ended;
            from += line.size();
        }
        for (std::string_view left = std::string_view{held}.substr(0, ready); !left.empty();) {
            const portion next = next_portion(left, written, limits);
            if (next.take == 0 && (!next.rotate || written == 0)) __builtin_trap();
            all += left.substr(0, next.take);
            left.remove_prefix(next.take);
            written = next.rotate ? 0 : written + next.take;
            if (limits.size != 0 && written > limits.size) __builtin_trap();
        }
        held.erase(0, ready);
    }
    if (all + held != input) __builtin_trap();

    std::string expected;
    for (std::string_view rest = input.substr(0, all.size()); !rest.empty();) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        (expected += line.substr(0, longest)) += '|';
        rest.remove_prefix(line.size() < rest.size() ? line.size() + 1 : rest.size());
    }
    if (heads != expected) __builtin_trap();
    return 0;
}
