#include "sys/proc.hh"

#include <fcntl.h>
#include <unistd.h>

#include "core/text.hh"
#include "sys/files.hh"

namespace runwell::sys {

fixed_text<48> proc_path(std::uint64_t pid, std::string_view name) noexcept {
    fixed_text<48> path;
    path.append("/proc/");
    path.append(decimal{pid}.view());
    path.append(name);
    return path;
}

std::string_view read_once(int dir, const char* path, std::span<char> into) noexcept {
    const auto    file = open_at(dir, path, O_RDONLY);
    const ssize_t size = file ? ::read(file->value(), into.data(), into.size()) : -1;
    return {into.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

}  // namespace runwell::sys
