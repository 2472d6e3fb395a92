#include "core/proctitle.hh"

#include <algorithm>
#include <cstring>

namespace runwell {

void proctitle::scroll(std::string_view newest) noexcept {
    const std::size_t room = scrolling_.size();
    const std::size_t in   = std::min(newest.size(), room);
    const std::size_t kept = room - in;
    if (in == 0) return;
    std::memmove(scrolling_.data(), scrolling_.data() + in, kept);
    std::memcpy(scrolling_.data() + kept, newest.data() + newest.size() - in, in);
}

}  // namespace runwell
