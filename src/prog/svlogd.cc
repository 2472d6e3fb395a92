// svlogd — log what comes on standard input into directories that rotate themselves. svlogd(8).
//
//     stdin ──▶ source ──▶ a block, framed, cleaned, stamped once ──▶ each log_directory ──▶ source.take()
//
// One loop: it waits for input, signals, and what the directories have due. A block is taken from the pipe only when
// every directory has written it, or has given it up; while none can write, nothing is read.

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <new>
#include <optional>
#include <span>
#include <string_view>

#include "core/cleaning.hh"
#include "core/framing.hh"
#include "core/options.hh"
#include "core/text.hh"
#include "core/version.hh"
#include "prog/svlogd/log_directory.hh"
#include "prog/svlogd/outlets.hh"
#include "prog/svlogd/settings.hh"
#include "prog/svlogd/source.hh"
#include "sys/clock.hh"
#include "sys/event_queue.hh"
#include "sys/files.hh"
#include "sys/pages.hh"
#include "sys/signals.hh"

namespace runwell {
namespace {

constexpr std::size_t block_room      = 262'144;  // bytes, at least
constexpr std::size_t page            = 4096;
constexpr ticks       processor_grace = 5 * one_second;  // after TERM; sv(8) waits for 7 s
constexpr ticks       line_grace      = one_second;      // after TERM: for the rest of a line that has begun in memory
constexpr ticks       rest_after      = one_second;      // without input: the memory of large blocks is given back

// ---- the command line ---------------------------------------------------------------------------------------------

struct options {
    log_settings                 how;
    std::optional<char>          replace_by;
    std::string_view             replace_also;
    std::span<const char* const> directories;
};

constexpr std::array option_rows{
    option_row{'R', true},  option_row{'r', true},  option_row{'l', true},  option_row{'b', true},
    option_row{'t', false}, option_row{'v', false}, option_row{'V', false}, option_row{'L', false},
};

std::size_t number_or(std::size_t fallback, std::string_view text) noexcept {
    constexpr std::uint64_t most  = std::uint64_t{1} << 40;
    const std::uint64_t     value = scan_number(text).value;
    return value == 0 ? fallback : static_cast<std::size_t>(std::min(value, most));
}

bool set(options& to, char letter, std::string_view value) noexcept {
    log_settings& how = to.how;
    switch (letter) {
        case 'R':
            to.replace_also = value;
            if (!to.replace_by) to.replace_by = '_';
            return true;
        case 'r': to.replace_by = value.empty() ? '\0' : value.front(); return value.size() == 1;
        case 'l': how.longest = number_or(1000, value); return true;
        case 'b': how.buffer = number_or(1024, value); return true;
        case 't':
            how.stamp = !how.stamp                         ? tai::stamp::tai64n
                        : *how.stamp == tai::stamp::tai64n ? tai::stamp::underscore
                                                           : tai::stamp::iso;
            return true;
        case 'v': how.verbose = true; return true;
        case 'L': how.lossy = true; return true;
        default: sys::say({version_words}); return false;  // V
    }
}

// Nothing: a usage error.
std::optional<options> parse(std::span<const char* const> arguments) noexcept {
    options                   said;
    option_reader<option_row> reader{option_rows, arguments.empty() ? arguments : arguments.subspan(1),
                                     double_dash::is_a_letter};
    for (;;) {
        const auto found = reader.next();
        if (found.error) {
            sys::say({"svlogd: ", found.error->words, found.error->option});
            return std::nullopt;
        }
        if (found.row == nullptr) break;
        if (!set(said, found.row->letter, found.value)) return std::nullopt;
    }
    said.directories = reader.rest();
    if (said.directories.empty() || said.how.buffer <= said.how.longest) return std::nullopt;
    return said;
}

// ---- memory -------------------------------------------------------------------------------------------------------

// Room for the block and one directory is part of the program: it lies beside what is touched anyway, and saves the
// page tables of a mapping. What does not fit comes from the kernel. Only what is used costs anything.
alignas(page) std::array<char, 1'048'576> first_room;

class arena {
public:
    // Zero bytes, at a page's beginning; nothing when there is no memory. They are never given back.
    std::optional<std::span<char>> take(std::size_t size) noexcept {
        size = (size + page - 1) / page * page;
        if (size > free_.size()) {
            void* const more =
                ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
            if (more == MAP_FAILED) return std::nullopt;
            return std::span{static_cast<char*>(more), size};
        }
        const std::span<char> taken = free_.first(size);
        free_                       = free_.subspan(size);
        return taken;
    }

private:
    std::span<char> free_{first_room};
};

// ---- the program --------------------------------------------------------------------------------------------------

class logger {
public:
    logger(const options& said, std::span<char> block, std::span<log_directory> directories, outlets& elsewhere,
           sys::unique_fd signals, sys::event_queue queue) noexcept
        : how_{said.how},
          source_{STDIN_FILENO, block},
          directories_{directories},
          alerts_{elsewhere.to_stderr},
          signals_{std::move(signals)},
          queue_{std::move(queue)} {
        queue_.add(signals_.value(), EPOLLIN, from_signals);
        if (said.replace_by) cleaning_.emplace(*said.replace_by, said.replace_also);
    }

