#include "core/ledger.hh"

#include <string_view>

#include "core/text.hh"

namespace runwell {
namespace {

// A line that is written from its beginning to its end.
template <std::size_t Size>
class line_writer {
public:
    void put(char c) noexcept { line_[at_++] = c; }
    void put(std::span<const char> text) noexcept {
        for (const char c : text) put(c);
    }
    void put(std::uint64_t number, std::size_t digits) noexcept {
        for (std::size_t i = digits; i > 0; number /= 10) line_[at_ + --i] = static_cast<char>('0' + number % 10);
        at_ += digits;
    }
    const std::array<char, Size>& line() const noexcept { return line_; }

private:
    std::array<char, Size> line_{};
    std::size_t            at_ = 0;
};

// The same line, read. What does not fit makes it bad for good.
class line_reader {
public:
    explicit line_reader(std::span<const char> line) noexcept : line_{line} {}

    char take() noexcept {
        if (at_ < line_.size()) return line_[at_++];
        good_ = false;
        return '\0';
    }
    void expect(char c) noexcept { good_ = take() == c && good_; }

    std::uint64_t number(std::size_t digits) noexcept {
        if (at_ + digits > line_.size()) {
            good_ = false;
            return 0;
        }
        const auto value = whole_number({line_.data() + at_, digits});
        at_ += digits;
        good_ = good_ && value;
        return value.value_or(0);
    }
    bool good() const noexcept { return good_; }

private:
    std::span<const char> line_;
    std::size_t           at_   = 0;
    bool                  good_ = true;
};

std::optional<origin> read_origin(std::span<const char> line) noexcept {
    line_reader from{line};
    origin      is;
    for (char& c : is.boot) c = from.take();
    from.expect(' ');
    is.pid_namespace = from.number(10);
    from.expect(' ');
    is.since = static_cast<ticks>(from.number(18));
    from.expect(' ');
    is.pipe = from.number(12);
    from.expect('\n');
    if (!from.good()) return std::nullopt;
    return is;
}

std::optional<birth> read_birth(std::span<const char> line) noexcept {
    line_reader from{line};
    birth       is;
    is.what = from.take();
    from.expect(' ');
    const std::uint64_t pid = from.number(10);
    from.expect(' ');
    is.born = static_cast<ticks>(from.number(18));
    from.expect('\n');
    if (!from.good() || pid == 0 || pid > INT32_MAX) return std::nullopt;
    is.pid = static_cast<std::uint32_t>(pid);
    return is;
}

std::span<const char> part(std::span<const char> bytes, std::size_t from, std::size_t size) noexcept {
    return bytes.size() < from + size ? std::span<const char>{} : bytes.subspan(from, size);
}

}  // namespace

origin_line write(const origin& of) noexcept {
    line_writer<std::tuple_size_v<origin_line>> to;
    to.put(of.boot);
    to.put(' ');
    to.put(of.pid_namespace, 10);
    to.put(' ');
    to.put(static_cast<std::uint64_t>(of.since), 18);
    to.put(' ');
    to.put(of.pipe, 12);
    to.put('\n');
    return to.line();
}

birth_line write(const birth& of) noexcept {
    line_writer<std::tuple_size_v<birth_line>> to;
    to.put(of.what);
    to.put(' ');
    to.put(of.pid, 10);
    to.put(' ');
    to.put(static_cast<std::uint64_t>(of.born), 18);
    to.put('\n');
    return to.line();
}

ledger read_ledger(std::span<const char> bytes) noexcept {
    const auto birth_of = [&](role whose) {
        return read_birth(part(bytes, static_cast<std::size_t>(whose), std::tuple_size_v<birth_line>));
    };
    return {.from    = read_origin(part(bytes, 0, std::tuple_size_v<origin_line>)),
            .process = birth_of(role::process),
            .script  = birth_of(role::script)};
}

}  // namespace runwell
