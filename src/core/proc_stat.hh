// proc_stat.hh — the line of /proc/PID/stat. Source: proc(5).
//
//     4711 (a (b) c) S 1 4711 …       name() is "a (b) c", field(3) is "S", number(4) is 1
//
// The name may hold anything, spaces and brackets too: the last bracket ends it.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/text.hh"

namespace runwell {

class proc_stat {
public:
    explicit constexpr proc_stat(std::string_view line) noexcept {
        const std::size_t open = line.find('('), close = line.rfind(')');
        if (open == std::string_view::npos || close == std::string_view::npos || close < open) return;
        pid_  = up_to(line, open);
        name_ = up_to(after(line, open + 1), close - open - 1);
        rest_ = split(after(line, close), ' ').rest;
    }

    // Whether it is such a line, with a state at least.
    explicit constexpr operator bool() const noexcept { return !field(3).empty(); }

    constexpr std::string_view name() const noexcept { return name_; }
    std::uint64_t              pid() const noexcept { return scan_number(pid_).value; }

    // Fields are counted as in proc(5): 3 is the state. Empty where the line ends before.
    constexpr std::string_view field(unsigned n) const noexcept {
        std::string_view rest = rest_;
        for (unsigned at = 3; at < n; ++at) rest = split(rest, ' ').rest;
        return split(rest, ' ').head;
    }
    std::uint64_t number(unsigned n) const noexcept { return scan_number(field(n)).value; }

private:
    std::string_view pid_, name_, rest_;
};

}  // namespace runwell
