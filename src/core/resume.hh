// resume.hh — how a svlogd goes on with a log whose last line its predecessor has not ended.
//
//     the log ends with          the pipe begins with                  the log goes on with
//     "…⏎"                       "one⏎two⏎"                            "one⏎two⏎"
//     "…⏎on"                     "one⏎two⏎"                            "e⏎two⏎"                 the line is continued
//     "…⏎one⏎tw"                 "one⏎two⏎"                            "o⏎" "one⏎two⏎"          completed, and all
//     again "…⏎xy"                     "one⏎two⏎"                            "⏎" "one⏎two⏎"           closed "…⏎<head
//     of a long line"   "rest of it⏎one⏎", by its mark        "rest of it⏎one⏎"
//
// Nothing is taken from the pipe before it has been written, so a line that was written in part is in the pipe as a
// whole, within the block that was being written. A line of the pipe counts as that line if the log's last line is the
// beginning of it, behind a stamp and the prefix. Should it be another line, or another pipe, then nothing is lost
// either: the log has the skipped bytes. Only the lines longer than -l need more than that: line_mark.hh.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/line_mark.hh"
#include "core/log_feed.hh"

namespace runwell {

struct log_end {
    std::string_view text;         // the last bytes of the log, as many as there are or can be looked at
    bool             cut = false;  // there is more before them
    // Bytes that were logged after the state in the mark; nothing: not known.
    std::optional<std::uint64_t> grown;
};

struct resumption {
    std::string_view stamp, prefix, line;  // written first: the rest of each
    std::size_t      at     = 0;           // and then the block, from here
    bool             inside = false;       // a line there
    bool             taking = false;       // which is logged

    friend bool operator==(const resumption&, const resumption&) = default;
};

// Of a block that begins inside a line: whether the rest of that line is in the log, to its end.
constexpr bool skips_first_line(const resumption& next, const log_block& block) noexcept {
    const std::size_t newline = block.ready.find('\n');
    return newline != std::string_view::npos && next.at > newline;
}

// Whether the log ends inside a line.
constexpr bool is_open(std::string_view log) noexcept { return !log.empty() && log.back() != '\n'; }

// Which of the line at the beginning of a block's text is in `last`, the last line of the log; nothing: it is not the
// beginning of that line.
struct line_part {
    std::size_t stamp = 0, prefix = 0, text = 0;  // bytes
};
std::optional<line_part> part_of(std::string_view last, std::string_view text, std::string_view stamp,
                                 std::string_view prefix) noexcept;

// `state` is that of the pipe's beginning, by the mark if there is one. `block` is not empty. `wanted(head)` says
// whether a line is logged.
template <class Wanted>
resumption resume(const log_end& log, const log_block& block, const line_form& form, const line_state& state,
                  Wanted&& wanted) noexcept {
    std::size_t begin = 0;
    if (state.inside) {
        const log_line      rest  = first_line(block.ready, true, form.longest);
        const std::uint64_t grown = log.grown.value_or(0);  // which may be wrong: the bytes have to be the same
        const bool          ended = rest.ended && state.taking && grown > rest.size() && grown <= log.text.size() &&
                           after(log.text, log.text.size() - static_cast<std::size_t>(grown))
                               .starts_with(up_to(block.ready, rest.size()));
        const bool whole = rest.ended && !state.taking;
        if (state.taking && !ended) {
            const auto n    = static_cast<std::size_t>(grown);
            const bool same = n > 0 && n <= rest.size() && log.text.ends_with(up_to(block.ready, n));
            const bool over = same && rest.ended && n == rest.size();
            return {.at = same ? n : 0, .inside = !over, .taking = !over};
        }
        if (!ended && !whole) return {.line = is_open(log.text) ? "\n" : "", .inside = true};
        begin = rest.size();
    }
    if (!is_open(log.text)) return {.at = begin};

    const std::size_t      newline = log.text.rfind('\n');
    const std::string_view last    = newline == std::string_view::npos ? log.text : after(log.text, newline + 1);
    const resumption       closed{.line = "\n", .at = begin};
    if (newline == std::string_view::npos && log.cut) return closed;
    const std::string_view before = up_to(log.text, log.text.size() - last.size());
    std::size_t            logged = 0;  // bytes of the log that the lines before this one are
    for (std::size_t at = begin; at < block.ready.size();) {
        const std::string_view text = after(block.ready, at);
        const log_line         line = first_line(text, false, form.longest);
        if (wanted(line.head)) {
            if (const auto part =
                    part_of(last, up_to(text, line.head.size() + line.rest.size()), block.stamp, form.prefix)) {
                resumption go_on{after(block.stamp, part->stamp), after(form.prefix, part->prefix), {}, at, true, true};
                go_on.at += part->text;
                if (logged == 0) return go_on;
                if (line.ended) {
                    go_on.line   = up_to(after(text, part->text), line.size() - part->text);
                    go_on.at     = begin;
                    go_on.inside = go_on.taking = false;
                    return go_on;
                }
                // Its end cannot be written here. Go on behind the lines before it if the log has them.
                return before.size() >= logged &&
                               is_logged(after(before, before.size() - logged),
                                         up_to(after(block.ready, begin), at - begin), block, form, wanted)
                           ? go_on
                           : closed;
            }
            logged += block.stamp.size() + form.prefix.size() + line.size();
        }
        at += line.size();
    }
    return closed;
}

// Whether `log` contains exactly `lines`, with stamps of any time.
template <class Wanted>
bool is_logged(std::string_view log, std::string_view lines, const log_block& block, const line_form& form,
               Wanted&& wanted) noexcept {
    while (!lines.empty()) {
        const log_line         line = first_line(lines, false, form.longest);
        const std::string_view text = up_to(lines, line.size());
        lines                       = after(lines, line.size());
        if (!wanted(line.head)) continue;
        const auto part =
            part_of(up_to(log, block.stamp.size() + form.prefix.size() + text.size()), text, block.stamp, form.prefix);
        if (!part || part->text != text.size()) return false;
        log = after(log, part->stamp + part->prefix + part->text);
    }
    return log.empty();
}

}  // namespace runwell
