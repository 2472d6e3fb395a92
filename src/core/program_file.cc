#include "core/program_file.hh"

#include <bit>
#include <string_view>

namespace runwell {
namespace {

// elf(5), 64 bits. Only files of our own byte order are read.
namespace at {
constexpr std::size_t ident = 0, ident_size = 7, machine = 18, phoff = 32, shoff = 40, phentsize = 54, phnum = 56,
                      shentsize = 58, shnum = 60, header_size = 64;
constexpr std::size_t p_type = 0, p_offset = 8, p_filesz = 32, ph_size = 56;
}  // namespace at
constexpr std::uint32_t load = 1, note = 4;

std::uint64_t number(std::span<const std::byte> bytes, std::size_t from, std::size_t size) noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
        const std::size_t place = from + (std::endian::native == std::endian::little ? size - 1 - i : i);
        value                   = value << 8 | static_cast<std::uint64_t>(bytes[place]);
    }
    return value;
}

bool reaches_beyond(extent it, std::uint64_t size) noexcept { return it.offset > size || it.size > size - it.offset; }

}  // namespace

program_head look_at_program(std::span<const std::byte> head, std::uint64_t file_size,
                             std::span<const std::byte> ours) noexcept {
    constexpr std::string_view magic = "\177ELF";
    for (std::size_t i = 0; i < magic.size(); ++i)
        if (head.size() <= i || head[i] != static_cast<std::byte>(magic[i])) return {};
    if (head.size() < at::header_size) return {.defect = program_defect::truncated, .notes = {}};
    for (std::size_t i = 0; i < at::ident_size; ++i)
        if (head[at::ident + i] != ours[at::ident + i]) return {};
    if (head[4] != std::byte{2} || number(head, at::machine, 2) != number(ours, at::machine, 2)) return {};

    const std::uint64_t programs = number(head, at::phoff, 8), count = number(head, at::phnum, 2);
    const extent        table{programs, count * at::ph_size};
    if (number(head, at::phentsize, 2) != at::ph_size || count == 0) return {};
    const extent sections{number(head, at::shoff, 8), number(head, at::shnum, 2) * number(head, at::shentsize, 2)};
    if (reaches_beyond(table, file_size) || (sections.offset != 0 && reaches_beyond(sections, file_size)))
        return {.defect = program_defect::truncated, .notes = {}};
    if (reaches_beyond(table, head.size())) return {};

    program_head found{.defect = program_defect::none, .notes = {}};
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto          one  = head.subspan(static_cast<std::size_t>(programs + i * at::ph_size), at::ph_size);
        const std::uint64_t type = number(one, at::p_type, 4);
        const extent        its{number(one, at::p_offset, 8), number(one, at::p_filesz, 8)};
        if ((type == load || type == note) && reaches_beyond(its, file_size))
            return {.defect = program_defect::truncated, .notes = {}};
        if (type != note || its.size > most_notes) continue;
        // The linker makes one segment of all notes, or one for each alignment, side by side.
        if (found.notes.size == 0)
            found.notes = its;
        else if (its.offset == found.notes.offset + found.notes.size && found.notes.size + its.size <= most_notes)
            found.notes.size += its.size;
    }
    if (found.notes.size == 0) found.defect = program_defect::no_handover;
    return found;
}

program_defect look_at_notes(std::span<const std::byte> notes, std::uint32_t version) noexcept {
    constexpr std::string_view name{"runwell\0", 8};
    constexpr std::size_t      before_name = 12, whole = before_name + name.size() + 8;
    // At every place where one may begin, rather than from one to the next: alignments differ.
    for (std::size_t from = 0; from + whole <= notes.size(); from += 4) {
        const auto one = notes.subspan(from, whole);
        if (number(one, 0, 4) != name.size() || number(one, 4, 4) != 8 || number(one, 8, 4) != 1) continue;
        bool same = true;
        for (std::size_t i = 0; i < name.size(); ++i)
            same = same && one[before_name + i] == static_cast<std::byte>(name[i]);
        if (!same) continue;
        const bool takes = number(one, before_name + name.size(), 4) <= version &&
                           version <= number(one, before_name + name.size() + 4, 4);
        return takes ? program_defect::none : program_defect::other_version;
    }
    return program_defect::no_handover;
}

}  // namespace runwell
