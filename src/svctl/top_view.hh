// top_view.hh — the frames of `svctl top`, as a function of the services and of the size of the screen.
//
//     svctl top  /etc/service   4 services: 2 up, 1 down, 1 failing   sorted by name       the heading
//       NAME     STATE   SINCE    PID   CPU%  MEMORY  LOG   COMMAND
//     > db       down       3s      -      -       -  run   -                              the list; > is the selected
//       web      run     2h03m   4711    0.3     23M  run   nginx: master process
//     enter details  l log  u up  d down  r restart  s signal  / filter  o sort  q quit    what keys do, or a question
//
// No curses here: a frame is lines of coloured pieces, and curses paints them. What colour says, words say, too.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "svctl/processes.hh"
#include "svctl/service.hh"
#include "svctl/table.hh"
#include "svctl/view.hh"

namespace runwell::svctl {

enum class top_order : std::uint8_t { name, state, cpu, memory, age };

// The next one, and after the last the first.
constexpr top_order after(top_order one) noexcept {
    return one == top_order::age ? top_order::name : static_cast<top_order>(static_cast<int>(one) + 1);
}
std::string_view word(top_order of) noexcept;

// Those whose name holds `filter`, in order: what fails first, what costs most first, what changed last first.
std::vector<const service_row*> chosen(const std::vector<service_row>& all, std::string_view filter, top_order by,
                                       moment now);

using top_line = std::vector<cell>;

struct top_frame {
    std::vector<top_line> lines;         // as many as the screen has
    std::size_t           selected = 0;  // the line to be shown in reverse; 0: none, as that is the heading
};

struct top_list {
    std::string directory;
    std::string filter;
    top_order   by = top_order::name;
    std::string selected;  // the name of a service
    std::string message;   // the last line, if there is something to say or to ask
    moment      now;
};

// The part of chosen() that a screen of so many lines shows.
std::span<const service_row* const> visible(const std::vector<const service_row*>& rows, std::string_view selected,
                                            std::size_t lines);

// `rows`: of chosen(). `all`: for the counts of the heading. The selected row is always visible.
top_frame list_frame(const std::vector<service_row>& all, const std::vector<const service_row*>& rows,
                     const top_list& of, std::size_t columns, std::size_t lines);

// A page of text about one service, from line `first` on, under a heading.
top_frame text_frame(const std::string& heading, const std::vector<std::string>& text, std::size_t first,
                     const std::string& last, std::size_t lines);

}  // namespace runwell::svctl
