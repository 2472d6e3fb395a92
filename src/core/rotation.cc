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

bool pruning::goes_before(const stored& a, const stored& b) const noexcept {
    const std::string_view first{a.data(), a.size()}, second{b.data(), b.size()};
    const bool left = is_old_name(first, old_file::temporary), right = is_old_name(second, old_file::temporary);
    if (left != right) return left;
    const auto misdated = [this](std::string_view name) { return !newest_.empty() && label_of(name) > newest_; };
    return misdated(first) != misdated(second) ? misdated(first) : first < second;
}

void pruning::add(std::string_view name) noexcept {
    if (!is_old_name(name)) return;
    const bool leftover = is_old_name(name, old_file::temporary);
    const bool works    = !in_work_.empty() && label_of(name) == in_work_;
    if (!leftover) ++files_;
    if (works) return;
    if (leftover) ++leftovers_;
    ++candidates_;

    stored one;
    std::copy(name.begin(), name.end(), one.begin());
    const auto  before = [this](const stored& a, const stored& b) { return goes_before(a, b); };
    auto* const begin  = names_.begin();
    if (kept_ == most_) {
        if (!before(one, names_.front())) return;
        std::pop_heap(begin, begin + static_cast<std::ptrdiff_t>(kept_), before);
        --kept_;
    }
    names_[kept_++] = one;
    std::push_heap(begin, begin + static_cast<std::ptrdiff_t>(kept_), before);
}

void pruning::finish() noexcept {
    std::sort_heap(names_.begin(), names_.begin() + static_cast<std::ptrdiff_t>(kept_),
                   [this](const stored& a, const stored& b) { return goes_before(a, b); });
}

std::uint64_t pruning::doomed() const noexcept {
    return std::min(candidates_, leftovers_ + (keep_ && files_ > *keep_ ? files_ - *keep_ : 0));
}

std::size_t pruning::size() const noexcept {
    return static_cast<std::size_t>(std::min<std::uint64_t>(doomed(), kept_));
}

old_name pruning::operator[](std::size_t i) const noexcept {
    old_name name;
    name.append({names_[i].data(), names_[i].size()});
    return name;
}

}  // namespace runwell
