// environment.hh — the environment of a program to come, and what a file of an environment directory adds to it.
//
//     inherited  HOME=/ A=1 PATH=/bin        change("A=2")  →  HOME=/ PATH=/bin A=2
//                                            change("A")    →  HOME=/ PATH=/bin
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace runwell {

// Pointers to "name=value", with a null pointer behind the last: what execve(2) takes.
class environment {
public:
    // Starts with what is inherited. `room` must have place for all of it, and for one more.
    environment(const char* const* inherited, std::span<const char*> room) noexcept;

    // "name=value" sets a variable, a mere "name" removes it. The entry must stay where it is. False when there is no
    // room.
    bool change(const char* entry) noexcept;

    const char* const* entries() const noexcept { return room_.data(); }

private:
    std::span<const char*> room_;
    std::size_t            size_ = 0;
};

// How many entries an environment has.
std::size_t count_entries(const char* const* entries) noexcept;

// Makes the content of a file the value of a variable (chpst(8), -e): its first line, without spaces and tabs at its
// end, with a newline for every zero byte. Changes the bytes in place; returns the length of the value.
std::size_t make_value(std::span<char> content) noexcept;

}  // namespace runwell
