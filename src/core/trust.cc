#include "core/trust.hh"

namespace runwell {
namespace {

constexpr std::uint32_t sticky = 01000, group_or_others_write = 0022;

constexpr bool is_ours(std::uint32_t owner, std::uint32_t us) noexcept { return owner == 0 || owner == us; }

}  // namespace

writers writers_of(directory_facts directory, std::uint32_t us) noexcept {
    if (!is_ours(directory.owner, us)) return writers::others;
    if ((directory.mode & group_or_others_write) == 0) return writers::only_us;
    return (directory.mode & sticky) != 0 ? writers::anybody : writers::others;
}

trust trust_in(writers who, entry_facts entry, std::uint32_t us) noexcept {
    if (who == writers::only_us) return trust::full;
    switch (entry.type) {
        case file_type::directory:
            if (who == writers::anybody && is_ours(entry.owner, us)) return trust::full;
            return trust::content;
        case file_type::regular:
        case file_type::fifo: return entry.names == 1 ? trust::content : trust::none;
        case file_type::link:
        case file_type::socket:
        case file_type::device: break;
    }
    return trust::none;
}

}  // namespace runwell