    // False: there is nothing to log to, which was said.
    bool open_directories() noexcept;
    int  run() noexcept;

private:
    static constexpr std::uint32_t from_signals = 0, from_input = 1;  // tags

    enum class phase : unsigned char { reading, at_the_end, told_to_leave };

    void                 read_signals() noexcept;
    void                 reap_processors() noexcept;
    void                 look() noexcept;
    void                 prepare(bool last) noexcept;
    void                 begin() noexcept;
    void                 log() noexcept;
    void                 mark_line() noexcept;
    void                 line_taken() noexcept;
    void                 leave(phase how) noexcept;
    bool                 housekeeping() noexcept;
    bool                 listening() const noexcept { return phase_ == phase::reading && !block_open_; }
    bool                 may_process(const log_directory& d) const noexcept;
    bool                 finished() const noexcept;
    void                 close_directories() noexcept;
    std::optional<ticks> due() const noexcept;

    const log_settings&      how_;
    std::optional<cleaning>  cleaning_;
    source                   source_;
    std::span<log_directory> directories_;
    alerts&                  alerts_;
    sys::unique_fd           signals_;
    sys::event_queue         queue_;

    phase                                 phase_      = phase::reading;
    bool                                  inside_     = false;  // the input is inside a line whose head has been logged
    bool                                  block_open_ = false;
    std::array<char, tai::stamp_size + 1> stamp_{};
    log_block                             block_;
    block_edges                           edges_;
    bool                                  begun_  = false;  // a block has come
    bool                                  marked_ = false;  // a successor knows where the input goes on
    bool                                  reopen_ = false, rotate_ = false;
    std::optional<ticks>                  leave_at_, rest_at_;
    std::optional<ticks>                  line_by_;  // exits when this line has ended, or at this time
    bool to_the_end_ = false;                        // or when the input has ended: no process can write to it any more
};

bool logger::open_directories() noexcept {
    const ticks now = sys::monotonic();
    bool        any = false;
    for (log_directory& d : directories_) {
        d.close();
        any |= d.open(now, !begun_);
    }
    if (!any) static_cast<void>(svlogd_messages.fatal(error{"no functional log directories."}, 111));
    return any;
}

void logger::read_signals() noexcept {
    const auto tell = [this](std::string_view what) {
        if (how_.verbose) sys::say({"svlogd: info: ", what, " received."});
    };
    for (int signal = sys::next_signal(signals_); signal != 0; signal = sys::next_signal(signals_)) {
        switch (signal) {
            case SIGTERM:
                tell("sigterm");
                leave(phase::told_to_leave);
                break;
            case SIGALRM:
                tell("sigalarm");
                rotate_ = true;
                break;
            case SIGIO: source_.signalled(); break;
            case SIGHUP:
                tell("sighangup");
                reopen_ = true;
                break;
            case SIGXFSZ: break;  // write(2) fails with EFBIG, too
            default:
                tell("sigchild");
                reap_processors();
                break;
        }
    }
}

void logger::reap_processors() noexcept {
    const ticks now = sys::monotonic();
    for (auto child = sys::reap(); child.pid != 0; child = sys::reap())
        for (log_directory& d : directories_)
            if (d.child_ended(child.pid, child.status, phase_ == phase::reading, now)) break;
}

void logger::look() noexcept {
    switch (source_.look()) {
        case source::found::nothing: return;
        case source::found::bytes: return prepare(false);
        case source::found::error:
            svlogd_messages.warn(error{"unable to read standard input", "", errno});
            [[fallthrough]];
        case source::found::end: return leave(line_by_ ? phase::told_to_leave : phase::at_the_end);
    }
}

// Reads nothing more. At the end of the input the beginning of a line is a line; on TERM it stays in the pipe for the
// next logger. If it is no longer there, but in memory or in the log without a mark, svlogd waits for its rest.
void logger::leave(phase how) noexcept {
    const bool idle = phase_ == phase::reading && !block_open_;
    if (idle && how == phase::told_to_leave && !line_by_ && source_.is_peeked_at()) {
        to_the_end_ = source_.hung_up();  // runsv waits for this logger to read all of it
        if (to_the_end_ || (inside_ && !marked_) || source_.owns_bytes()) {
            line_by_ = sys::monotonic() + (to_the_end_ ? processor_grace : line_grace);
            return;
        }
    }
    const bool last_words = idle && (how == phase::at_the_end || source_.leaves_bytes(queue_) || inside_);
    phase_                = how;
    if (last_words) prepare(true);
    if (how == phase::told_to_leave && !leave_at_) leave_at_ = sys::monotonic() + processor_grace;
}

// Before the first block. A predecessor may have logged what the input begins with, and more.
void logger::begin() noexcept {
    if (begun_) return;
    begun_                      = true;
    const std::span<char> input = source_.bytes();
    for (log_directory& d : directories_) {
        if (!d.is_marked()) continue;
        if (edges_.pipe.inode == 0) edges_.pipe = name_of_input();
        inside_ |= d.begins_inside({input.data(), input.size()}, edges_.pipe);
    }
    marked_ = inside_;
}

// What of the input can be logged becomes a block.
void logger::prepare(bool last) noexcept {
    if (last || !source_.bytes().empty()) begin();
    // A line whose head is in the log is for the next svlogd to end.
    if (phase_ == phase::told_to_leave && inside_ && marked_ && source_.bytes().empty()) return;
    if (phase_ == phase::at_the_end && !inside_ && source_.bytes().empty())
        for (log_directory& d : directories_) d.end_line();
    if (last && (inside_ || !source_.bytes().empty())) source_.end_line();
    const std::span<char>  room = source_.bytes();
    const std::string_view bytes{room.data(), room.size()};
    std::size_t            ready = ready_bytes(bytes, inside_, how_.longest);
    if (const std::size_t end = bytes.find('\n'); line_by_ && !to_the_end_ && end < ready) ready = end + 1;
    if (ready == 0) {
        source_.take(0);
        return;
    }
    block_.ready         = up_to(bytes, ready);
    edges_.inside_before = inside_;
    edges_.inside_after  = bytes[ready - 1] != '\n';
    edges_.bytes         = ready;
    edges_.hash          = edges_.inside_before || edges_.inside_after ? hash_of(block_.ready) : 0;
    if (cleaning_) {
        bool inside = inside_;
        for (std::size_t at = 0; at < ready;) {
            const log_line line = first_line(after(block_.ready, at), inside, how_.longest);
            cleaning_->apply(room.subspan(at, line.head.size()));
            inside = !line.ended;
            at += line.size();
        }
    }
    if (how_.stamp) {
        tai::write(*how_.stamp, sys::wall()).view().copy(stamp_.data(), tai::stamp_size);
        stamp_.back() = ' ';
        block_.stamp  = {stamp_.data(), stamp_.size()};
    }
    inside_     = edges_.inside_after;
    block_open_ = true;
    for (log_directory& d : directories_) d.begin_block();
    log();
}

// Every directory goes on with the block; when all are done with it, it is taken from the input.
void logger::log() noexcept {
    const ticks now  = due() ? sys::monotonic() : 0;
    bool        done = true, any_works = false;
    for (log_directory& d : directories_) {
        done &= d.feed(block_, now);
        any_works |= d.is_open() && !d.stuck();
    }
    if (!done && (any_works || how_.lossy)) {
        done = true;
        for (log_directory& d : directories_)
            if (d.is_open() && d.stuck()) d.skip(block_);
    }
    alerts_.flush();
    if (!done) return;
    mark_line();
    if (line_by_ && !to_the_end_ && (!inside_ || marked_)) phase_ = phase::told_to_leave;
    const bool leaves = phase_ == phase::told_to_leave;  // the next logger gets the rest
    if (leaves)
        source_.leave_after(block_.ready.size());
    else
        source_.take(block_.ready.size());
    if (marked_) line_taken();
    block_open_ = false;
    if (leaves && !leave_at_) leave_at_ = sys::monotonic() + processor_grace;
    if (!leaves && source_.used_much()) rest_at_ = sys::monotonic() + rest_after;
}

// A successor may not find the beginning of a line that has been taken from a pipe.
void logger::mark_line() noexcept {
    const bool crossed = edges_.inside_before || edges_.inside_after;
    if (crossed && edges_.pipe.inode == 0) edges_.pipe = name_of_input();
    marked_ = edges_.pipe.inode != 0;
    for (log_directory& d : directories_)
        if ((crossed && edges_.pipe.inode != 0) || d.is_marked()) marked_ &= d.mark_line(edges_);
}

void logger::line_taken() noexcept {
    for (log_directory& d : directories_) d.line_taken();
}

// After the end of the input the queue is worked off as long as that succeeds; after TERM nothing new is begun.
bool logger::may_process(const log_directory& d) const noexcept {
    return phase_ == phase::reading || (phase_ == phase::at_the_end && !d.worker().failing());
}

std::optional<ticks> logger::due() const noexcept {
    std::optional<ticks> next = rest_at_;
    const auto           also = [&next](std::optional<ticks> at) {
        if (at) next = next ? std::min(*next, *at) : at;
    };
    also(leave_at_);
    if (phase_ == phase::reading) also(line_by_);
    if (listening()) also(source_.due());
    for (const log_directory& d : directories_) also(d.due(may_process(d)));
    return next;
}

// Carries out requests and actions that are due. False: no directory is left to log to.
bool logger::housekeeping() noexcept {
    if (reopen_ && !open_directories()) return false;
    if (const bool nothing = !reopen_ && !rotate_ && !due(); nothing) return true;
    const ticks now = sys::monotonic();
    for (log_directory& d : directories_) {
        if (rotate_) d.rotate_now();
        d.tend(now);
        if (may_process(d)) d.process(now);
    }
    if (rest_at_ && now >= *rest_at_ && !block_open_) {
        rest_at_.reset();
        source_.release();
        for (log_directory& d : directories_) d.release();
    }
    reopen_ = rotate_ = false;
    if (block_open_) log();
    return true;
}

bool logger::finished() const noexcept {
    if (phase_ == phase::reading) return false;
    if (phase_ == phase::told_to_leave && sys::monotonic() >= *leave_at_) return true;
    if (phase_ == phase::at_the_end && block_open_) return false;
    return std::none_of(directories_.begin(), directories_.end(), [this](const log_directory& d) {
        return d.worker().pid() > 0 || (may_process(d) && d.has_work());
    });
}

void logger::close_directories() noexcept {
    std::optional<std::size_t> left;
    for (log_directory& d : directories_) d.try_at_once();
    if (block_open_) {
        std::size_t written = block_.ready.size();
        for (const log_directory& d : directories_)
            if (d.is_open()) written = std::min(written, d.safe());
        // A line that was written in part stays in the pipe as a whole: the next svlogd knows it by its beginning.
        written = up_to(block_.ready, written).rfind('\n') + 1;
        if (written > 0) {
            edges_.inside_after = false;
            edges_.bytes        = written;
            edges_.hash         = edges_.inside_before ? hash_of(up_to(block_.ready, written)) : 0;
            mark_line();
        }
        if (const std::size_t lost = source_.leave_after(written); lost > 0)
            svlogd_messages.warn({"input lost, bytes: ", decimal{lost}.view()});
        if (written > 0) line_taken();
        left = written;
    }
    for (log_directory& d : directories_) {
        if (d.worker().pid() > 0) ::kill(d.worker().pid(), SIGTERM);
        d.finish(left);
    }
}

int logger::run() noexcept {
    for (;;) {
        if (!housekeeping()) return 111;
        if (finished()) break;
        source_.listen(queue_, from_input, listening());
        bool told = false;
        queue_.wait(listening() && source_.pending() ? sys::event_queue::at_once : due(),
                    [&](std::uint32_t tag, std::uint32_t events) {
                        told |= tag == from_signals;
                        if (tag == from_input) source_.heard(events);
                    });
        if (told) read_signals();
        if (listening() && source_.pending()) look();
        if (line_by_ && phase_ == phase::reading && sys::monotonic() >= *line_by_) leave(phase::told_to_leave);
    }
    close_directories();
    return 0;
}

int usage(const char* program) noexcept {
    sys::say({"usage: ", program, " [-ttv] [-r c] [-R abc] [-l len] [-b buflen] dir ...\n"});
    return 111;
}

int out_of_memory() noexcept { return svlogd_messages.fatal(error{"out of memory."}, 111); }

int log_to(const options& said) noexcept {
    arena             memory;
    outlets           elsewhere;
    const std::size_t block = std::max({block_room, said.how.longest + block_room / 2, said.how.buffer}) + page;
    const auto        input = memory.take(block);
    const auto        table = memory.take(said.directories.size() * sizeof(log_directory));
    if (!input || !table) return out_of_memory();
    auto* const directories = reinterpret_cast<log_directory*>(table->data());
    for (std::size_t i = 0; i < said.directories.size(); ++i) {
        const auto out = memory.take(log_feed::room_for(block));
        if (!out) return out_of_memory();
        new (directories + i) log_directory{said.directories[i], said.how, *out, elsewhere};
    }
    auto signals = sys::listen_to({SIGTERM, SIGALRM, SIGHUP, SIGCHLD, SIGIO, SIGXFSZ});
    auto queue   = sys::event_queue::make();
    if (!signals || !queue) return svlogd_messages.fatal(signals ? queue.why() : signals.why(), 111);
    logger svlogd{
        said, *input, {directories, said.directories.size()}, elsewhere, std::move(*signals), std::move(*queue)};
    return svlogd.open_directories() ? svlogd.run() : 111;
}

}  // namespace
}  // namespace runwell

int main(int argc, char** argv) {
    using namespace runwell;
    sys::occupy_standard_descriptors();
    const auto said = parse({argv, static_cast<std::size_t>(argc)});
    return said ? log_to(*said) : usage(argv[0]);
}
