#include "svctl/human.hh"

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <vector>

#include "svctl/time_zone.hh"

namespace runwell::svctl {
namespace {

// Not printf's: a list of 2,000 services has ten thousand of these.
std::string two_digits(std::int64_t number) { return (number < 10 ? "0" : "") + std::to_string(number); }

// A number of tenths or hundredths, with its point: 314, 2 is "3.14". What lies in the middle goes to the even one.
std::string with_point(double value, int digits) {
    const std::int64_t unit   = digits == 1 ? 10 : 100;
    const std::int64_t scaled = std::llrint(value * static_cast<double>(unit));
    const std::int64_t rest   = scaled % unit;
    return std::to_string(scaled / unit) + "." + (digits == 1 ? std::to_string(rest) : two_digits(rest));
}

constexpr std::int64_t minute = 60, hour = 60 * minute, day = 24 * hour, year = 365 * day;

}  // namespace

std::string duration(std::int64_t seconds) {
    const auto of   = [seconds](std::int64_t unit) { return std::to_string(seconds / unit); };
    const auto rest = [seconds](std::int64_t unit, std::int64_t part) { return two_digits(seconds % unit / part); };
    if (seconds <= 0) return "0s";
    if (seconds < minute) return of(1) + "s";
    if (seconds < hour) return of(minute) + "m" + rest(minute, 1) + "s";
    if (seconds < day) return of(hour) + "h" + rest(hour, minute) + "m";
    if (seconds < year) return of(day) + "d" + rest(day, hour) + "h";
    return of(year) + "y" + std::to_string(seconds % year / day) + "d";
}

std::string bytes(std::uint64_t count) {
    constexpr std::array units{"", "K", "M", "G", "T", "P", "E"};
    auto                 scaled = static_cast<double>(count);
    std::size_t          unit   = 0;
    while (scaled >= 999.5 && unit + 1 < units.size()) {
        scaled /= 1024;
        ++unit;
    }
    return (unit != 0 && scaled < 9.95 ? with_point(scaled, 1) : std::to_string(std::llrint(scaled))) + units[unit];
}

std::string cpu_time(double seconds) {
    if (seconds >= minute) return duration(static_cast<std::int64_t>(seconds));
    return with_point(std::max(seconds, 0.0), seconds < 9.995 ? 2 : 1) + "s";
}

std::string local_time(moment at, bool with_zone) {
    const std::time_t    seconds = at.seconds;
    std::tm              parts{};
    std::array<char, 64> text{};
    check_time_zone();
    if (::localtime_r(&seconds, &parts) == nullptr) return "?";
    std::strftime(text.data(), text.size(), with_zone ? "%Y-%m-%d %H:%M:%S %Z" : "%Y-%m-%d %H:%M:%S", &parts);
    return text.data();
}

std::string iso_time(moment at) {
    const std::time_t    seconds = at.seconds;
    std::tm              parts{};
    std::array<char, 64> text{};
    if (::gmtime_r(&seconds, &parts) == nullptr) return "?";
    std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    const std::string milliseconds = std::to_string(at.nanos / 1'000'000);
    return text.data() + ("." + std::string(3 - milliseconds.size(), '0') + milliseconds + "Z");
}

std::string counted(std::size_t count, std::string_view noun) {
    const std::string_view plural = count == 1 ? "" : noun.ends_with('s') ? "es" : "s";
    return std::to_string(count).append(" ").append(noun).append(plural);
}

std::string counted(std::size_t count, std::string_view noun, std::string_view does, std::string_view they_do) {
    return counted(count, noun).append(" ").append(count == 1 ? does : they_do);
}

// Optimal string alignment: Damerau's distance, where nothing is changed twice.
std::size_t distance(std::string_view one, std::string_view other) {
    std::vector<std::vector<std::size_t>> d(one.size() + 1, std::vector<std::size_t>(other.size() + 1));
    for (std::size_t i = 0; i <= one.size(); ++i) d[i][0] = i;
    for (std::size_t j = 0; j <= other.size(); ++j) d[0][j] = j;
    for (std::size_t i = 1; i <= one.size(); ++i) {
        for (std::size_t j = 1; j <= other.size(); ++j) {
            const std::size_t change = one[i - 1] == other[j - 1] ? 0 : 1;
            d[i][j]                  = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + change});
            if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
                d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[one.size()][other.size()];
}

std::string likeliest(std::string_view word, std::span<const std::string> names) {
    std::string best;
    std::size_t least = std::max<std::size_t>(word.size() / 3, 1) + 1;
    for (const std::string& name : names) {
        const std::size_t apart = distance(word, name);
        if (apart < least || (name.starts_with(word) && best.empty())) best = name, least = std::min(apart, least);
    }
    return best;
}

}  // namespace runwell::svctl
