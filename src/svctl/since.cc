#include "svctl/since.hh"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

#include "core/text.hh"
#include "svctl/time_zone.hh"

namespace runwell::svctl {
namespace {

struct unit_row {
    std::string_view word;
    std::int64_t     seconds;
};
constexpr std::array units{unit_row{"seconds", 1}, unit_row{"minutes", 60}, unit_row{"hours", 3600},
                           unit_row{"days", 86'400}, unit_row{"weeks", 604'800}};

// "m", "min", "minute" and "minutes"; 0 for another word.
std::int64_t seconds_of(std::string_view word) {
    for (const unit_row& unit : units)
        if (unit.word.starts_with(word) && (word.size() == 1 || word.size() > 2)) return unit.seconds;
    return 0;
}

void skip_spaces(std::string_view& text) { text.remove_prefix(std::min(text.find_first_not_of(' '), text.size())); }

// "2h30m" or "2 hours 30 min"
std::optional<std::int64_t> span_of(std::string_view text) {
    constexpr std::uint64_t most  = 1'000'000'000;
    std::int64_t            total = 0;
    if (text.empty()) return std::nullopt;
    while (!text.empty()) {
        const scanned_number number = scan_number(text);
        if (number.digits == 0 || number.value > most) return std::nullopt;
        text.remove_prefix(number.digits);
        skip_spaces(text);
        const std::size_t  size = std::min(text.find_first_not_of("abcdefghijklmnopqrstuvwxyz"), text.size());
        const std::int64_t unit = size == 0 ? 0 : seconds_of(text.substr(0, size));
        if (unit == 0) return std::nullopt;
        total += static_cast<std::int64_t>(number.value) * unit;
        text.remove_prefix(size);
        skip_spaces(text);
    }
    return total;
}

// As journalctl has it: "5 min ago", "-5m".
std::string_view without_ago(std::string_view text) {
    constexpr std::string_view ago = " ago";
    if (text.starts_with('-')) text.remove_prefix(1);
    return text.ends_with(ago) ? text.substr(0, text.size() - ago.size()) : text;
}

std::tm local_date(std::int64_t seconds) {
    const std::time_t at = seconds;
    std::tm           date{};
    check_time_zone();
    ::localtime_r(&at, &date);
    return date;
}

std::int64_t seconds_of_local(std::tm date) {
    date.tm_isdst = -1;
    return std::mktime(&date);
}

std::int64_t midnight(std::int64_t now, int days_back) {
    std::tm date = local_date(now);
    date.tm_mday -= days_back;
    date.tm_hour = date.tm_min = date.tm_sec = 0;
    return seconds_of_local(date);
}

// Takes "07" off the text; -1 where there are not so many digits.
int take_digits(std::string_view& text, std::size_t digits) {
    if (scan_number(text.substr(0, digits)).digits != digits) return -1;
    const int value = static_cast<int>(scan_number(text.substr(0, digits)).value);
    text.remove_prefix(digits);
    return value;
}

bool take(std::string_view& text, char c) {
    if (text.empty() || text.front() != c) return false;
    text.remove_prefix(1);
    return true;
}

// "10:00" or "10:00:30"
bool take_clock(std::string_view& text, std::tm& into) {
    into.tm_hour = take_digits(text, 2);
    if (!take(text, ':')) return false;
    into.tm_min = take_digits(text, 2);
    into.tm_sec = take(text, ':') ? take_digits(text, 2) : 0;
    return into.tm_hour >= 0 && into.tm_hour < 24 && into.tm_min >= 0 && into.tm_min < 60 && into.tm_sec >= 0 &&
           into.tm_sec < 60;
}

// "2026-11-22"
bool take_date(std::string_view& text, std::tm& into) {
    into.tm_year = take_digits(text, 4) - 1900;
    if (!take(text, '-')) return false;
    into.tm_mon = take_digits(text, 2) - 1;
    if (!take(text, '-')) return false;
    into.tm_mday = take_digits(text, 2);
    return into.tm_mon >= 0 && into.tm_mon < 12 && into.tm_mday > 0 && into.tm_mday < 32;
}

std::optional<std::int64_t> time_of_day(std::string_view text, std::int64_t now) {
    std::tm date = local_date(now);
    if (!take_clock(text, date) || !text.empty()) return std::nullopt;
    const std::int64_t today = seconds_of_local(date);
    if (today <= now) return today;
    --date.tm_mday;
    return seconds_of_local(date);
}

std::optional<std::int64_t> date_and_time(std::string_view text) {
    std::tm date{};
    if (!take_date(text, date)) return std::nullopt;
    const bool clock = take(text, ' ') || take(text, 'T');
    if (clock && !take_clock(text, date)) return std::nullopt;
    const bool utc = clock && take(text, 'Z');
    if (!text.empty()) return std::nullopt;
    std::tm            asked   = date;
    const std::int64_t seconds = utc ? ::timegm(&asked) : seconds_of_local(date);
    // There is no 31st of April.
    std::tm day{};
    day.tm_year = date.tm_year, day.tm_mon = date.tm_mon, day.tm_mday = date.tm_mday, day.tm_hour = 12;
    ::timegm(&day);
    return day.tm_mday == date.tm_mday ? std::optional{seconds} : std::nullopt;
}

}  // namespace

std::optional<moment> moment_of(std::string_view text, moment now) {
    const auto whole = [](std::int64_t seconds) { return moment{seconds, 0}; };
    if (text == "now") return now;
    if (text == "today") return whole(midnight(now.seconds, 0));
    if (text == "yesterday") return whole(midnight(now.seconds, 1));
    if (text.size() == tai::stamp_size)
        if (const auto stamp = tai::read(text)) return stamp;
    if (const auto span = span_of(without_ago(text))) return moment{now.seconds - *span, now.nanos};
    if (const auto clock = time_of_day(text, now.seconds)) return whole(*clock);
    if (const auto date = date_and_time(text)) return whole(*date);
    return std::nullopt;
}

std::string local_stamp(moment at) {
    const std::tm        date = local_date(at.seconds);
    std::array<char, 64> text{};
    const std::size_t    size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &date);
    std::array<char, 8>  part{};
    static_cast<void>(std::snprintf(part.data(), part.size(), ".%03u", at.nanos / 1'000'000 % 1000));
    return std::string{text.data(), size} + part.data();
}

std::string utc_stamp(moment at) {
    std::string          text{tai::write(tai::stamp::iso, at).view().substr(0, 19)};
    std::array<char, 16> part{};
    static_cast<void>(std::snprintf(part.data(), part.size(), ".%09uZ", at.nanos % 1'000'000'000));
    return text + part.data();
}

}  // namespace runwell::svctl
