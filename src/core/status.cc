#include "core/status.hh"

namespace runwell {
namespace at {  // the record, byte by byte; every offset in the suite is one of these
constexpr std::size_t pid = 12, paused = 16, wanted = 17, got_term = 18, now = 19;
}

status_record encode(const status& of) noexcept {
    status_record record{};
    tai::pack(of.since, std::span{record}.first<tai::bytes>());
    for (std::size_t i = 0; i < 4; ++i) record[at::pid + i] = static_cast<std::byte>(of.pid >> (8 * i));
    record[at::paused]   = static_cast<std::byte>(of.paused);
    record[at::wanted]   = static_cast<std::byte>(of.wanted == want::up ? 'u' : 'd');
    record[at::got_term] = static_cast<std::byte>(of.got_term);
    record[at::now]      = static_cast<std::byte>(of.now);
    return record;
}

std::optional<status> decode(std::span<const std::byte> record) noexcept {
    if (record.size() < std::tuple_size_v<status_record>) return std::nullopt;
    const auto now = std::to_integer<std::uint8_t>(record[at::now]);
    if (now > static_cast<std::uint8_t>(phase::finish)) return std::nullopt;

    status of;
    of.since = tai::unpack(record.first<tai::bytes>());
    for (std::size_t i = 0; i < 4; ++i) of.pid |= std::to_integer<std::uint32_t>(record[at::pid + i]) << (8 * i);
    of.paused   = record[at::paused] != std::byte{0};
    of.wanted   = std::to_integer<char>(record[at::wanted]) == 'u' ? want::up : want::down;
    of.got_term = record[at::got_term] != std::byte{0};
    of.now      = static_cast<phase>(now);
    return of;
}

status_words words(const status& of) noexcept {
    status_words text;
    switch (of.now) {
        case phase::down: text.append("down"); break;
        case phase::run: text.append("run"); break;
        case phase::finish: text.append("finish"); break;
    }
    if (of.paused) text.append(", paused");
    if (of.got_term) text.append(", got TERM");
    if (of.now != phase::down) {
        switch (of.wanted) {
            case want::up: break;
            case want::down: text.append(", want down"); break;
            case want::exit: text.append(", want exit"); break;
        }
    }
    text.append('\n');
    return text;
}

}  // namespace runwell
