#include "prog/runsv/takeover.hh"

#include <cerrno>
#include <utility>

#include "core/text.hh"
#include "sys/clock.hh"
#include "sys/ledger.hh"
#include "sys/records.hh"

namespace runwell {
namespace {

constexpr ticks patience = 5 * one_second;  // between TERM and KILL for what cannot be taken over

struct found_record {
    ledger what;
    bool   trusted = false;
};

// There are two records if other users gained or lost the right to write to supervise/ meanwhile. The later one that no
// other user can have written comes first; `other` still names processes that must not be doubled.
struct found_records {
    found_record first, other;
};

found_records find_records(const member_io& its, const boot_scope& now) noexcept {
    const auto of_this_life = [&](int file) {
        const ledger is = sys::read_ledger(file);
        return is.from && same_scope(is.from->scope, now) != truth::no ? is : ledger{};
    };
    const found_record in_lock{of_this_life(its.files.lock_file()), its.files.is_trusted()};
    const auto         file = sys::open_record(its.directory.value(), false);
    const found_record elsewhere{file ? of_this_life(file->value()) : ledger{}, true};
    if (!elsewhere.what.from) return {in_lock, {}};
    const bool later = in_lock.what.from && in_lock.what.from->since > elsewhere.what.from->since;
    return in_lock.trusted && later ? found_records{in_lock, elsewhere} : found_records{elsewhere, in_lock};
}

struct leftovers {
    found_record record;
    leftover     of_it;
    bool         is_there = false;  // a supervisor has left them
};

void say_why(const sys::messages& say, std::uint32_t pid, bool trusted) noexcept {
    const decimal number{pid};
    say.warn({"process ", number.view(), " may be left of this service",
              trusted ? ", and cannot be identified" : " (others can write to its record in supervise/)",
              ": it is left alone, and nothing is started before it ends"});
}

// Whether the process of this record lives and is adopted, by what the kernel says of it.
bool examine(const std::optional<process_record>& recorded, bool trusted, truth scope, const boot_scope& then,
             const boot_scope& now, supervised_process& as, const sys::messages& say) noexcept {
    if (trusted) as.record = recorded;  // what others may have written is not written down as our own word
    if (!recorded) return false;
    sys::orphan    watched;
    const sighting seen = sys::sight(*recorded, watched);
    const evidence all{.recorded  = true,
                       .trusted   = trusted,
                       .scope     = scope,
                       .same      = is_the_recorded(*recorded, then, seen, now, sys::tick_of_proc()),
                       .exists    = seen.exists,
                       .ended     = seen.ended,
                       .child     = seen.child,
                       .watchable = seen.watchable};
    switch (judge(all)) {
        case verdict_on_process::nobody: return false;
        case verdict_on_process::end_first:
            say.warn({"unable to watch a process that was left", "", ENOSYS});
            sys::end(*recorded, patience);
            return false;
        case verdict_on_process::wait: say_why(say, recorded->pid, trusted); break;
        case verdict_on_process::adopt: break;
    }
    as.pid     = static_cast<pid_t>(recorded->pid);
    as.foreign = judge(all) == verdict_on_process::wait;
    if (!seen.child) as.orphan = std::move(watched);
    return !as.foreign;
}

leftovers look_at(member_io& its, const boot_scope& now, const service& fresh, const sys::messages& say) noexcept {
    const found_records found = find_records(its, now);
    leftovers           e{.record = found.first, .of_it = {.said = {.since = fresh.since}, .wanted = fresh.wanted}};
    const ledger&       left = e.record.what;
    e.is_there               = left.from.has_value();
    if (!left.from) return e;
    const ledger_header& from  = *left.from;
    const truth          scope = same_scope(from.scope, now);

    leftover&           of          = e.of_it;
    const file_identity status_file = its.files.status_file();
    const bool          same_file   = from.status.inode == 0 || from.status == status_file;
    if (wants_hold(scope, same_file)) {
        of.wanted = from.wanted;
        of.owed   = from.owed;
    }
    if (end_holds(scope, same_file)) of.said = its.files.last_said().value_or(of.said);
    if (same_file && its.files.go_on_with_status()) its.status_file = status_file;
    of.process_lives = examine(left.process, e.record.trusted, scope, from.scope, now, its.process, say);
    of.script_lives  = examine(left.script, e.record.trusted, scope, from.scope, now, its.script, say);
    of.process       = left.process;
    of.kill_at       = kill_time(left.stop, left.process);
    if (e.record.trusted && of.kill_at) its.stop = left.stop;
    of.script = left.script;
    // The other record gets nothing adopted.
    if (const auto& other = found.other.what; other.from && its.process.pid == 0)
        examine(other.process, false, same_scope(other.from->scope, now), other.from->scope, now, its.process, say);
    of.blocked = its.process.foreign || its.script.foreign;
    return e;
}

// Reopens the log pipe through an adopted process that has it open. ENOENT: none has.
result<void> reopen(sys::pipe_ends& pipe, const file_identity& which, const member_io& main,
                    const member_io& log) noexcept {
    result<void> tried = {};
    for (const supervised_process* holder : {&log.process, &main.process, &main.script}) {
        if (holder->pid == 0 || holder->foreign) continue;
        auto ends = sys::reopen_pipe(static_cast<std::uint32_t>(holder->pid), which);
        if (ends) {
            pipe = std::move(*ends);
            return {};
        }
        if (tried || ends.why().code != ENOENT) tried = ends.why();
    }
    return tried;
}

// Ends what was adopted of the two, the logger last and by the end of its input if it can.
void end_all(leftovers& of_main, leftovers& of_log, member_io& main, member_io& log) noexcept {
    if (of_main.of_it.script_lives) sys::end(*main.script.record, patience);
    if (of_main.of_it.process_lives) sys::end(*main.process.record, patience);
    if (of_log.of_it.process_lives && !sys::wait_for_end(*log.process.record, patience))
        sys::end(*log.process.record, patience);
    for (leftovers* e : {&of_main, &of_log}) e->of_it.process_lives = e->of_it.script_lives = false;
    for (supervised_process* one : {&main.process, &main.script, &log.process})
        if (!one->foreign) one->has_ended();
}

}  // namespace

initial_events take_over(pair& state, member_io& main, member_io& log, sys::pipe_ends& pipe, const boot_scope& now,
                         const sys::messages& say) noexcept {
    leftovers of_main = look_at(main, now, state.main, say), of_log;
    if (state.has_log) of_log = look_at(log, now, state.log, say);
    if (state.has_log && of_main.is_there && of_main.record.what.from->pipe.inode != 0) {
        const result<void> reopened = reopen(pipe, of_main.record.what.from->pipe, main, log);
        if (!reopened && reopened.why().code != ENOENT) {
            say.warn(reopened.why());
            end_all(of_main, of_log, main, log);
        }
    }
    open_ledger(main, say);
    if (state.has_log) open_ledger(log, say);

    if (!of_main.is_there && !of_log.is_there) return {};
    const present  moment_of{.monotonic = sys::monotonic(), .boot = sys::since_boot(), .wall = sys::wall()};
    initial_events first;
    if (of_main.is_there) {
        const resumed of = resume(of_main.of_it, false, moment_of);
        state.main       = of.life;
        first.of_main    = of.first;
    }
    if (of_log.is_there) {
        const resumed of = resume(of_log.of_it, true, moment_of);
        state.log        = of.life;
        first.of_log     = of.first;
    }
    return first;
}

void open_ledger(member_io& its, const sys::messages& say) noexcept {
    its.recorded.reset();
    its.record_file.reset();
    if (its.files.keeps_ledger()) return;
    if (!its.process.foreign && !its.script.foreign) its.files.forget_record();
    auto elsewhere = sys::open_record(its.directory.value(), true);
    if (elsewhere)
        its.record_file = std::move(*elsewhere);
    else
        say.warn({"others can write to supervise/, and there is no other place for the record of processes (",
                  elsewhere.why().what, elsewhere.why().subject,
                  "): if this runsv is killed, the next one cannot go on with the service"});
}

bool write_record(member_io& its, const ledger_header& now) noexcept {
    if (its.ledger() < 0 || its.recorded == now) return true;
    const bool wrote = its.recorded
                           ? sys::write_header(its.ledger(), now)
                           : sys::write_ledger(its.ledger(), {now, its.process.record, its.script.record, its.stop});
    its.recorded     = wrote ? std::optional{now} : std::nullopt;
    return wrote;
}

void clear_record(member_io& its) noexcept {
    if (its.process.foreign || its.script.foreign) return;
    if (its.ledger() >= 0) sys::empty_ledger(its.ledger());
    sys::remove_record(its.directory.value());
}

}  // namespace runwell
