#include "core/line_filter.hh"

#include "core/bytes.hh"

namespace runwell {
namespace {

using kind = pattern_step::kind;

bool is_special(char c) noexcept { return c == '*' || c == '+'; }

std::size_t plain_letters(std::string_view text) noexcept {
    std::size_t n = 0;
    while (n < text.size() && !is_special(text[n])) ++n;
    return n;
}

// Takes the next step from the text, which begins with a star or a plus.
pattern_step take_step(std::string_view& text) noexcept {
    pattern_step step;
    // cppcheck-suppress containerOutOfBounds ; it begins with one of the two
    const bool star = text.front() == '*';
    text.remove_prefix(1);
    if (text.empty()) {
        step.what = star ? kind::rest : kind::never;
        return step;
    }
    step.what   = star ? kind::until : kind::many;
    step.letter = text.front();
    if (!star) text.remove_prefix(1);
    step.literal = text.substr(0, plain_letters(text));
    text.remove_prefix(step.literal.size());
    return step;
}

// Most literals differ in their first letters, so a call of memcmp would cost more than it compares.
bool take_literal(std::string_view literal, std::string_view& line) noexcept {
    if (line.size() < literal.size()) return false;
    for (std::size_t i = 0; i < literal.size(); ++i)
        if (line[i] != literal[i]) return false;
    line.remove_prefix(literal.size());
    return true;
}

// Takes everything before the letter; false where it does not come.
bool take_until(char letter, std::string_view& line) noexcept {
    const std::size_t found = find_byte(line, letter);
    if (found == std::string_view::npos) return false;
    line.remove_prefix(found);
    return true;
}

}  // namespace

std::size_t steps_of(std::string_view text) noexcept {
    std::size_t count = 0;
    text.remove_prefix(plain_letters(text));
    for (; !text.empty(); ++count) take_step(text);
    return count;
}

pattern compile(std::string_view text, std::span<pattern_step> room) noexcept {
    pattern made;
    made.literal = text.substr(0, plain_letters(text));
    text.remove_prefix(made.literal.size());
    std::size_t count = 0;
    for (; !text.empty(); ++count) room[count] = take_step(text);
    made.steps = room.first(count);
    return made;
}

bool matches(const pattern& with, std::string_view line) noexcept {
    if (!take_literal(with.literal, line)) return false;
    for (const pattern_step& step : with.steps) {
        switch (step.what) {
            case kind::never: return false;
            case kind::rest: return true;
            case kind::until:
                if (!take_until(step.letter, line)) return false;
                break;
            case kind::many:
                if (line.empty() || line.front() != step.letter) return false;
                while (!line.empty() && line.front() == step.letter) line.remove_prefix(1);
                if (line.empty()) return true;
                break;
        }
        if (!take_literal(step.literal, line)) return false;
    }
    return line.empty();
}

filter_result filter(std::span<const filter_rule> rules, std::string_view line) noexcept {
    filter_result verdict;
    bool          log_known = false, alert_known = false;
    for (std::size_t i = rules.size(); i-- > 0 && !(log_known && alert_known);) {
        const filter_rule& rule  = rules[i];
        const bool         log   = rule.what == filter_rule::target::log;
        bool&              known = log ? log_known : alert_known;
        if (known || !matches(rule.when, line)) continue;
        known                               = true;
        (log ? verdict.log : verdict.alert) = rule.take;
    }
    return verdict;
}

}  // namespace runwell
