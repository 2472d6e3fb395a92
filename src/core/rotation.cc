#include "core/rotation.hh"

#include "core/bytes.hh"
#include "core/text.hh"

namespace runwell {
namespace {

constexpr std::size_t none = std::string_view::npos;

std::size_t newline_from(std::string_view bytes, std::uint64_t from) noexcept {
    if (from >= bytes.size()) return none;
    const std::size_t found = find_byte(after(bytes, static_cast<std::size_t>(from)), '\n');
    return found == none ? none : found + static_cast<std::size_t>(from);
}

// The size is at least twice a line: rotate at the first line end in the last `longest` bytes.
portion at_a_line_end(std::string_view bytes, std::uint64_t written, size_limits limits) noexcept {
    const std::uint64_t room = limits.size - written;
    const std::uint64_t from = limits.size - limits.longest;
    const std::size_t   end  = newline_from(bytes, written < from ? from - written - 1 : 0);
    if (end != none && end < room) return {end + 1, true};
    if (bytes.size() > room) return {static_cast<std::size_t>(room), true};
    return {bytes.size(), false};
}

// A line may be larger than the file: rotate before a line that does not fit.
portion before_a_line(std::string_view bytes, std::uint64_t written, size_limits limits) noexcept {
    const std::uint64_t room = limits.size - written;
    if (bytes.size() <= room) return {bytes.size(), bytes.size() == room && bytes.back() == '\n'};
    const std::size_t last = bytes.substr(0, static_cast<std::size_t>(room)).rfind('\n');
    if (last != none) return {last + 1, true};
    return {written != 0 ? 0 : static_cast<std::size_t>(room), true};
}

}  // namespace

portion next_portion(std::string_view bytes, std::uint64_t written, size_limits limits) noexcept {
    if (bytes.empty() || limits.size == 0) return {bytes.size(), false};
    if (written >= limits.size) return {0, true};
    return limits.size > limits.longest ? at_a_line_end(bytes, written, limits) : before_a_line(bytes, written, limits);
}

old_name name_of(moment rotated, old_file what) noexcept {
    old_name name;
    name.append(tai::label(rotated).view());
    name.append('.');
    name.append(static_cast<char>(what));
    return name;
}

old_name with_kind(const old_name& name, old_file what) noexcept {
    old_name other;
    other.append(name.view().substr(0, old_name_size - 1));
    other.append(static_cast<char>(what));
    return other;
}

bool oldest_files::older(std::string_view a, std::string_view b) const noexcept {
    const std::string_view newest   = newest_.substr(0, tai::label_size);
    const auto             misdated = [newest](std::string_view name) {
        return !newest.empty() && name.substr(0, tai::label_size) > newest;
    };
    return misdated(a) != misdated(b) ? misdated(a) : a < b;
}

void oldest_files::add(std::string_view name) noexcept {
    ++seen_;
    std::size_t at = kept_;
    while (at > 0 && older(name, names_[at - 1].view())) --at;
    if (at == most_kept) return;
    if (kept_ < most_kept) ++kept_;
    for (std::size_t i = kept_ - 1; i > at; --i) names_[i] = names_[i - 1];
    names_[at].clear();
    names_[at].append(name);
}

}  // namespace runwell
