// Names of old files: whatever a directory holds, the oldest are found, in order, and no more are deleted than are too
// many. A naive list of all names is the oracle.
//
//     the name given last ⏎ name ⏎ name …
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "core/rotation.hh"
#include "core/text.hh"

namespace runwell {
namespace {

void must(bool holds) {
    if (!holds) std::abort();
}

void find_the_oldest(std::string_view newest, const std::vector<std::string>& names) {
    oldest_files found{newest};
    for (const std::string& name : names) found.add(name);
    must(found.seen() == names.size());
    must(found.kept() == std::min(names.size(), oldest_files::most_kept));

    // Names later than the newest were given by a clock that has been set back since: older than all others.
    const auto label  = [](std::string_view name) { return name.substr(0, tai::label_size); };
    const auto future = [&](std::string_view name) { return !newest.empty() && label(name) > label(newest); };
    for (std::size_t i = 0; i + 1 < found.kept(); ++i) {
        const std::string_view a = found[i].view(), b = found[i + 1].view();
        must(future(a) == future(b) ? label(a) <= label(b) : future(a));
    }
    // Nothing that was left out is older than what was kept.
    if (found.kept() == 0) return;
    const std::string_view last   = found[found.kept() - 1].view();
    std::size_t            before = 0;
    for (const std::string& name : names) {
        const bool older = future(name) == future(last) ? label(name) < label(last) : future(name);
        before += older ? 1 : 0;
    }
    must(before < found.kept());
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
    find_the_oldest(newest, names);
    for (std::uint64_t keep = 0; keep < 20; ++keep) {
        const std::uint64_t many = surplus(names.size(), keep);
        must(many <= names.size() && (keep == 0 ? many == 0 : many == 0 || names.size() - many == keep));
    }
    name_moments(all);
    return 0;
}
