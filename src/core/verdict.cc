#include "core/verdict.hh"

#include <array>

#include "core/text.hh"

namespace runwell {
namespace {

struct word_row {
    std::string_view word;
    order            given;
};

constexpr bool reports = true, kills = true;

// Known by the whole word. These wait and report.
constexpr std::array whole_words{
    word_row{"start", {"u", goal::up, reports}},
    word_row{"stop", {"d", goal::down, reports}},
    word_row{"shutdown", {"x", goal::gone, reports}},
    word_row{"restart", {"tcu", goal::restarted, reports}},
    word_row{"reload", {"h", goal::told, reports}},
    word_row{"try-restart", {"tc", goal::renewed, reports}},
    word_row{"check", {"", goal::wanted, reports}},
    word_row{"force-stop", {"d", goal::down, reports, kills}},
    word_row{"force-reload", {"tc", goal::renewed, reports, kills}},
    word_row{"force-restart", {"tcu", goal::restarted, reports, kills}},
    word_row{"force-shutdown", {"x", goal::gone, reports, kills}},
};

struct letter_row {
    char  letter;
    order given;
};

// Known by the first letter.
constexpr std::array letters{
    letter_row{'u', {"u", goal::up}},
    letter_row{'d', {"d", goal::down}},
    letter_row{'o', {"o", goal::once}},
    letter_row{'t', {"t", goal::renewed}},
    letter_row{'k', {"k", goal::renewed}},
    letter_row{'p', {"p", goal::paused}},
    letter_row{'c', {"c", goal::resumed}},
    letter_row{'h', {"h", goal::told}},
    letter_row{'a', {"a", goal::told}},
    letter_row{'i', {"i", goal::told}},
    letter_row{'q', {"q", goal::told}},
    letter_row{'1', {"1", goal::told}},
    letter_row{'2', {"2", goal::told}},
    letter_row{'x', {"x", goal::gone}},
    letter_row{'e', {"x", goal::gone}},
    letter_row{'D', {"d", goal::down, reports, kills}},
    letter_row{'T', {"tc", goal::renewed, reports, kills}},
    letter_row{'X', {"x", goal::gone, reports, kills}},
    letter_row{'E', {"x", goal::gone, reports, kills}},
    letter_row{'s', {.status = true}},
};

bool lives(const status& of) noexcept { return of.pid != 0; }
bool runs(const status& of) noexcept { return lives(of) && of.now == phase::run; }
bool is_down(const status& of) noexcept { return !lives(of) && of.now == phase::down; }

// Two starts differ in their process or in their moment: the second alone never proves another start.
bool started_anew(const status& before, const status& now) noexcept {
    return now.pid != before.pid || now.since != before.since;
}

verdict once_it_is(bool so) noexcept { return so ? verdict::done : verdict::not_yet; }
verdict once_checked(bool so) noexcept { return so ? verdict::done_if_checked : verdict::not_yet; }

verdict judge_renewed(const status& before, const status& now, bool heard) noexcept {
    return once_checked(heard && runs(now) && started_anew(before, now) && !now.got_term);
}

}  // namespace

std::optional<order> order_of(std::string_view word, bool lsb) noexcept {
    for (const word_row& row : whole_words)
        if (row.word == word) return row.given;
    if (word.empty() || (lsb && word.front() == 's' && word != "status")) return std::nullopt;
    for (const letter_row& row : letters)
        if (row.letter == word.front()) return row.given;
    return std::nullopt;
}

verdict judge(goal until, const status& before, const status& now, bool heard) noexcept {
    const bool meant_up = now.wanted == want::up;
    switch (until) {
        case goal::told: return verdict::done;
        case goal::up: return once_checked(runs(now) && meant_up);
        case goal::once: return once_it_is(!meant_up && (lives(now) || started_anew(before, now)));
        case goal::down: return once_it_is(is_down(now) && !meant_up);
        case goal::renewed: return !lives(now) && !meant_up ? verdict::done : judge_renewed(before, now, heard);
        case goal::restarted: return judge_renewed(before, now, heard);
        case goal::paused: return once_it_is(!lives(now) || now.paused);
        case goal::resumed: return once_it_is(!lives(now) || !now.paused);
        case goal::gone: return verdict::not_yet;  // there is a status, so there is a runsv
        case goal::wanted: return meant_up ? once_checked(runs(now)) : once_it_is(is_down(now));
    }
    return verdict::not_yet;
}

ticks patience(std::uint64_t seconds) noexcept {
    constexpr ticks         look = 420'000'000;
    constexpr std::uint64_t most = 1'000'000'000;  // 31 years, and far from overflow
    const ticks             told = static_cast<ticks>(seconds < most ? seconds : most) * one_second;
    return (told / look + 2) * look;
}

std::string_view word(phase now) noexcept {
    switch (now) {
        case phase::down: return "down";
        case phase::run: return "run";
        case phase::finish: return "finish";
    }
    return {};
}

fixed_text<112> particulars(const status& of, bool down_file, moment now) noexcept {
    const std::uint64_t age = now.seconds < of.since.seconds ? 0
                                                             : static_cast<std::uint64_t>(now.seconds) -
                                                                   static_cast<std::uint64_t>(of.since.seconds);
    fixed_text<112>     text;
    if (of.now != phase::down) {
        text.append("(pid ");
        text.append(decimal{of.pid}.view());
        text.append(") ");
    }
    text.append(decimal{age}.view());
    text.append('s');
    if (lives(of)) {
        if (down_file) text.append(", normally down");
        if (of.paused) text.append(", paused");
        if (of.wanted != want::up) text.append(", want down");
        if (of.got_term) text.append(", got TERM");
    } else {
        if (!down_file) text.append(", normally up");
        if (of.wanted == want::up) text.append(", want up");
    }
    return text;
}

}  // namespace runwell
