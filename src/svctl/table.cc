#include "svctl/table.hh"

#include <algorithm>
#include <numeric>

namespace runwell::svctl {
namespace {

constexpr std::string_view gap = "  ";

// One name that is very long leaves the other columns their room. What is usual is not cut for them.
void make_room(std::vector<std::size_t>& widths, std::size_t room) {
    constexpr std::size_t usual  = 24;
    const std::size_t     needed = std::accumulate(widths.begin(), widths.end() - 1, gap.size() * widths.size());
    const auto            widest = std::max_element(widths.begin(), widths.end() - 1);
    if (needed > room && *widest > usual) *widest = std::max(usual, *widest - std::min(*widest, needed - room));
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
    if (room != 0) make_room(widths, room);

    std::string all;
    auto        width    = own.begin();
    const auto  add_line = [&](const std::vector<cell>& row) {
        std::size_t used = 0;
        for (std::size_t i = 0; i < columns_.size(); ++i, ++width) {
            const bool last = i + 1 == columns_.size();
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
