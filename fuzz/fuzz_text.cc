// The small parsers and writers, each against the plainest way to say the same: numbers, words, bytes, control letters,
// moments, the scrolling title, replace_bytes.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>

#include "core/bytes.hh"
#include "core/commands.hh"
#include "core/error_words.hh"
#include "core/fixed.hh"
#include "core/proctitle.hh"
#include "core/replace_bytes.hh"
#include "core/tai.hh"
#include "core/text.hh"

namespace runwell {
namespace {

void must(bool holds) {
    if (!holds) std::abort();
}

// Digits at the beginning, by strtoull(3).
void read_numbers(const std::string& text) {
    const std::size_t digits  = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto        scanned = scan_number(text);
    const auto        value   = std::strtoull(text.substr(0, digits).c_str(), nullptr, 10);  // saturates
    must(scanned.digits == digits && scanned.value == value);

    const auto whole = whole_number(text);
    if (whole) must(digits == text.size() && digits > 0 && *whole == value);
    must(whole.has_value() == (digits == text.size() && digits > 0 && digits <= 19));  // more are too large

    const decimal written{value};
    must(written.view() == std::to_string(value) && scan_number(written.view()).value == value);
}

void read_words(const std::string& text, char at) {
    const two_parts              parts = split(text, at);
    const std::string::size_type place = text.find(at);
    must(parts.found == (place != std::string::npos));
    must(parts.found ? std::string{parts.head} + at + std::string{parts.rest} == text
                     : parts.head == text && parts.rest.empty());
    must(parts.head.find(at) == std::string_view::npos);

    const std::string_view base = base_name(text);
    must(text.ends_with(base) && base.find('/') == std::string_view::npos);
    must(base.size() == text.size() || text[text.size() - base.size() - 1] == '/');

    fixed_text<8> some;
    must(some.append(text) == (text.size() <= 8) && some.view() == (text.size() <= 8 ? text : ""));
    some.clear();
    some.append_cut(text);
    must(some.view() == text.substr(0, 8) && std::strlen(some.c_str()) <= some.size());
}

// Whatever lies around them: at every place in the room, to its very end.
void find_and_copy(const std::string& text, char letter) {
    must(find_byte(text, letter) == std::string_view{text}.find(letter));
    std::string room(text.size() + 2, '#');
    copy_bytes(room.data() + 1, text);
    must(room.front() == '#' && room.back() == '#' && std::string_view{room}.substr(1, text.size()) == text);
}

void obey(char letter) {
    const auto row = command_of(letter);
    must(row.has_value() == (std::string_view{"uodxtkpchaiq12"}.find(letter) != std::string_view::npos));
    if (row) must(row->letter == letter);
}

// The 12 bytes have one reading, and the texts are those of gmtime(3).
void tell_moments(const std::string& text) {
    if (text.size() < tai::bytes) return;
    std::array<std::byte, tai::bytes> raw{}, again{};
    std::memcpy(raw.data(), text.data(), raw.size());
    const moment read = tai::unpack(raw);
    tai::pack(read, again);
    must(raw == again);

    constexpr std::int64_t far = 400LL * 366 * 86'400;  // seconds: years have four digits
    const moment           at{read.seconds % far, read.nanos % 1'000'000'000};
    char                   digits[32];
    std::snprintf(digits, sizeof digits, "@%016llx%08x",
                  static_cast<unsigned long long>(static_cast<std::uint64_t>(at.seconds) + tai::unix_epoch), at.nanos);
    must(tai::label(at).view() == digits && tai::write(tai::stamp::tai64n, at).view() == digits);
    if (at.seconds < 0) return;
    std::tm           parts{};
    const std::time_t seconds = at.seconds;
    must(::gmtime_r(&seconds, &parts) != nullptr);
    char              expected[64];
    const std::size_t n = std::strftime(expected, sizeof expected, "%Y-%m-%d_%H:%M:%S", &parts);
    std::snprintf(expected + n, sizeof expected - n, ".%05u", at.nanos / 10'000);
    const auto stamp = tai::write(tai::stamp::underscore, at), iso = tai::write(tai::stamp::iso, at);
    must(stamp.view() == expected);
    expected[10] = 'T';
    must(iso.view() == expected);
}

// However it comes, in however many pieces: the last bytes of all of it.
void scroll(const std::string& text, std::size_t piece) {
    std::string title(proctitle::fixed + 16, '.');
    std::string all(16, '.');
    proctitle   shown{title};
    for (std::size_t at = 0; at < text.size(); at += piece) {
        const std::string_view some = std::string_view{text}.substr(at, piece);
        shown.scroll(some);
        all += some;
        must(title == std::string(proctitle::fixed, '.') + all.substr(all.size() - 16));
    }
}

void clean(const std::string& text, char by, const std::string& also) {
    const replace_bytes made{by, also};
    std::string         once = text;
    made.apply(once);
    std::string twice = once;
    made.apply(twice);
    must(twice == once && once.size() == text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool strange = text[i] < 32 || text[i] > 126 || also.find(text[i]) != std::string::npos;
        must(once[i] == (strange ? by : text[i]));
    }
}

}  // namespace
}  // namespace runwell

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace runwell;
    if (size < 2) return 0;
    const char        letter = static_cast<char>(bytes[0]);
    const std::string text{reinterpret_cast<const char*>(bytes) + 2, size - 2};
    read_numbers(text);
    read_words(text, letter);
    find_and_copy(text, letter);
    obey(letter);
    tell_moments(text);
    scroll(text, 1 + bytes[1] % 40U);
    clean(text, letter, text.substr(0, bytes[1] % 4U));
    must(!error_words(bytes[0] | bytes[1] << 8).empty());
    return 0;
}
