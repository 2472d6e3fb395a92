// backward_lines.hh — the lines of an open file from its end to its beginning, in bounded memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace runwell::svctl {

inline constexpr std::size_t block        = 65'536;   // bytes read at once
inline constexpr std::size_t longest_line = 262'144;  // bytes of one line that are shown

// As much as there is at a place, at most `size` bytes.
std::string   read_at(int fd, std::uint64_t place, std::size_t size);
std::uint64_t size_of(int fd);

class backward_lines {
public:
    struct piece {
        std::uint64_t place;  // where it begins
        std::string   text;   // without newline
        bool          whole;  // ended by one
    };

    explicit backward_lines(int fd);

    // Of a line that is too long only the beginning; lines before one without an end are not read.
    std::optional<piece> next();

private:
    void        load();
    std::size_t last_newline() const;

    int           fd_;
    std::uint64_t begin_;           // of bytes_, in the file
    std::string   bytes_;           // up to the end of the next line
    std::size_t   unsearched_ = 0;  // bytes at the beginning that were not searched for a newline
    bool          more_;
    bool          whole_ = true;
};

}  // namespace runwell::svctl
