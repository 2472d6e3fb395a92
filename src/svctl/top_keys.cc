#include "svctl/top_keys.hh"

#include <algorithm>
#include <utility>

#include "svctl/terminal.hh"

namespace runwell::svctl {
namespace {

struct signal_key {
    char             key;
    char             byte;
    std::string_view name;
};
constexpr signal_key signal_keys[] = {{'t', 't', "TERM"}, {'k', 'k', "KILL"}, {'h', 'h', "HUP"},  {'i', 'i', "INT"},
                                      {'q', 'q', "QUIT"}, {'a', 'a', "ALRM"}, {'1', '1', "USR1"}, {'2', '2', "USR2"},
                                      {'p', 'p', "STOP"}, {'c', 'c', "CONT"}};

top_action send(const std::string& name, std::string bytes, std::string word) {
    if (name.empty()) return {};
    return {top_action::kind::send, name, std::move(bytes), std::move(word)};
}

void ask(top_state& at, top_question what) {
    at.asked_about = at.service();
    if (!at.asked_about.empty()) at.question = what;
}

void edit_filter(top_state& at, pressed key) {
    std::string& filter = at.shown.filter;
    if (key.what == top_key::enter || key.what == top_key::escape) at.question = top_question::none;
    if (key.what == top_key::escape) filter.clear();
    if (key.what == top_key::backspace && !filter.empty()) filter.pop_back();
    if (key.what == top_key::character && static_cast<unsigned char>(key.letter) >= ' ') filter += key.letter;
}

top_action answer(top_state& at, pressed key) {
    if (key.what == top_key::resize) return {};
    if (at.question == top_question::filter) return edit_filter(at, key), top_action{};
    const top_question asked  = std::exchange(at.question, top_question::none);
    const char         letter = key.what == top_key::character ? key.letter : '\0';
    if (asked == top_question::stop && letter == 'y') return send(at.asked_about, "d", "stop");
    if (asked == top_question::restart && letter == 'y') return send(at.asked_about, "tcu", "restart");
    if (asked != top_question::signal) return {};
    for (const signal_key& one : signal_keys)
        if (letter == one.key) return send(at.asked_about, {one.byte}, "send " + std::string{one.name});
    return {};
}

void select_next(top_state& at, std::span<const service_row* const> rows, std::ptrdiff_t by) {
    if (rows.empty()) return;
    const auto found =
        std::find_if(rows.begin(), rows.end(), [&](const service_row* r) { return r->of.name == at.shown.selected; });
    const auto last   = static_cast<std::ptrdiff_t>(rows.size()) - 1;
    const auto next   = std::clamp(found - rows.begin() + by, std::ptrdiff_t{0}, last);
    at.shown.selected = rows[static_cast<std::size_t>(next)]->of.name;
}

top_action press_in_list(top_state& at, pressed key, std::span<const service_row* const> rows, std::size_t lines) {
    const auto room = static_cast<std::ptrdiff_t>(lines > 4 ? lines - 4 : 1);
    const auto all  = static_cast<std::ptrdiff_t>(rows.size());
    switch (key.what) {
        case top_key::up: select_next(at, rows, -1); break;
        case top_key::down: select_next(at, rows, 1); break;
        case top_key::page_up: select_next(at, rows, -room); break;
        case top_key::page_down: select_next(at, rows, room); break;
        case top_key::home: select_next(at, rows, -all); break;
        case top_key::end: select_next(at, rows, all); break;
        case top_key::enter:
            if (at.shown.selected.empty()) break;
            at.about = at.shown.selected;
            at.open(top_page::details);
            return {top_action::kind::open_details, at.about, "", ""};
        case top_key::character:
            if (key.letter == 'k') select_next(at, rows, -1);
            if (key.letter == 'j') select_next(at, rows, 1);
            if (key.letter == '/') at.question = top_question::filter;
            if (key.letter == 'o') at.shown.by = after(at.shown.by);
            break;
        case top_key::escape:
        case top_key::backspace:
        case top_key::resize: break;
    }
    return {};
}

void scroll(top_state& at, pressed key, std::size_t lines) {
    const bool upward = key.what == top_key::up || key.what == top_key::page_up || key.what == top_key::home ||
                        (key.what == top_key::character && key.letter == 'k');
    const bool known = upward || key.what == top_key::down || key.what == top_key::page_down ||
                       key.what == top_key::end || (key.what == top_key::character && key.letter == 'j');
    if (!known) return;
    const bool        by_page = key.what == top_key::page_up || key.what == top_key::page_down;
    const bool        by_all  = key.what == top_key::home || key.what == top_key::end;
    const std::size_t n       = by_page ? std::max<std::size_t>(lines, 4) - 3 : by_all ? 1'000'000 : 1;
    // In a log, what is further up is further from its end.
    if (upward == (at.page == top_page::log))
        at.scrolled += n;
    else
        at.scrolled -= std::min(at.scrolled, n);
}

top_action go_back(top_state& at, pressed key) {
    if (at.page == top_page::list && key.what != top_key::escape) at.over = true;
    if (at.page == top_page::list) at.shown.filter.clear();
    at.open(top_page::list);
    return {top_action::kind::close_log, "", "", ""};
}

}  // namespace

top_action press(top_state& at, pressed key, std::span<const service_row* const> rows, std::size_t lines) {
    if (at.question != top_question::none) return answer(at, key);
    if (key.what != top_key::resize) at.note.clear();
    if (key.what == top_key::escape) return go_back(at, key);
    if (key.what == top_key::character) switch (key.letter) {
            case 'u': return send(at.service(), "u", "start");
            case 'd': return ask(at, top_question::stop), top_action{};
            case 'r': return ask(at, top_question::restart), top_action{};
            case 's': return ask(at, top_question::signal), top_action{};
            case 'l':
                if (at.service().empty() || at.page == top_page::help) return {};
                return {top_action::kind::open_log, at.service(), "", ""};
            case '?': return at.open(top_page::help), top_action{};
            case 'q': return go_back(at, key);
            default: break;
        }
    if (at.page == top_page::list) return press_in_list(at, key, rows, lines);
    return scroll(at, key, lines), top_action{};
}

std::string question_text(const top_state& at) {
    const std::string name = printable(at.asked_about);
    switch (at.question) {
        case top_question::none: break;
        case top_question::stop: return "stop " + name + "?  y yes  any other key: no";
        case top_question::restart: return "restart " + name + "?  y yes  any other key: no";
        case top_question::signal: {
            std::string text = "signal to " + name + ":";
            for (const signal_key& one : signal_keys) text += std::string{"  "} + one.key + " " + std::string{one.name};
            return text;
        }
        case top_question::filter: return "names with: " + printable(at.shown.filter) + "_   enter  escape";
    }
    return "";
}

}  // namespace runwell::svctl
