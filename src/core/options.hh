// options.hh — the one reader of command lines, for programs that take options as runit does.
//
//     svlogd  -tv -l 100 -b2048  ./main
//              ││  │  │   │ │      └── rest()
//              ││  │  │   │ └───────── the value may follow in the same argument,
//              ││  │  └───┼─────────── or be the next argument
//              └┴──┴──────┴─────────── next(): one option after the other; letters may share an argument
//
// Options end at the first argument that does not begin with "-" or is "-" itself. A program lists its options in rows:
// any type with the members `letter`, `name` and `takes` (option_row is the plain one). Measured on runit 2.1.2
// and 2.3.1, whose programs differ in what an argument that begins with "--" means: double_dash.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "core/text.hh"

namespace runwell {

struct option_row {
    char             letter;     // '\0': none
    bool             takes;      // a value
    std::string_view name = {};  // "--name"; "": none
};

// An argument that begins with "--":
enum class double_dash : std::uint8_t {
    ends_options,  // whatever follows the dashes: chpst's other names, utmpset
    is_a_letter,   // ends the options alone; "--x" is the option "-": sv, svlogd
    is_a_name,     // ends the options alone; "--x" is the option of that name: chpst
    is_unknown,    // an option "-" that no program has, even alone: shutdown
};

// An option that cannot be read, in runit's words: "illegal option -- " + "x".
struct option_error {
    std::string_view words;
    std::string_view option;
};

template <class Row>
class option_reader {
public:
    // `arguments`: without argv[0]. Everything that is returned points into them.
    option_reader(std::span<const Row> rows, std::span<const char* const> arguments, double_dash dashes) noexcept
        : rows_{rows}, arguments_{arguments}, dashes_{dashes} {}

    struct found {
        const Row*                  row   = nullptr;  // nullptr without an error: the options have ended
        const char*                 value = "";
        std::optional<option_error> error = std::nullopt;
    };
    found next() noexcept;

    // The arguments that follow the options.
    std::span<const char* const> rest() const noexcept { return arguments_; }

private:
    found name(std::string_view text) noexcept;
    found letter() noexcept;
    found with_next_argument(const Row& row, std::string_view said) noexcept;

    std::span<const Row>         rows_;
    std::span<const char* const> arguments_;
    double_dash                  dashes_;
    std::string_view             letters_ = {};  // the rest of an argument with several letters
};

template <class Row>
typename option_reader<Row>::found option_reader<Row>::next() noexcept {
    if (!letters_.empty()) return letter();
    if (arguments_.empty()) return {};
    std::string_view argument = arguments_[0];
    if (argument.size() < 2 || argument[0] != '-') return {};
    arguments_ = arguments_.subspan(1);
    argument.remove_prefix(1);
    if (argument[0] == '-' && dashes_ != double_dash::is_unknown) {
        if (argument.size() == 1 || dashes_ == double_dash::ends_options) return {};
        if (dashes_ == double_dash::is_a_name) return name(argument.substr(1));
    }
    letters_ = argument;
    return letter();
}

template <class Row>
typename option_reader<Row>::found option_reader<Row>::name(std::string_view text) noexcept {
    const two_parts parts = split(text, '=');
    for (const Row& row : rows_) {
        if (row.name.empty() || row.name != parts.head) continue;
        if (row.takes) return parts.found ? found{&row, parts.rest.data()} : with_next_argument(row, parts.head);
        return parts.found ? found{.error = option_error{"option takes no argument -- ", parts.head}} : found{&row};
    }
    return {.error = option_error{"illegal option -- ", parts.head}};
}

template <class Row>
typename option_reader<Row>::found option_reader<Row>::letter() noexcept {
    const std::string_view said = letters_.substr(0, 1);
    letters_.remove_prefix(1);
    for (const Row& row : rows_) {
        if (row.letter == '\0' || row.letter != said[0]) continue;
        if (!row.takes) return {&row};
        const std::string_view behind = std::exchange(letters_, {});
        return behind.empty() ? with_next_argument(row, said) : found{&row, behind.data()};
    }
    return {.error = option_error{"illegal option -- ", said}};
}

template <class Row>
typename option_reader<Row>::found option_reader<Row>::with_next_argument(const Row&       row,
                                                                          std::string_view said) noexcept {
    if (arguments_.empty()) return {.error = option_error{"option requires an argument -- ", said}};
    const char* const value = arguments_[0];
    arguments_              = arguments_.subspan(1);
    return {&row, value};
}

}  // namespace runwell
