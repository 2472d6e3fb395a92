// Reads any bytes as supervise/status. If that succeeds, writes them back and reads the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "core/status.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace runwell;
    const auto record = std::as_bytes(std::span{bytes, size});
    const auto read   = decode(record);
    if (!read) {
        if (size >= 20 && bytes[19] <= 2) std::abort();
        return 0;
    }
    const auto written = encode(*read);
    if (decode(written) != read) std::abort();
    for (std::size_t i = 0; i < 16; ++i)  // the moment and the pid have one spelling
        if (written[i] != record[i]) std::abort();
    if (words(*read).view().back() != '\n') std::abort();
    return 0;
}
