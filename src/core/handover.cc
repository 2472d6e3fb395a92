#include "core/handover.hh"

#include <algorithm>
#include <string_view>

namespace runwell {
namespace {

constexpr std::string_view magic = "runsv handover\n";

// Both walk through a handover in one order, each number in eight bytes: only one place says what that order is.
class writer {
public:
    explicit writer(std::span<std::byte> to) noexcept : to_{to} {}

    bool number(std::uint64_t value) noexcept {
        if (at_ + 8 > to_.size()) return false;
        for (int i = 0; i < 8; ++i, value >>= 8) to_[at_++] = static_cast<std::byte>(value & 0xff);
        return true;
    }
    template <class T>
    bool integer(T& value, std::int64_t /*least*/, std::int64_t /*largest*/) noexcept {
        return number(static_cast<std::uint64_t>(static_cast<std::int64_t>(value)));
    }
    bool whole(std::uint64_t& value) noexcept { return number(value); }
    bool letter(char& c) noexcept { return number(static_cast<unsigned char>(c)); }
    template <class T, class Each>
    bool maybe(std::optional<T>& value, Each each) noexcept {
        number(value ? 1 : 0);
        T nothing = value.value_or(T{});
        return each(nothing);
    }
    bool text(std::string_view expected) noexcept {
        if (at_ + expected.size() > to_.size()) return false;
        for (const char c : expected) to_[at_++] = static_cast<std::byte>(c);
        return true;
    }
    bool path(fixed_text<511>& value) noexcept {
        number(value.size());
        return text(value.view());
    }

private:
    std::span<std::byte> to_;
    std::size_t          at_ = 0;
};

class reader {
public:
    explicit reader(std::span<const std::byte> from) noexcept : from_{from} {}

