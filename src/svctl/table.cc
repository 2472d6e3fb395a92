#include "svctl/table.hh"

#include <algorithm>

namespace runwell::svctl {
namespace {

constexpr std::string_view gap = "  ";

constexpr std::size_t usual = 24;  // a text up to this is not cut for the sake of other columns
constexpr std::size_t least = 8;   // of the last column, to be worth showing

// Fits the columns into `room`: makes `widths` smaller, and clears `shown` for columns that are left out.
void make_room(const std::vector<column>& columns, std::vector<std::size_t>& widths, std::vector<bool>& shown,
               std::size_t room) {
    const auto last_shown = [&] {
        std::size_t last = columns.size() - 1;
        while (last > 0 && !shown[last]) --last;
        return last;
    };
    const auto needed = [&] {
        const std::size_t last = last_shown();
        std::size_t       sum  = 0;
        for (std::size_t i = 0; i <= last; ++i) {
            if (!shown[i]) continue;
            const bool may_be_cut = i == last && columns[i].to == align::left;
            sum += (may_be_cut ? std::min(widths[i], least) : widths[i]) + (i == last ? 0 : gap.size());
        }
        return sum;
    };
    const auto widest = [&] {
        std::size_t at = 0;
        for (std::size_t i = 0; i < last_shown(); ++i)
            if (shown[i] && widths[i] > widths[at]) at = i;
        return at;
    };
    while (needed() > room) {
        const std::size_t long_one = widest(), over = needed() - room;
        std::size_t       dearest = 0;
        for (std::size_t i = 0; i < columns.size(); ++i)
            if (shown[i] && columns[i].expense > columns[dearest].expense) dearest = i;
        if (widths[long_one] > usual)
            widths[long_one] = std::max(usual, widths[long_one] - std::min(widths[long_one], over));
        else if (columns[dearest].expense > 0)
            shown[dearest] = false;
        else if (widths[long_one] > 1)
            --widths[long_one];
        else
            return;
    }
}

}  // namespace

std::string table::text(const terminal& on) const {
    std::vector<cell> headings;
    for (const column& one : columns_) headings.push_back({one.heading, tint::strong});

    std::vector<std::size_t> own;  // how wide each cell is, row by row
    std::vector<std::size_t> widths(columns_.size());
    own.reserve((rows_.size() + 1) * columns_.size());
    const auto measure = [&](const std::vector<cell>& row) {
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            own.push_back(columns_of(row[i].text));
            widths[i] = std::max(widths[i], own.back());
        }
    };
    measure(headings);
    for (const auto& row : rows_) measure(row);

    const std::size_t room = on.width();
    std::vector<bool> shown(columns_.size(), true);
    if (room != 0) make_room(columns_, widths, shown, room);
    std::size_t last_one = columns_.size() - 1;
    while (last_one > 0 && !shown[last_one]) --last_one;

    std::string all;
    auto        width    = own.begin();
    const auto  add_line = [&](const std::vector<cell>& row) {
        std::size_t used = 0;
        for (std::size_t i = 0; i < columns_.size(); ++i, ++width) {
            if (!shown[i]) continue;
            const bool last = i == last_one;
            // What does not fit at all leaves at least one column of it.
            const std::size_t rest   = room == 0 ? *width : room > used ? room - used : 1;
            const std::size_t left   = last ? rest : std::min(rest, widths[i]);
            const bool        is_cut = *width > left;
            const std::string cut    = is_cut ? fit(row[i].text, left) : std::string{};
            const std::size_t taken  = is_cut ? columns_of(cut) : *width;
            const std::size_t filled = last && columns_[i].to == align::left ? taken : std::max(widths[i], taken);
            // Spaces are not painted: a line may be cut at them.
            if (columns_[i].to == align::right) all.append(filled - taken, ' ');
            on.paint(all, row[i].in, is_cut ? cut : row[i].text);
            if (columns_[i].to == align::left) all.append(filled - taken, ' ');
            used += std::max(widths[i], taken) + gap.size();
            if (!last) all += gap;
        }
        while (all.ends_with(' ')) all.pop_back();
        all += '\n';
    };
    add_line(headings);
    for (const auto& row : rows_) add_line(row);
    return all;
}

}  // namespace runwell::svctl
