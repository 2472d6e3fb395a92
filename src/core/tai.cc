#include "core/tai.hh"

#include <utility>

#include "core/text.hh"

namespace runwell::tai {
namespace {

constexpr std::int64_t day = 86'400;

struct civil_date {
    std::int64_t year;
    unsigned     month;  // 1 … 12
    unsigned     day;    // 1 … 31
};

// The Gregorian date of a day counted from 1970-01-01: years begin in March, so that the leap day comes last, and
// 400 years are one era of 146,097 days.
civil_date date_of(std::int64_t days_since_1970) noexcept {
    constexpr std::int64_t era_days = 146'097, march_0000 = 719'468;
    const std::int64_t     days       = days_since_1970 + march_0000;
    const std::int64_t     era        = (days >= 0 ? days : days - (era_days - 1)) / era_days;
    const std::int64_t     of_era     = days - era * era_days;
    const std::int64_t     year_of    = (of_era - of_era / 1460 + of_era / 36'524 - of_era / 146'096) / 365;
    const std::int64_t     of_year    = of_era - (365 * year_of + year_of / 4 - year_of / 100);
    const std::int64_t     from_march = (5 * of_year + 2) / 153;
    const auto             month      = static_cast<unsigned>(from_march < 10 ? from_march + 3 : from_march - 9);
    const auto             monthday   = static_cast<unsigned>(of_year - (153 * from_march + 2) / 5 + 1);
    return {era * 400 + year_of + (month <= 2 ? 1 : 0), month, monthday};
}

// The other way: the day counted from 1970-01-01.
std::int64_t day_of(civil_date date) noexcept {
    const std::int64_t from_march = date.month > 2 ? date.month - 3 : date.month + 9;
    const std::int64_t year       = date.year - (date.month <= 2 ? 1 : 0);
    const std::int64_t era        = (year >= 0 ? year : year - 399) / 400;
    const std::int64_t year_of    = year - era * 400;
    const std::int64_t of_year    = (153 * from_march + 2) / 5 + date.day - 1;
    return era * 146'097 + year_of * 365 + year_of / 4 - year_of / 100 + of_year - 719'468;
}

template <std::size_t N>
void append_padded(fixed_text<N>& text, std::uint64_t value, std::size_t width) noexcept {
    std::array<char, 20> digits{};
    for (std::size_t i = width; i-- > 0; value /= 10) digits[i] = static_cast<char>('0' + value % 10);
    text.append({digits.data(), width});
}

std::optional<moment> read_label(std::string_view digits) noexcept {
    std::array<std::byte, bytes> packed{};
    for (std::size_t i = 0; i < 2 * bytes; ++i) {
        const char c     = digits[i];
        const bool digit = c >= '0' && c <= '9';
        if (!digit && !(c >= 'a' && c <= 'f')) return std::nullopt;
        packed[i / 2] = packed[i / 2] << 4 | static_cast<std::byte>(digit ? c - '0' : c - 'a' + 10);
    }
    const moment at = unpack(packed);
    return at.nanos < 1'000'000'000 ? std::optional{at} : std::nullopt;
}

// "2026-11-22_11:11:41.17530"
std::optional<moment> read_date(std::string_view text) noexcept {
    const auto number = [&](std::size_t from, std::size_t digits) {
        return whole_number({text.data() + from, digits}).value_or(~std::uint64_t{0});
    };
    constexpr std::array<std::pair<std::size_t, char>, 5> marks{{{4, '-'}, {7, '-'}, {13, ':'}, {16, ':'}, {19, '.'}}};
    for (const auto& [place, mark] : marks)
        if (text[place] != mark) return std::nullopt;
    const std::uint64_t year = number(0, 4), month = number(5, 2), monthday = number(8, 2);
    const std::uint64_t hour = number(11, 2), minute = number(14, 2), second = number(17, 2), part = number(20, 5);
    if (year > 9999 || month < 1 || month > 12 || monthday < 1 || monthday > 31) return std::nullopt;
    if (hour > 23 || minute > 59 || second > 59 || part > 99'999) return std::nullopt;

    const civil_date date{static_cast<std::int64_t>(year), static_cast<unsigned>(month),
                          static_cast<unsigned>(monthday)};
    const auto       seconds = static_cast<std::int64_t>(hour * 3600 + minute * 60 + second);
    const moment     at{day_of(date) * day + seconds, static_cast<std::uint32_t>(part * 10'000)};
    // A 30th of February is a day of March, and no date.
    return date_of(day_of(date)).day == date.day ? std::optional{at} : std::nullopt;
}

}  // namespace

void pack(moment at, std::span<std::byte, bytes> into) noexcept {
    const std::uint64_t seconds = static_cast<std::uint64_t>(at.seconds) + unix_epoch;
    for (std::size_t i = 0; i < 8; ++i) into[i] = static_cast<std::byte>(seconds >> (8 * (7 - i)));
    for (std::size_t i = 0; i < 4; ++i) into[8 + i] = static_cast<std::byte>(at.nanos >> (8 * (3 - i)));
}

moment unpack(std::span<const std::byte, bytes> from) noexcept {
    std::uint64_t seconds = 0;
    std::uint32_t nanos   = 0;
    for (std::size_t i = 0; i < 8; ++i) seconds = seconds << 8 | std::to_integer<std::uint64_t>(from[i]);
    for (std::size_t i = 0; i < 4; ++i) nanos = nanos << 8 | std::to_integer<std::uint32_t>(from[8 + i]);
    return {static_cast<std::int64_t>(seconds - unix_epoch), nanos};
}

fixed_text<label_size> label(moment at) noexcept {
    constexpr char               hex[] = "0123456789abcdef";
    std::array<std::byte, bytes> packed{};
    fixed_text<label_size>       text;
    pack(at, packed);
    text.append('@');
    for (const std::byte b : packed) {
        text.append(hex[std::to_integer<unsigned>(b) >> 4]);
        text.append(hex[std::to_integer<unsigned>(b) & 15]);
    }
    return text;
}

fixed_text<stamp_size> write(stamp form, moment at) noexcept {
    if (form == stamp::tai64n) return label(at);

    const std::int64_t days   = (at.seconds >= 0 ? at.seconds : at.seconds - (day - 1)) / day;
    const auto         second = static_cast<std::uint64_t>(at.seconds - days * day);
    const civil_date   date   = date_of(days);

    fixed_text<stamp_size> text;
    append_padded(text, static_cast<std::uint64_t>(date.year), 4);
    text.append('-');
    append_padded(text, date.month, 2);
    text.append('-');
    append_padded(text, date.day, 2);
    text.append(form == stamp::iso ? 'T' : '_');
    append_padded(text, second / 3600, 2);
    text.append(':');
    append_padded(text, second / 60 % 60, 2);
    text.append(':');
    append_padded(text, second % 60, 2);
    text.append('.');
    append_padded(text, at.nanos / 10'000, 5);
    return text;
}

std::optional<moment> read(std::string_view text) noexcept {
    if (text.size() < stamp_size) return std::nullopt;
    if (text.front() == '@') return read_label(after(text, 1));
    return text[10] == '_' || text[10] == 'T' ? read_date(text) : std::nullopt;
}

}  // namespace runwell::tai
