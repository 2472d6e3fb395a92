#include "core/environment.hh"

#include "core/text.hh"

namespace runwell {
namespace {

std::string_view name_of(std::string_view entry) noexcept { return split(entry, '=').head; }

}  // namespace

environment::environment(const char* const* inherited, std::span<const char*> room) noexcept : room_{room} {
    while (inherited[size_] != nullptr) {
        room_[size_] = inherited[size_];
        ++size_;
    }
    room_[size_] = nullptr;
}

bool environment::change(const char* entry) noexcept {
    const std::string_view name = name_of(entry);
    std::size_t            kept = 0;
    for (std::size_t i = 0; i < size_; ++i)
        if (name_of(room_[i]) != name) room_[kept++] = room_[i];
    size_ = kept;

    const bool sets = std::string_view{entry}.size() != name.size();
    const bool fits = !sets || size_ + 1 < room_.size();
    if (sets && fits) room_[size_++] = entry;
    room_[size_] = nullptr;
    return fits;
}

std::size_t count_entries(const char* const* entries) noexcept {
    std::size_t count = 0;
    while (entries[count] != nullptr) ++count;
    return count;
}

std::size_t make_value(std::span<char> content) noexcept {
    std::size_t size = split({content.data(), content.size()}, '\n').head.size();
    while (size != 0 && (content[size - 1] == ' ' || content[size - 1] == '\t')) --size;
    for (char& c : content.first(size))
        if (c == '\0') c = '\n';
    return size;
}

}  // namespace runwell
