// Hearing: changes of files, and signals.
#include <unistd.h>

#include <sys/wait.h>
#include <array>
#include <csignal>
#include <string_view>

#include "core/fixed.hh"
#include "core/tai.hh"
#include "core/text.hh"
#include "prog/runsvdir/service_files.hh"
#include "prog/runsvdir/supervisor.hh"
#include "sys/clock.hh"
#include "sys/files.hh"
#include "sys/signals.hh"

namespace runwell::runsvdir {
namespace {

// TERM ends only a runsv that does not listen yet, and so has started nothing.
runsv_end end_of(int status) noexcept {
    if (WIFSIGNALED(status)) return WTERMSIG(status) == SIGTERM ? runsv_end::failed : runsv_end::killed;
    return WEXITSTATUS(status) == 0 ? runsv_end::left : runsv_end::failed;
}

}  // namespace

void supervisor::read_changes() noexcept {
    bool                 everywhere = missing_;
    const sys::unique_fd dir        = missing_ || ending_ ? sys::unique_fd{} : enter();
    watches_.each(
        [&](int owner) {
            if (owner <= first_foreign)
                heard_of_foreign(owner);
            else if (owner == the_directory)
                everywhere = true;
            else
                roster_[static_cast<std::size_t>(owner)].stale = true;
        },
        [&](int owner, const sys::change& what) {
            if (owner <= first_foreign) {
                if (what.name == "ok") heard_of_foreign(owner);
            } else if (!dir) {
                return;
            } else if (owner != the_directory) {
                heard_of_entry(dir.value(), static_cast<std::size_t>(owner), what);
            } else if (!what.name.starts_with('.')) {
                const bool moved_in = (what.mask & IN_MOVED_TO) != 0;
                look_at(dir.value(), what.name.data(), moved_in ? arrival::complete : arrival::made);
            }
        },
        [&] { everywhere = blind_ = true; });
    if (ending_) return;
    if (everywhere || !dir) return look_everywhere();
    look_again_at_stale(dir.value());
    roster_.settle();
    if (from_above_ == roster_.lists_any()) return look_everywhere();
    complain_of_watches();
    if (!slow_at_ && !all_is_watched()) look_everywhere();
}

// In the directory of a service that is in the making, or whose runsv was asked to leave, or in its supervise/.
void supervisor::heard_of_entry(int dir, std::size_t i, const sys::change& what) noexcept {
    constexpr std::uint32_t changed = IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_ATTRIB;
    if (roster_[i].settling)
        wait_until_filled(dir, i);
    else if (what.name == "control" && (what.mask & IN_ATTRIB) != 0)
        roster_.ask(i);
    else if ((what.mask & changed) != 0)
        roster_.stirs(i, sys::monotonic());
}

std::optional<int> supervisor::read_signals() noexcept {
    for (int signal = sys::next_signal(signals_); signal != 0; signal = sys::next_signal(signals_)) {
        std::optional<int> leave;
        switch (signal) {
            case SIGTERM: leave = wait_ ? end(0) : 0; break;
            case SIGHUP: leave = end(111); break;
            case SIGALRM: rescan_by_force(); break;
            default: reap();
        }
        if (leave) return leave;
    }
    return std::nullopt;
}

void supervisor::reap() noexcept {
    for (auto child = sys::reap(); child.pid != 0; child = sys::reap())
        roster_.ended(child.pid, end_of(child.status), sys::monotonic());
}

// Sends every runsv the command to exit. Returns the exit code; nothing if runsvdir waits for them first.
std::optional<int> supervisor::end(int exit_code) noexcept {
    if (ending_) return exit_code;
    reap();  // HUP is read before SIGCHLD, whichever came first
    roster_.unlist_all();
    roster_.settle();
    ending_ = exit_code;
    report_.begin(sys::monotonic());
    act();
    return wait_ ? std::nullopt : ending_;
}

// At the end: the services that have not ended yet.
std::size_t supervisor::left() const noexcept {
    std::size_t count = 0;
    for (std::size_t i = 0; i < roster_.size(); ++i)
        if (roster_[i].now != entry::state::none) ++count;
    return count;
}

// runsvdir has no limit of its own: a service may have one (timeout-kill), and so may what has stopped runsvdir.
void supervisor::report_left() noexcept {
    const std::size_t count = left();
    if (!report_.is_due(count, sys::monotonic())) return;
    std::array<std::string_view, 3> names;
    std::size_t                     named = 0;
    for (std::size_t i = 0; i < roster_.size() && named < names.size(); ++i)
        if (roster_[i].now != entry::state::none) names[named++] = roster_.name(i);
    fixed_text<64> rest;
    if (count > named) {
        rest.append(" and ");
        rest.append(decimal{count - named}.view());
        rest.append(" more");
    }
    rest.append(", until they have ended");
    const auto comma = [&](std::size_t before) { return std::string_view{before < named ? ", " : ""}; };
    messages().warn({"waiting for ", names[0], comma(1), names[1], comma(2), names[2], rest.view()});
}

// Debian's runit: packages send ALRM, and wait for the file.
void supervisor::rescan_by_force() noexcept {
    if (ending_) return;
    forced_ = true;
    look_everywhere();
    forced_ = false;
    roster_.ask_all();
    act();
    const sys::unique_fd dir = missing_ ? sys::unique_fd{} : enter();
    if (!dir) return;
    const auto label = tai::label(sys::wall());
    const auto wrote = sys::replace_file(dir.value(), ".forced-rescan", ".forced-rescan.new",
                                         std::as_bytes(std::span{label.c_str(), label.size()}));
    if (!wrote) messages().warn(wrote.why());
}

}  // namespace runwell::runsvdir
