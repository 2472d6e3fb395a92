#include "svctl/human.hh"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <vector>

namespace runwell::svctl {
namespace {

template <class... Values>
std::string formatted(const char* format, Values... values) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), format, values...);
    return text.data();
}

constexpr std::int64_t minute = 60, hour = 60 * minute, day = 24 * hour, year = 365 * day;

}  // namespace

std::string duration(std::int64_t seconds) {
    const auto of   = [seconds](std::int64_t unit) { return static_cast<long long>(seconds / unit); };
    const auto rest = [seconds](std::int64_t unit, std::int64_t part) {
        return static_cast<long long>(seconds % unit / part);
    };
    if (seconds <= 0) return "0s";
    if (seconds < minute) return formatted("%llds", of(1));
    if (seconds < hour) return formatted("%lldm%02llds", of(minute), rest(minute, 1));
    if (seconds < day) return formatted("%lldh%02lldm", of(hour), rest(hour, minute));
    if (seconds < year) return formatted("%lldd%02lldh", of(day), rest(day, hour));
    return formatted("%lldy%lldd", of(year), rest(year, day));
}

std::string bytes(std::uint64_t count) {
    constexpr std::array units{"", "K", "M", "G", "T", "P", "E"};
    auto                 scaled = static_cast<double>(count);
    std::size_t          unit   = 0;
    while (scaled >= 999.5 && unit + 1 < units.size()) {
        scaled /= 1024;
        ++unit;
    }
    return formatted(unit != 0 && scaled < 9.95 ? "%.1f%s" : "%.0f%s", scaled, units[unit]);
}

std::string cpu_time(double seconds) {
    if (seconds >= minute) return duration(static_cast<std::int64_t>(seconds));
    return formatted(seconds < 9.995 ? "%.2fs" : "%.1fs", std::max(seconds, 0.0));
}

std::string local_time(moment at, bool with_zone) {
    const std::time_t    seconds = at.seconds;
    std::tm              parts{};
    std::array<char, 64> text{};
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
    return text.data() + formatted(".%03uZ", at.nanos / 1'000'000);
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

}  // namespace runwell::svctl
