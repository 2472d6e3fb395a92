#include "svctl/table.hh"

#include <algorithm>

namespace runwell::svctl {
namespace {

constexpr std::string_view gap = "  ";

}  // namespace

std::string table::text(const terminal& on) const {
    std::vector<std::size_t> widths;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        std::size_t width = columns_of(columns_[i].heading);
        for (const auto& row : rows_) width = std::max(width, columns_of(row[i].text));
        widths.push_back(width);
    }
    const std::size_t room = on.width();

    std::string all;
    const auto  add_line = [&](const auto& cell_at) {
        std::size_t used = 0;
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            const cell& one  = cell_at(i);
            const bool  last = i + 1 == columns_.size();
            // What does not fit at all leaves at least one column of it.
            const std::size_t left   = room == 0 ? 0 : room > used ? room - used : 1;
            const bool        ragged = last && columns_[i].to == align::left;
            const std::string shown  = fit(one.text, left);
            const std::string filled = ragged ? shown : pad(shown, widths[i], columns_[i].to == align::right);
            // Spaces are not painted: a line may be cut at them.
            const std::size_t at = filled.find(shown);
            all += filled.substr(0, at) + on.paint(one.in, shown) + filled.substr(at + shown.size());
            used += std::max(widths[i], columns_of(shown)) + gap.size();
            if (!last) all += gap;
        }
        while (all.ends_with(' ')) all.pop_back();
        all += '\n';
    };

    std::vector<cell> headings;
    for (const column& one : columns_) headings.push_back({one.heading, tint::strong});
    add_line([&](std::size_t i) -> const cell& { return headings[i]; });
    for (const auto& row : rows_) add_line([&](std::size_t i) -> const cell& { return row[i]; });
    return all;
}

}  // namespace runwell::svctl
