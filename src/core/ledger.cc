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
        const scanned_number read = scan_number({line_.data() + at_, digits});
        at_ += digits;
        good_ = good_ && read.digits == digits;
        return read.value;
    }
    bool flag() noexcept {
        const char c = take();
        good_        = good_ && (c == '0' || c == '1');
        return c == '1';
    }
    bool good() const noexcept { return good_; }

private:
    std::span<const char> line_;
    std::size_t           at_   = 0;
    bool                  good_ = true;
};

char letter_of(want wanted) noexcept {
    switch (wanted) {
        case want::up: return 'u';
        case want::down: return 'd';
        case want::exit: return 'x';
    }
    return 'u';
}

std::optional<want> want_of(char letter) noexcept {
    for (const want each : {want::up, want::down, want::exit})
        if (letter_of(each) == letter) return each;
    return std::nullopt;
}

// No digit is more than it can hold, and a moment before 1970 is none.
constexpr std::size_t digits_of_inode = 20, digits_of_ticks = 18, digits_of_namespace = 10, digits_of_seconds = 12;
constexpr ticks       last_tick = 999'999'999'999'999'999;

std::uint64_t number_of(ticks at) noexcept {
    return static_cast<std::uint64_t>(at < 0 ? 0 : at > last_tick ? last_tick : at);
}

std::optional<ledger_header> read_header(std::span<const char> line) noexcept {
    line_reader   from{line};
    ledger_header is;
    boot_scope&   in = is.scope;
    for (char& c : in.boot) c = from.take();
    if (in.boot[0] == '-') in.boot = {};
    from.expect(' ');
    in.booted = static_cast<std::int64_t>(from.number(digits_of_seconds));
    from.expect(' ');
    in.pid_namespace = from.number(digits_of_namespace);
    from.expect(' ');
    in.time_namespace = from.number(digits_of_namespace);
    from.expect(' ');
    in.init = from.number(digits_of_inode);
    from.expect(' ');
    in.init_began = static_cast<ticks>(from.number(digits_of_ticks));
    from.expect(' ');
    is.since = static_cast<ticks>(from.number(digits_of_ticks));
    for (file_identity* each : {&is.pipe, &is.status}) {
        from.expect(' ');
        each->inode = from.number(digits_of_inode);
        from.expect(' ');
        each->other = from.number(digits_of_inode);
    }
    from.expect(' ');
    const auto wanted = want_of(from.take());
    is.wanted         = wanted.value_or(want::up);
    is.owed           = from.flag();
    from.expect('\n');
    if (!from.good() || !wanted) return std::nullopt;
    return is;
}

std::optional<process_record> read_record(std::span<const char> line) noexcept {
    line_reader    from{line};
    process_record is;
    is.what = from.take();
    from.expect(' ');
    const std::uint64_t pid = from.number(10);
    from.expect(' ');
    is.earliest = static_cast<ticks>(from.number(digits_of_ticks));
    from.expect(' ');
    is.born = static_cast<ticks>(from.number(digits_of_ticks));
    from.expect(' ');
    is.id = from.number(digits_of_inode);
    from.expect('\n');
    if (!from.good() || pid == 0 || pid > INT32_MAX || is.earliest > is.born) return std::nullopt;
    is.pid = static_cast<std::uint32_t>(pid);
    return is;
}

std::span<const char> part(std::span<const char> bytes, std::size_t from, std::size_t size) noexcept {
    return bytes.size() < from + size ? std::span<const char>{} : bytes.subspan(from, size);
}

constexpr truth so(bool it) noexcept { return it ? truth::yes : truth::no; }

}  // namespace

// Without a boot id by when it was: a clock that is set makes that unknown, and never another boot.
truth same_boot(const boot_scope& one, const boot_scope& other) noexcept {
    if (one.knows_boot() && other.knows_boot()) return so(one.boot == other.boot);
    const std::int64_t apart = one.booted - other.booted;
    return one.booted != 0 && other.booted != 0 && -2 <= apart && apart <= 2 ? truth::yes : truth::unknown;
}

truth same_scope(const boot_scope& one, const boot_scope& other) noexcept {
    const auto  both_known = [](auto a, auto b) { return a != 0 && b != 0; };
    const truth boot       = same_boot(one, other);
    if (boot == truth::no) return truth::no;
    const bool know_namespace = both_known(one.pid_namespace, other.pid_namespace);
    if (know_namespace && one.pid_namespace != other.pid_namespace) return truth::no;
    const bool know_init = both_known(one.init, other.init);
    if (know_init && one.init != other.init) return truth::no;
    const bool know_began = both_known(one.init_began, other.init_began) &&
                            both_known(one.time_namespace, other.time_namespace) &&
                            one.time_namespace == other.time_namespace;
    if (!know_init && know_began && one.init_began != other.init_began) return truth::no;
    return know_namespace || know_init ? boot : truth::unknown;
}

header_line write(const ledger_header& of) noexcept {
    line_writer<header_size> to;
    const boot_scope&        in = of.scope;
    for (const char c : in.boot) to.put(in.knows_boot() ? c : '-');
    to.put(' ');
    to.put(static_cast<std::uint64_t>(in.booted < 0 ? 0 : in.booted), digits_of_seconds);
    to.put(' ');
    to.put(in.pid_namespace, digits_of_namespace);
    to.put(' ');
    to.put(in.time_namespace, digits_of_namespace);
    to.put(' ');
    to.put(in.init, digits_of_inode);
    to.put(' ');
    to.put(number_of(in.init_began), digits_of_ticks);
    to.put(' ');
    to.put(number_of(of.since), digits_of_ticks);
    for (const file_identity* each : {&of.pipe, &of.status}) {
        to.put(' ');
        to.put(each->inode, digits_of_inode);
        to.put(' ');
        to.put(each->other, digits_of_inode);
    }
    to.put(' ');
    to.put(letter_of(of.wanted));
    to.put(of.owed ? '1' : '0');
    to.put('\n');
    return to.line();
}

record_line write(const std::optional<process_record>& of) noexcept {
    line_writer<record_size> to;
    if (!of) {
        for (std::size_t i = 1; i < record_size; ++i) to.put('-');
        to.put('\n');
        return to.line();
    }
    to.put(of->what);
    to.put(' ');
    to.put(of->pid, 10);
    to.put(' ');
    to.put(number_of(of->earliest), digits_of_ticks);
    to.put(' ');
    to.put(number_of(of->born), digits_of_ticks);
    to.put(' ');
    to.put(of->id, digits_of_inode);
    to.put('\n');
    return to.line();
}

ledger read_ledger(std::span<const char> bytes) noexcept {
    const auto record_of = [&](role whose) {
        return read_record(part(bytes, static_cast<std::size_t>(whose), record_size));
    };
    return {.from    = read_header(part(bytes, 0, header_size)),
            .process = record_of(role::process),
            .script  = record_of(role::script),
            .stop    = record_of(role::stop)};
}

std::array<char, ledger::bytes> write(const ledger& of) noexcept {
    line_writer<ledger::bytes> to;
    to.put(write(of.from.value_or(ledger_header{})));
    to.put(write(of.process));
    to.put(write(of.script));
    to.put(write(of.stop));
    return to.line();
}

}  // namespace runwell
