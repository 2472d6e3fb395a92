#include "svctl/terminal.hh"

#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cwchar>

#include "core/text.hh"

namespace runwell::svctl {
namespace {

struct tint_row {
    tint             in;
    std::string_view code;  // between "\e[" and "m"; empty: none
};

constexpr std::array tints{
    tint_row{tint::plain, ""},    tint_row{tint::strong, "1"},  tint_row{tint::faint, "2"},
    tint_row{tint::good, "32"},   tint_row{tint::young, "33"},  tint_row{tint::bad, "1;31"},
    tint_row{tint::name_1, "36"}, tint_row{tint::name_2, "33"}, tint_row{tint::name_3, "35"},
    tint_row{tint::name_4, "32"}, tint_row{tint::name_5, "34"}, tint_row{tint::name_6, "31"},
};

constexpr std::string_view ellipsis = "…";

// What one character is; one that is not valid is a single byte with no code point.
struct character {
    std::size_t bytes;
    wchar_t     code = -1;
};

// The first character of text, which is not empty, in the encoding of use_locale().
character first_of(std::string_view text) noexcept {
    const auto lead = static_cast<unsigned char>(text.front());
    if (lead < 0x80) return {1, static_cast<wchar_t>(lead)};
    wchar_t           code  = 0;
    std::mbstate_t    state = {};
    const std::size_t size  = std::mbrtowc(&code, text.data(), text.size(), &state);
    // -1, -2: it is none, or not whole. (The C library takes what is beyond Unicode, too.)
    return size == 0 || size > text.size() || code > 0x10ffff ? character{1} : character{size, code};
}

std::size_t width_of(const character& one) noexcept {
    if (one.code < 0 || (one.code >= 0x20 && one.code < 0x7f)) return 1;
    const int width = ::wcwidth(one.code);
    return width < 0 ? 1 : static_cast<std::size_t>(width);
}

// Characters that must not reach a terminal unchanged: C0, DEL, C1 and bytes that are no character.
constexpr bool is_control(const character& one) noexcept {
    return one.code < 0x20 || (one.code >= 0x7f && one.code < 0xa0);
}

// Nearly everything is, and is then its own width.
bool is_plain_ascii(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

bool is_harmless(std::string_view text) noexcept {
    if (is_plain_ascii(text)) return true;
    while (!text.empty()) {
        const character one = first_of(text);
        if (is_control(one)) return false;
        text.remove_prefix(one.bytes);
    }
    return true;
}

bool is_set(const char* variable) {
    const char* value = std::getenv(variable);
    return value != nullptr && *value != '\0';
}

bool has_color(color_mode mode, bool is_terminal) {
    switch (mode) {
        case color_mode::always: return true;
        case color_mode::never: return false;
        case color_mode::automatic: break;
    }
    const char* kind = std::getenv("TERM");
    return is_terminal && !is_set("NO_COLOR") && !(kind != nullptr && std::string_view{kind} == "dumb");
}

// What use_locale() has found: whether the person's locale is one of UTF-8.
bool& locale_has_unicode() noexcept {
    static bool has = false;
    return has;
}

}  // namespace

void print(std::string_view text) { static_cast<void>(std::fwrite(text.data(), 1, text.size(), stdout)); }

void use_locale() {
    locale_has_unicode() =
        std::setlocale(LC_CTYPE, "") != nullptr && std::string_view{::nl_langinfo(CODESET)} == "UTF-8";
    // How wide a character is does not depend on the language.
    if (!locale_has_unicode()) std::setlocale(LC_CTYPE, "C.UTF-8");
}

terminal::terminal(int fd, color_mode mode, bool full)
    : fd_{fd},
      is_terminal_{::isatty(fd) == 1},
      has_color_{svctl::has_color(mode, is_terminal_)},
      has_unicode_{locale_has_unicode()},
      full_{full} {}

std::size_t terminal::width() const {
    if (!is_terminal_ || full_) return 0;
    winsize size{};
    if (::ioctl(fd_, TIOCGWINSZ, &size) == 0 && size.ws_col != 0) return size.ws_col;
    const char* columns = std::getenv("COLUMNS");
    const auto  told    = columns == nullptr ? std::nullopt : whole_number(columns);
    return told && *told != 0 ? *told : 80;
}

std::size_t terminal::height() const {
    winsize size{};
    if (!is_terminal_) return 0;
    return ::ioctl(fd_, TIOCGWINSZ, &size) == 0 && size.ws_row != 0 ? size.ws_row : 24;
}

void terminal::paint(std::string& onto, tint in, std::string_view text) const {
    const auto* row = std::find_if(tints.begin(), tints.end(), [in](const tint_row& one) { return one.in == in; });
    if (!has_color_ || row == tints.end() || row->code.empty() || text.empty()) {
        onto += text;
        return;
    }
    onto.append("\x1b[").append(row->code).append("m").append(text).append("\x1b[0m");
}

std::string terminal::paint(tint in, std::string_view text) const {
    std::string painted;
    paint(painted, in, text);
    return painted;
}

std::size_t columns_of(std::string_view text) {
    if (is_plain_ascii(text)) return text.size();
    std::size_t columns = 0;
    while (!text.empty()) {
        const character one = first_of(text);
        columns += width_of(one);
        text.remove_prefix(one.bytes);
    }
    return columns;
}

std::string fit(std::string_view text, std::size_t columns) {
    if (columns == 0 || columns_of(text) <= columns) return std::string{text};
    std::size_t used = 0, at = 0;
    while (at < text.size()) {
        const character   one   = first_of(text.substr(at));
        const std::size_t width = width_of(one);
        if (used + width > columns - 1) break;
        used += width;
        at += one.bytes;
    }
    return std::string{text.substr(0, at)} + std::string{ellipsis};
}

std::vector<std::string> wrapped(std::string_view text, std::size_t columns) {
    std::vector<std::string> lines{""};
    if (columns == 0) return {std::string{text}};
    while (!text.empty()) {
        const std::size_t      end  = std::min(text.find(' '), text.size());
        const std::string_view word = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (!lines.back().empty() && columns_of(lines.back()) + 1 + columns_of(word) > columns) lines.emplace_back();
        if (!lines.back().empty()) lines.back() += ' ';
        lines.back() += word;
    }
    return lines;
}

std::string pad(std::string_view text, std::size_t columns, bool to_the_right) {
    const std::size_t width  = columns_of(text);
    const std::string spaces = std::string(width < columns ? columns - width : 0, ' ');
    return to_the_right ? spaces + std::string{text} : std::string{text} + spaces;
}

std::string printable(std::string_view text) {
    if (is_harmless(text)) return std::string{text};
    constexpr std::string_view digits = "0123456789abcdef";
    std::string                shown;
    while (!text.empty()) {
        const character one = first_of(text);
        if (!is_control(one)) {
            shown += text.substr(0, one.bytes);
            if (one.code == '\\') shown += '\\';
        } else if (one.code == '\n' || one.code == '\t') {
            shown += one.code == '\n' ? "\\n" : "\\t";
        } else {
            for (const char byte : text.substr(0, one.bytes)) {
                shown += "\\x";
                shown += digits[static_cast<unsigned char>(byte) >> 4];
                shown += digits[static_cast<unsigned char>(byte) & 15];
            }
        }
        text.remove_prefix(one.bytes);
    }
    return shown;
}

std::string harmless(std::string_view text) {
    std::string shown;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find_first_of("\t\n"), text.size());
        shown += printable(text.substr(0, end));
        if (end < text.size()) shown += text[end];
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return shown;
}

}  // namespace runwell::svctl
