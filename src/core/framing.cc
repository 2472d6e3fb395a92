#include "core/framing.hh"

#include <algorithm>

#include "core/bytes.hh"
#include "core/text.hh"

namespace runwell {

std::size_t ready_bytes(std::string_view bytes, bool inside, std::size_t longest) noexcept {
    const std::size_t newline = bytes.rfind('\n');
    const std::size_t whole   = newline == std::string_view::npos ? 0 : newline + 1;
    const bool        head    = whole == 0 && inside;
    return head || bytes.size() - whole >= longest ? bytes.size() : whole;
}

log_line first_line(std::string_view bytes, bool inside, std::size_t longest) noexcept {
    log_line          line;
    const std::size_t newline = find_byte(bytes, '\n');
    line.ended                = newline != std::string_view::npos;
    if (line.ended) bytes = bytes.substr(0, newline);
    const std::size_t head = inside ? 0 : std::min(bytes.size(), longest);
    line.head              = bytes.substr(0, head);
    line.rest              = after(bytes, head);
    return line;
}

}  // namespace runwell
