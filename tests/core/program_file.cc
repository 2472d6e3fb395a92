#include "core/program_file.hh"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace runwell {
namespace {

using bytes = std::vector<std::byte>;

void put(bytes& to, std::size_t at, std::uint64_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i, value >>= 8) to[at + i] = static_cast<std::byte>(value & 0xff);
}

// A header, two program headers (what is loaded, and the notes), the notes, and sections at the end.
struct program {
    bytes file = bytes(1000);

    explicit program(std::uint32_t first = 1, std::uint32_t last = 1, const char* name = "runwell") {
        std::memcpy(file.data(), "\177ELF\2\1\1", 7);
        put(file, 18, 62, 2);
        put(file, 32, 64, 8);
        put(file, 40, 936, 8);  // one section header at the end
        put(file, 54, 56, 2);
        put(file, 56, 2, 2);
        put(file, 58, 64, 2);
        put(file, 60, 1, 2);
        header(0, 1, 0, 900);
        header(1, 4, 400, 28);
        put(file, 400, 8, 4);
        put(file, 404, 8, 4);
        put(file, 408, 1, 4);
        std::memcpy(file.data() + 412, name, 8);
        put(file, 420, first, 4);
        put(file, 424, last, 4);
    }
    void header(std::size_t n, std::uint64_t type, std::uint64_t offset, std::uint64_t size) {
        put(file, 64 + n * 56, type, 4);
        put(file, 64 + n * 56 + 8, offset, 8);
        put(file, 64 + n * 56 + 32, size, 8);
    }
    program_defect defect(std::size_t size = 1000) const {
        const auto head  = std::span{file}.first(std::min(size, program_head_size));
        const auto ours  = program{}.file;
        const auto found = look_at_program(head, size, ours);
        if (found.defect != program_defect::none) return found.defect;
        return look_at_notes(std::span{file}.subspan(found.notes.offset, found.notes.size), 1);
    }
};

TEST(program_file, one_that_takes_our_handover_fits) {
    EXPECT_EQ(program{}.defect(), program_defect::none);
    EXPECT_EQ((program{0, 3}.defect()), program_defect::none);
}

TEST(program_file, another_version_or_another_suite_does_not) {
    EXPECT_EQ((program{2, 3}.defect()), program_defect::other_version);
    EXPECT_EQ((program{0, 0}.defect()), program_defect::other_version);
    EXPECT_EQ((program{1, 1, "another"}.defect()), program_defect::no_handover);
    program no_note;
    no_note.header(1, 6, 400, 28);
    EXPECT_EQ(no_note.defect(), program_defect::no_handover);
}

TEST(program_file, one_that_was_cut_short_is_found_out_at_every_length) {
    for (std::size_t size = 4; size < 1000; ++size)
        EXPECT_EQ(program{}.defect(size), program_defect::truncated) << size;
    for (std::size_t size = 0; size < 4; ++size) EXPECT_EQ(program{}.defect(size), program_defect::not_elf) << size;
}

TEST(program_file, one_for_another_machine_is_none) {
    program other;
    put(other.file, 18, 183, 2);
    EXPECT_EQ(other.defect(), program_defect::not_elf);
    program narrow;
    narrow.file[4] = std::byte{1};
    EXPECT_EQ(narrow.defect(), program_defect::not_elf);
    program script;
    std::memcpy(script.file.data(), "#!/bin/sh", 9);
    EXPECT_EQ(script.defect(), program_defect::not_elf);
}

TEST(program_file, numbers_that_are_too_large_are_no_way_out_of_the_file) {
    for (const std::size_t at : {32u, 40u, 72u, 96u, 128u, 152u}) {
        program large;
        put(large.file, at, UINT64_MAX - 3, 8);
        EXPECT_NE(large.defect(), program_defect::none) << at;
    }
}

}  // namespace
}  // namespace runwell
