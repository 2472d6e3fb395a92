// top_keys.hh — what a key does in `svctl top`, as a function of where the person is; no curses and no service here.
//
//     list ──enter──▶ details        a question (stop? restart? which signal? names with …) takes the next keys, and
//     its
//      │ ▲ ──l──────▶ log            answer goes to the service that it was about, whatever is selected meanwhile
//      │ └─q─────────┘ ──?──▶ help
//      └──q──▶ over
//
// press() makes the transition and returns the action that commands/top.cc has to carry out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "svctl/top_view.hh"

namespace runwell::svctl {

enum class top_key : std::uint8_t {
    up,
    down,
    page_up,
    page_down,
    home,
    end,
    enter,
    escape,
    backspace,
    resize,
    character,  // `letter`
};
struct pressed {
    top_key what   = top_key::character;
    char    letter = 0;
};

enum class top_page : std::uint8_t { list, details, log, help };
enum class top_question : std::uint8_t { none, stop, restart, signal, filter };

struct top_state {
    top_list     shown;  // filter, order, selection
    top_page     page     = top_page::list;
    top_question question = top_question::none;
    std::string  about;        // the service of the page
    std::string  asked_about;  // that of the question
    std::string  note;         // the result of the last action
    std::size_t  scrolled = 0;
    bool         over     = false;

    const std::string& service() const noexcept { return page == top_page::list ? shown.selected : about; }
    void               open(top_page which) noexcept { page = which, scrolled = 0; }
};

struct top_action {
    enum class kind : std::uint8_t { none, send, open_log, open_details, close_log };
    kind        what = kind::none;
    std::string name;   // of a service
    std::string bytes;  // for supervise/control
    std::string word;   // their meaning: "stop", "send HUP"
};

// `rows`: those of the list, in order. `lines`: of the screen.
top_action press(top_state& at, pressed key, std::span<const service_row* const> rows, std::size_t lines);

// What the last line asks; empty: nothing.
std::string question_text(const top_state& at);

}  // namespace runwell::svctl
