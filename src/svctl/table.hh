// table.hh — rows in columns that line up.
//
//     table all{{{"NAME"}, {"PID", align::right}, {"COMMAND"}}};
//     all.row({{"web", tint::strong}, {"4711"}, {"nginx"}});
//     all.text(out)                       no line is longer than the terminal is wide; in a pipe nothing is cut
#pragma once

#include <string>
#include <vector>

#include "svctl/terminal.hh"

namespace runwell::svctl {

enum class align : std::uint8_t { left, right };

struct column {
    std::string  heading;
    align        to      = align::left;
    std::uint8_t expense = 0;  // where not all fit, the dearest is left out first; 0: never
};

// The text must be printable().
struct cell {
    std::string text;
    tint        in = tint::plain;
};

class table {
public:
    explicit table(std::vector<column> columns) : columns_{std::move(columns)} {}

    // As many cells as there are columns.
    void row(std::vector<cell> cells) { rows_.push_back(std::move(cells)); }

    // The heading and the rows, each with its end of line; two spaces between columns, none at the end of a line.
    std::string text(const terminal& on) const;

private:
    std::vector<column>            columns_;
    std::vector<std::vector<cell>> rows_;
};

}  // namespace runwell::svctl
