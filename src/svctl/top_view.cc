#include "svctl/top_view.hh"

#include <algorithm>
#include <array>
#include <cstdio>

#include "svctl/human.hh"
#include "svctl/view.hh"

namespace runwell::svctl {
namespace {

constexpr std::size_t most_name  = 24;  // columns
constexpr std::size_t least_name = 8;
constexpr std::size_t around     = 3;  // lines: the heading, the names of the columns, the last one

double age_of(const service_row& row, moment now) { return row.of.main.age(now).value_or(1e12); }

std::string percent(double value) {
    if (value < 0) return std::string{nothing};
    std::array<char, 16> text{};
    static_cast<void>(std::snprintf(text.data(), text.size(), value < 99.95 ? "%.1f" : "%.0f", value));
    return text.data();
}

// A column with the width of the screen from which on it is worth its room.
struct column_row {
    std::string_view heading;
    std::size_t      width;
    bool             right;
    std::size_t      from;
    cell (*of)(const service_row&, moment);
};

constexpr column_row columns_of_list[] = {
    {"STATE", 8, false, 0, [](const service_row& r, moment now) { return state_cell(r.of.main, now); }},
    {"WANT", 4, false, 30, [](const service_row& r, moment) { return cell{std::string{want_word(r.of.main)}}; }},
    {"SINCE", 6, true, 40, [](const service_row& r, moment now) { return cell{since_text(r.of.main, now)}; }},
    {"PID", 7, true, 60, [](const service_row& r, moment) { return cell{pid_text(r.of.main)}; }},
    {"CPU%", 5, true, 48, [](const service_row& r, moment) { return cell{percent(r.lives ? r.percent : -1)}; }},
    {"MEMORY", 6, true, 52, [](const service_row& r, moment) { return cell{memory_text(r)}; }},
    {"LOG", 8, false, 72, [](const service_row& r, moment now) { return log_cell(r.of, now); }},
};

top_line heading(const std::vector<service_row>& all, std::size_t shown, const top_list& of, std::size_t columns) {
    std::size_t up = 0, failing = 0;
    for (const service_row& row : all) {
        if (row.of.main.runs()) ++up;
        if (row.of.main.fails()) ++failing;
    }
    const std::string count = counted(all.size(), "service") + ": " + std::to_string(up) + " up, " +
                              std::to_string(all.size() - up - failing) + " down, ";
    const std::string bad = std::to_string(failing) + " failing";
    std::string       how = "by " + std::string{word(of.by)};
    if (!of.filter.empty()) how += ", " + std::to_string(shown) + " with \"" + printable(of.filter) + "\"";
    const std::size_t used  = columns_of(count + bad + how) + 4;
    const std::string place = columns > used + 4 ? fit(printable(of.directory), columns - used) + "  " : std::string{};
    return {{place, tint::faint}, {count}, {bad, failing > 0 ? tint::bad : tint::plain}, {"  " + how, tint::faint}};
}

std::size_t name_width(const std::vector<const service_row*>& rows, std::size_t columns) {
    std::size_t width = least_name;
    for (const service_row* row : rows) width = std::max(width, columns_of(printable(row->of.name)));
    return std::min(width, columns < 60 ? columns / 3 : most_name);
}

// `row`: nullptr for the names of the columns.
top_line row_line(const service_row* row, bool selected, std::size_t name, std::size_t columns, moment now,
                  std::string_view memory) {
    top_line    line{{selected ? "> " : "  "}};
    std::size_t used = 2 + name;
    line.push_back({pad(row == nullptr ? "NAME" : fit(printable(row->of.name), name), name), tint::strong});
    for (const column_row& one : columns_of_list) {
        if (columns < one.from) continue;
        const bool is_memory = one.heading == "MEMORY";
        cell       made      = row != nullptr ? one.of(*row, now)
                                              : cell{is_memory ? std::string{memory} : std::string{one.heading}, tint::strong};
        line.push_back({" "});
        line.push_back({pad(fit(made.text, one.width), one.width, one.right), made.in});
        used += one.width + 1;
    }
    constexpr std::size_t worth_showing = 8;
    if (columns >= used + 2 + worth_showing) {
        const std::string text = row == nullptr         ? "COMMAND"
                                 : row->command.empty() ? std::string{nothing}
                                                        : row->command;
        line.push_back({"  " + fit(text, columns - used - 2), row == nullptr ? tint::strong : tint::faint});
    }
    return line;
}

std::string keys(std::size_t columns) {
    constexpr std::array<std::string_view, 5> texts{
        "enter details  l log  u start  d stop  r restart  s signal  / filter  o sort  ? help  q quit",
        "enter details  l log  u start  d stop  r restart  s signal  ? help  q quit",
        "l log  u start  d stop  r restart  ? help  q quit", "l log  u d r s  ? help  q quit", "? help  q quit"};
    for (const std::string_view text : texts)
        if (text.size() <= columns) return std::string{text};
    return "?";
}

}  // namespace

std::string_view word(top_order of) noexcept {
    switch (of) {
        case top_order::name: return "name";
        case top_order::state: return "state";
        case top_order::cpu: return "CPU";
        case top_order::memory: return "memory";
        case top_order::age: return "age";
    }
    return "";
}

std::vector<const service_row*> chosen(const std::vector<service_row>& all, std::string_view filter, top_order by,
                                       moment now) {
    std::vector<const service_row*> rows;
    for (const service_row& row : all)
        if (row.of.name.find(filter) != std::string::npos) rows.push_back(&row);
    std::stable_sort(rows.begin(), rows.end(), [&](const service_row* a, const service_row* b) {
        switch (by) {
            case top_order::name: return a->of.name < b->of.name;
            case top_order::state: return state_order(a->of.main) < state_order(b->of.main);
            case top_order::cpu: return a->percent > b->percent;
            case top_order::memory: return a->used.held.bytes > b->used.held.bytes;
            case top_order::age: return age_of(*a, now) < age_of(*b, now);
        }
        return false;
    });
    return rows;
}

std::span<const service_row* const> visible(const std::vector<const service_row*>& rows, std::string_view selected,
                                            std::size_t lines) {
    const std::size_t room = lines > around ? lines - around : 0;
    const auto        found =
        std::find_if(rows.begin(), rows.end(), [selected](const service_row* row) { return row->of.name == selected; });
    const auto        at    = static_cast<std::size_t>(found == rows.end() ? 0 : found - rows.begin());
    const std::size_t first = room == 0 || at < room ? 0 : at - room + 1;
    return std::span{rows}.subspan(std::min(first, rows.size()),
                                   std::min(room, rows.size() - std::min(first, rows.size())));
}

top_frame list_frame(const std::vector<service_row>& all, const std::vector<const service_row*>& rows,
                     const top_list& of, std::size_t columns, std::size_t lines) {
    top_frame         frame;
    const std::size_t name = name_width(rows, columns);
    frame.lines.push_back(heading(all, rows.size(), of, columns));
    const std::string_view memory = memory_heading(all);
    frame.lines.push_back(row_line(nullptr, false, name, columns, of.now, memory));
    for (const service_row* row : visible(rows, of.selected, lines)) {
        const bool is_selected = row->of.name == of.selected;
        if (is_selected) frame.selected = frame.lines.size();
        frame.lines.push_back(row_line(row, is_selected, name, columns, of.now, memory));
    }
    while (frame.lines.size() + 1 < lines) frame.lines.emplace_back();
    frame.lines.push_back(
        {{of.message.empty() ? keys(columns) : of.message, of.message.empty() ? tint::faint : tint::young}});
    frame.lines.resize(lines);
    return frame;
}

top_frame text_frame(const std::string& heading, const std::vector<std::string>& text, std::size_t first,
                     const std::string& last, std::size_t lines) {
    top_frame frame;
    frame.lines.push_back({{heading, tint::strong}});
    for (std::size_t i = first; i < text.size() && frame.lines.size() + 1 < lines; ++i)
        frame.lines.push_back({{text[i]}});
    while (frame.lines.size() + 1 < lines) frame.lines.emplace_back();
    frame.lines.push_back({{last, tint::faint}});
    frame.lines.resize(lines);
    return frame;
}

}  // namespace runwell::svctl
