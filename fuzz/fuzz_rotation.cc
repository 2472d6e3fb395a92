// Names of old files: it finds the oldest of any directory, in order; only surplus files are deleted, and only a
// limited number at once. A naive list of all names is the oracle.
//
//     the name given last ⏎ name ⏎ name …
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/rotation.hh"
#include "core/text.hh"

namespace runwell {
namespace {

void must(bool holds) {
    if (!holds) std::abort();
}

// All names in the order in which they would go, but for those that are not to be touched.
std::vector<std::string> in_order(std::string_view newest, std::string_view in_work, std::vector<std::string> names) {
    const auto label = [](std::string_view name) { return name.substr(0, tai::label_size); };
    const auto key   = [&](const std::string& name) {
        const bool leftover = is_old_name(name, old_file::temporary);
        // Names later than the newest were given by a clock that has been set back since: older than all others.
        const bool future = !newest.empty() && label(name) > label(newest);
        return std::tuple{!leftover, !future, name};
    };
    std::erase_if(names, [&](const std::string& name) { return !in_work.empty() && label(name) == label(in_work); });
    std::sort(names.begin(), names.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
    return names;
}

void find_the_oldest(std::string_view newest, std::string_view in_work, const std::vector<std::string>& names,
                     std::optional<std::uint64_t> keep) {
    pruning files{newest, in_work, keep, 5};
    for (const std::string& name : names) files.add(name);
    files.finish();
    const auto  order     = in_order(newest, in_work, names);
    const auto  temporary = [](const std::string& name) { return is_old_name(name, old_file::temporary); };
    const auto  leftovers = static_cast<std::size_t>(std::count_if(order.begin(), order.end(), temporary));
    const auto  old       = static_cast<std::size_t>(std::count_if(names.begin(), names.end(), std::not_fn(temporary)));
    std::size_t many      = leftovers + (keep && old > *keep ? old - static_cast<std::size_t>(*keep) : 0);
    many                  = std::min(many, order.size());
    must(files.size() == std::min<std::size_t>(many, 5));
    must(files.more() == (many > files.size()));
    for (std::size_t i = 0; i < files.size(); ++i) must(files[i].view() == order[i]);
}

void name_moments(std::string_view text) {
    if (text.size() < 12) return;
    std::uint64_t seconds = 0;
    std::uint32_t nanos   = 0;
    for (std::size_t i = 0; i < 8; ++i) seconds = seconds << 8 | static_cast<unsigned char>(text[i]);
    for (std::size_t i = 8; i < 12; ++i) nanos = nanos << 8 | static_cast<unsigned char>(text[i]);
    const moment at{static_cast<std::int64_t>(seconds >> 3), nanos % 1'000'000'000}, next{at.seconds + 1, 0};
    const auto   name = name_of(at, old_file::done);
    must(is_old_name(name.view(), old_file::done) && !is_old_name(name.view(), old_file::unfinished));
    must(with_kind(name, old_file::unfinished).view() == name_of(at, old_file::unfinished).view());
    must(name.view() < name_of(next, old_file::done).view());
}

}  // namespace
}  // namespace runwell

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace runwell;
    const std::string_view   all{reinterpret_cast<const char*>(bytes), size};
    two_parts                parts  = split(all, '\n');
    const std::string_view   newest = is_old_name(parts.head) ? parts.head : std::string_view{};
    std::vector<std::string> names;
    while (parts.found) {
        parts = split(parts.rest, '\n');
        if (is_old_name(parts.head) && std::find(names.begin(), names.end(), parts.head) == names.end())
            names.emplace_back(parts.head);
    }
    const std::string_view in_work = names.empty() ? std::string_view{} : std::string_view{names.front()};
    for (std::uint64_t keep = 0; keep < 20; ++keep) {
        find_the_oldest(newest, "", names, kept_by(keep));
        find_the_oldest(newest, in_work, names, keep);
    }
    name_moments(all);
    return 0;
}
