#include "core/line_mark.hh"

#include <algorithm>
#include <bit>
#include <cstring>

#include "core/text.hh"

namespace runwell {
namespace {

class writer {
public:
    void word(std::string_view text) noexcept {
        std::copy(text.begin(), text.end(), text_.begin() + static_cast<std::ptrdiff_t>(size_));
        size_ += text.size() + 1;
    }
    void number(std::uint64_t value) noexcept { word(decimal{value}.view()); }
    void state(const line_state& of) noexcept {
        word(!of.inside ? "-" : of.taking ? "taking" : "passing");
        word(of.size < 0 ? "-" : "+");
        number(of.size < 0 ? 0 - static_cast<std::uint64_t>(of.size) : static_cast<std::uint64_t>(of.size));
    }
    line_mark_text done() noexcept {
        text_.back() = '\n';
        return text_;
    }
    writer() noexcept { text_.fill(' '); }

private:
    line_mark_text text_;
    std::size_t    size_ = 0;
};

class reader {
public:
    explicit reader(std::string_view text) noexcept : left_{text} {}

    std::string_view word() noexcept {
        const two_parts parts = split(left_, ' ');
        good_ &= parts.found && !parts.head.empty();
        left_ = parts.rest;
        return parts.head;
    }
    std::uint64_t number() noexcept {
        const auto value = whole_number(word());
        good_ &= value.has_value();
        return value.value_or(0);
    }
    line_state state() noexcept {
        line_state             of;
        const std::string_view what  = word();
        const bool             minus = word() == "-";
        const std::uint64_t    size  = number();
        of.inside                    = what == "taking" || what == "passing";
        of.taking                    = what == "taking";
        good_ &= of.inside || what == "-";
        of.size = static_cast<std::int64_t>(minus ? 0 - size : size);
        return of;
    }
    void refuse() noexcept { good_ = false; }
    bool good() const noexcept { return good_; }

private:
    std::string_view left_;
    bool             good_ = true;
};

constexpr std::string_view form = "line-1";  // the form of what follows

}  // namespace

// FNV-1a, eight bytes at a time, and 63 bits of it, which whole_number() reads.
std::uint64_t hash_of(std::string_view block) noexcept {
    constexpr std::uint64_t prime = 1'099'511'628'211U;
    std::uint64_t           hash  = 14'695'981'039'346'656'037U;
    for (; block.size() >= 8; block.remove_prefix(8)) {
        std::uint64_t eight = 0;
        std::memcpy(&eight, block.data(), 8);
        hash = std::rotl((hash ^ eight) * prime, 29);
    }
    for (const char c : block) hash = (hash ^ static_cast<unsigned char>(c)) * prime;
    return hash >> 1;
}

const line_state& line_mark::at(std::string_view input) const noexcept {
    if (taken || input.size() < bytes) return after;
    return hash_of(up_to(input, static_cast<std::size_t>(bytes))) == hash ? before : after;
}

line_mark_text write(const line_mark& mark) noexcept {
    writer to;
    to.word(form);
    to.word(mark.pipe.boot.front() == '\0' ? std::string_view{"-"}
                                           : std::string_view{mark.pipe.boot.data(), mark.pipe.boot.size()});
    to.number(mark.pipe.device);
    to.number(mark.pipe.inode);
    to.number(mark.bytes);
    to.number(mark.hash);
    to.state(mark.before);
    to.state(mark.after);
    to.number(mark.current);
    to.word("end");
    line_mark_text text = to.done();
    if (mark.taken) text[place_of_taken] = is_taken;
    return text;
}

line_mark_text no_line_mark() noexcept { return writer{}.done(); }

std::optional<line_mark> read_line_mark(std::string_view text) noexcept {
    if (text.size() < line_mark_size) return std::nullopt;
    reader    from{up_to(text, line_mark_size - 1)};
    line_mark mark;
    if (from.word() != form) from.refuse();
    const std::string_view boot = from.word();
    if (boot.size() == mark.pipe.boot.size())
        std::copy(boot.begin(), boot.end(), mark.pipe.boot.begin());
    else if (boot != "-")
        from.refuse();
    mark.pipe.device = from.number();
    mark.pipe.inode  = from.number();
    mark.bytes       = from.number();
    mark.hash        = from.number();
    mark.before      = from.state();
    mark.after       = from.state();
    mark.current     = from.number();
    if (from.word() != "end") from.refuse();
    mark.taken = text[place_of_taken] == is_taken;
    return from.good() ? std::optional{mark} : std::nullopt;
}

}  // namespace runwell