    bool whole(std::uint64_t& value) noexcept {
        if (at_ + 8 > from_.size()) return false;
        value = 0;
        for (unsigned i = 0; i < 8; ++i) value |= static_cast<std::uint64_t>(from_[at_++]) << (8 * i);
        return true;
    }
    template <class T>
    bool integer(T& value, std::int64_t least, std::int64_t largest) noexcept {
        std::uint64_t bits = 0;
        if (!whole(bits)) return false;
        const auto is = static_cast<std::int64_t>(bits);
        if (is < least || is > largest) return false;
        value = static_cast<T>(is);
        return true;
    }
    bool letter(char& c) noexcept { return integer(c, 0, 127); }
    template <class T, class Each>
    bool maybe(std::optional<T>& value, Each each) noexcept {
        bool is = false;
        T    read{};
        if (!integer(is, 0, 1) || !each(read)) return false;
        value = is ? std::optional<T>{read} : std::nullopt;
        return true;
    }
    bool text(std::string_view expected) noexcept {
        return std::ranges::all_of(
            expected, [this](char c) { return at_ < from_.size() && from_[at_++] == static_cast<std::byte>(c); });
    }
    bool path(fixed_text<511>& value) noexcept {
        std::uint64_t size = 0;
        if (!whole(size) || size > 511 || at_ + size > from_.size()) return false;
        for (; size > 0; --size) {
            const auto c = static_cast<char>(from_[at_++]);
            if (c == '\0') return false;
            value.append(c);
        }
        return true;
    }

private:
    std::span<const std::byte> from_;
    std::size_t                at_ = 0;
};

constexpr std::int64_t most = INT64_MAX, least_tick = INT64_MIN;

template <class With>
bool flag(With& with, bool& it) noexcept {
    return with.integer(it, 0, 1);
}

template <class With>
bool descriptor(With& with, int& fd) noexcept {
    return with.integer(fd, -1, INT32_MAX);
}

template <class With>
bool time(With& with, ticks& at) noexcept {
    return with.integer(at, least_tick, most);
}

template <class With>
bool walk(With& with, service& s) noexcept {
    return with.integer(s.now, 0, static_cast<int>(phase::finish)) &&
           with.integer(s.wanted, 0, static_cast<int>(want::exit)) && flag(with, s.alive) && flag(with, s.paused) &&
           flag(with, s.got_term) && flag(with, s.owed) && flag(with, s.held) && flag(with, s.blocked) &&
           flag(with, s.is_log) && with.letter(s.script) && with.integer(s.wait_status, INT32_MIN, INT32_MAX) &&
           with.integer(s.since.seconds, INT64_MIN, most) && with.integer(s.since.nanos, 0, 999'999'999) &&
           time(with, s.started) && time(with, s.not_before);
}

template <class With>
bool walk(With& with, escalation& of) noexcept {
    return time(with, of.kill_at) && time(with, of.finish_at) && time(with, of.script_at) && flag(with, of.by_force) &&
           flag(with, of.rest);
}

template <class With>
bool walk(With& with, handed_process& of) noexcept {
    return with.maybe(of.record,
                      [&](process_record& r) {
                          return with.letter(r.what) && with.integer(r.pid, 0, INT32_MAX) && time(with, r.earliest) &&
                                 time(with, r.born) && with.whole(r.id);
                      }) &&
           with.integer(of.pid, 0, INT32_MAX) && flag(with, of.foreign) && descriptor(with, of.pidfd) &&
           with.maybe(of.reaped_by, [&](ticks& at) { return time(with, at); });
}

template <class With>
bool walk(With& with, handed_files& of) noexcept {
    for (int* fd :
         {&of.directory, &of.supervise, &of.lock, &of.control, &of.ok, &of.pid, &of.stat, &of.status, &of.ledger})
        if (!descriptor(with, *fd)) return false;
    return flag(with, of.published);
}

template <class With>
bool walk(With& with, handover& all) noexcept {
    std::uint32_t version = handover_version;
    if (!with.text(magic) || !with.integer(version, handover_version, handover_version) ||
        !with.integer(all.of, 1, INT32_MAX) || !walk(with, all.state.main) || !walk(with, all.state.log) ||
        !flag(with, all.state.has_log) || !flag(with, all.state.draining) ||
        !with.integer(all.state.unread, 0, INT32_MAX))
        return false;
    for (handed_member& each : all.members)
        if (!walk(with, each.files) || !walk(with, each.process) || !walk(with, each.script)) return false;
    return descriptor(with, all.log_pipe[0]) && descriptor(with, all.log_pipe[1]) && flag(with, all.terminate) &&
           with.path(all.path) && flag(with, all.state.main.killed) && flag(with, all.state.log.killed) &&
           walk(with, all.state.main.stop) && walk(with, all.state.log.stop);
}

// A service is as alive, as busy and as blocked as it has processes.
bool agrees(const service& s, const handed_member& its) noexcept {
    const handed_process &process = its.process, &script = its.script;
    const auto            is_ours = [](const handed_process& p) { return p.pid != 0 && !p.foreign; };
    for (const handed_process* p : {&process, &script})
        if (is_ours(*p) && (!p->record || p->record->pid != p->pid)) return false;
    return s.alive == is_ours(process) && busy(s) == is_ours(script) &&
           s.blocked == (process.foreign || script.foreign) && (s.now != phase::run || s.alive) &&
           (s.now != phase::down || !s.alive) && (!s.killed || s.now == phase::run) &&
           (!s.stop.rest || (s.now == phase::finish && !s.alive));
}

}  // namespace

handover_bytes encode(const handover& all) noexcept {
    handover_bytes bytes{};
    writer         to{bytes};
    handover       copy = all;
    walk(to, copy);
    return bytes;
}

std::optional<handover> decode_handover(std::span<const std::byte> bytes, std::uint32_t pid) noexcept {
    reader   from{bytes};
    handover got;
    if (bytes.size() != handover_size || !walk(from, got) || got.of != pid) return std::nullopt;
    const pair& p = got.state;
    if (p.main.is_log || !p.log.is_log || !agrees(p.main, got.members[0])) return std::nullopt;
    if (p.has_log && !agrees(p.log, got.members[1])) return std::nullopt;
    for (std::size_t i = 0; i < (p.has_log ? 2U : 1U); ++i)
        for (const int fd : {got.members[i].files.directory, got.members[i].files.supervise, got.members[i].files.lock})
            if (fd < 0) return std::nullopt;
    return got;
}

}  // namespace runwell
