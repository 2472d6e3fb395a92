// svctl top — the services as they are now, on the whole screen.
//
//     wakes up for: a key, a change of a service (inotify), a line of the log that is shown (inotify), the refresh
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>

#include "parts/supervise.hh"
#include "svctl/command.hh"
#include "svctl/human.hh"
#include "svctl/lint_rules.hh"
#include "svctl/log_tail.hh"
#include "svctl/state_from_processes.hh"
#include "svctl/time_zone.hh"
#include "svctl/top_keys.hh"
#include "svctl/top_screen.hh"
#include "svctl/top_view.hh"
#include "svctl/watcher.hh"
#include "sys/clock.hh"

namespace runwell::svctl {
namespace {

constexpr double usual_refresh = 2;  // seconds

struct options {
    std::optional<double>    refresh;
    std::vector<std::string> patterns;
};

// ---- what is shown -------------------------------------------------------------------------------------------------

const std::vector<std::string> help_text{
    "",
    "  up down k j      the service before, the next one",
    "  page up, down    a screen further; home and end: the first and the last",
    "  enter            details: processes, files, and what svctl lint says",
    "  l                its log, as it is written",
    "",
    "  u                start it, and start it again whenever it ends",
    "  d                stop it (asks first)",
    "  r                restart it (asks first)",
    "  s                send it a signal, which is named by the next key",
    "",
    "  /                show only services whose name holds what is typed",
    "  o                order: by name, state, CPU, memory, age",
    "  escape, q        back; from the list, q is the end",
    "",
    "  red: meant to be up, and not; yellow: young, or between two states",
};

class viewer {
public:
    viewer(const settings& in, const services_directory& services, const options& asked)
        : services_{services}, asked_{asked}, listening_{services}, screen_{in.output()} {
        at_.shown.directory = services.directory();
    }

    exit_code run() {
        listening_.watch_names();
        processes_ = process_table::read();
        take_in_names();
        measure();
        while (!at_.over) {
            show();
            await();
            while (!at_.over) {
                const auto key = top_screen::key();
                if (!key) break;
                press(*key);
            }
            hear();
        }
        return exit_code::good;
    }

private:
    // -- knowing -----------------------------------------------------------------------------------------------------

    void take_in_names() {
        std::vector<std::string> names = services_.names();
        if (!asked_.patterns.empty()) names = services_.select(asked_.patterns);
        std::sort(names.begin(), names.end());
        std::vector<service_row> rows;
        unheard_.clear();
        for (const std::string& name : names) {
            try {
                listening_.add(name);
                if (services_.has_log(name)) listening_.add(name + "/log");
            } catch (const failure&) {
                // What this user may not see, or there are too many of; it is looked at with each refresh.
                unheard_.insert(name);
            }
            service_row* before = row_of(name);
            rows.push_back(before != nullptr ? *before : service_row{});
            rows.back().of = look(name);
        }
        rows_ = std::move(rows);
    }

    // Rows are by name.
    service_row* row_of(const std::string& name) {
        const auto found =
            std::lower_bound(rows_.begin(), rows_.end(), name,
                             [](const service_row& row, const std::string& it) { return row.of.name < it; });
        return found == rows_.end() || found->of.name != name ? nullptr : &*found;
    }

    // How it is; that it is looked at is not heard (watcher.hh).
    service look(const std::string& name) {
        service one{name, listening_.look(name), {}};
        if (services_.has_log(name)) one.log = listening_.look(name + "/log");
        if (one.main.by == supervision::hidden) state_from_processes(services_, one, processes_);
        return one;
    }

    // What the processes cost; at the start and with each refresh.
    void measure() {
        processes_          = process_table::read();
        const ticks  now    = sys::monotonic();
        const double passed = static_cast<double>(now - measured_) / one_second;
        for (service_row& row : rows_) {
            // Of the others it is heard when they change.
            if (!row.of.main.present() || unheard_.contains(row.of.name)) row.of = look(row.of.name);
            const auto  pid = row.of.main.lives() ? static_cast<pid_t>(row.of.main.reported->pid) : 0;
            const auto* of  = pid != 0 ? processes_.find(pid) : nullptr;
            row.lives       = of != nullptr;
            row.command.clear();
            row.used          = of != nullptr ? processes_.usage_of(pid) : usage{};
            auto&      before = spent_[row.of.name];
            const bool same   = measured_ != 0 && before.first == pid && pid != 0;
            row.percent       = same ? std::max(0.0, (row.used.cpu_seconds - before.second) / passed * 100) : -1;
            before            = {pid, row.used.cpu_seconds};
        }
        measured_ = now;
    }

    void await() {
        const double          seconds = asked_.refresh.value_or(usual_refresh);
        std::array<pollfd, 4> ready{pollfd{STDIN_FILENO, POLLIN, 0}, pollfd{listening_.fd().value(), POLLIN, 0},
                                    pollfd{log_ ? log_->fd() : -1, POLLIN, 0}, pollfd{signals_.fd(), POLLIN, 0}};
        int                   milliseconds = -1;
        if (seconds > 0) {
            const double left = seconds - static_cast<double>(sys::monotonic() - measured_) / one_second;
            milliseconds      = static_cast<int>(std::clamp(std::ceil(left * 1000), 0.0, 1e9));
        }
        const int woken = ::poll(ready.data(), ready.size(), milliseconds);
        if ((ready[0].revents & (POLLHUP | POLLERR)) != 0) at_.over = true;  // the terminal has gone
        if (ready[3].revents != 0) at_.over = true;
        if (woken == 0) measure();
        if (log_ && (ready[2].revents & POLLIN) != 0) log_->read();
    }

    void hear() {
        const auto heard = listening_.read();
        if (heard.names) take_in_names();
        for (const std::string& changed : heard.services) {
            const std::string name = changed.substr(0, changed.find('/'));
            if (service_row* row = row_of(name)) row->of = look(name);
        }
        if (heard.names || !heard.services.empty()) see_new_processes();
    }

    // A service that has another process than when it was measured has a command of its own.
    void see_new_processes() {
        for (service_row& row : rows_) {
            const auto pid = row.of.main.lives() ? static_cast<pid_t>(row.of.main.reported->pid) : 0;
            if (spent_[row.of.name].first == pid) continue;
            row.percent = -1;
            row.used    = {};
            row.lives   = pid != 0;
            row.command.clear();
        }
    }

    // The commands of those that are shown: to ask for all of them would cost more than all the rest.
    void read_commands() {
        for (const service_row* shown : visible(shown_, at_.shown.selected, top_screen::lines())) {
            service_row& row = rows_[static_cast<std::size_t>(shown - rows_.data())];
            if (!row.lives || !row.command.empty()) continue;
            process one;
            one.pid     = static_cast<pid_t>(row.of.main.reported->pid);
            row.command = command_of(one);
            if (row.command == "[]") row.command = "…";
        }
    }

    // -- showing -----------------------------------------------------------------------------------------------------

    void show() {
        at_.shown.now    = sys::wall();
        shown_           = chosen(rows_, at_.shown.filter, at_.shown.by, at_.shown.now);
        const bool there = std::any_of(shown_.begin(), shown_.end(),
                                       [&](const service_row* r) { return r->of.name == at_.shown.selected; });
        if (!there) at_.shown.selected = shown_.empty() ? "" : shown_.front()->of.name;
        at_.shown.message       = at_.question != top_question::none ? question_text(at_) : at_.note;
        const std::size_t lines = top_screen::lines(), columns = top_screen::columns();
        switch (at_.page) {
            case top_page::list:
                read_commands();
                return screen_.show(list_frame(rows_, shown_, at_.shown, columns, lines));
            case top_page::details: return show_text(at_.about, details());
            case top_page::log:
                return show_text(at_.about + ": log", log_ ? log_->lines() : std::vector<std::string>{});
            case top_page::help: return show_text("svctl top: keys", help_text);
        }
    }

    // A log is looked at from its end, other texts from their beginning.
    void show_text(const std::string& heading, const std::vector<std::string>& text) {
        const std::size_t room  = top_screen::lines() > 2 ? top_screen::lines() - 2 : 1;
        const std::size_t most  = text.size() > room ? text.size() - room : 0;
        at_.scrolled            = std::min(at_.scrolled, most);
        const std::size_t first = at_.page == top_page::log ? most - at_.scrolled : at_.scrolled;
        const std::string last  = at_.shown.message.empty() ? "q back  up and down scroll" : at_.shown.message;
        screen_.show(text_frame(printable(heading), text, first, last, top_screen::lines()));
    }

    std::vector<std::string> details() {
        const auto row =
            std::find_if(rows_.begin(), rows_.end(), [&](const service_row& r) { return r.of.name == at_.about; });
        if (row == rows_.end()) return {"it has vanished"};
        const auto&              main = row->of.main;
        std::vector<std::string> text{"state    " + std::string{state_word(main)} + ", wanted " +
                                      std::string{want_word(main)}};
        if (main.present()) text.push_back("since    " + local_time(main.reported->since));
        if (row->of.log) text.push_back("log      " + std::string{state_word(*row->of.log)});
        text.push_back("starts   " + std::string{main.down_file ? "by hand: there is a file down"
                                                                : "itself, when its supervisor starts"});
        std::error_code code;
        const auto      place = std::filesystem::canonical(services_.path(at_.about), code);
        text.push_back("lies in  " + printable(code ? services_.path(at_.about) : place.string()));
        text.emplace_back();
        if (main.present() && main.reported->pid != 0)
            for (const auto& branch : processes_.tree_of(static_cast<pid_t>(main.reported->pid)))
                text.push_back(pad(std::to_string(branch.of->pid), 7, true) + "  " +
                               pad(cpu_time(branch.of->cpu_seconds), 7, true) + "  " +
                               pad(bytes(memory_of(branch.of->pid).bytes), 5, true) + "  " +
                               std::string(2 * branch.depth, ' ') + command_of(*branch.of));
        text.insert(text.end(), findings_.begin(), findings_.end());
        return text;
    }

    // What lint has to say, once for each time that details are asked for.
    void look_into(const std::string& name) {
        findings_.clear();
        const std::string directory = services_.path(name);
        for (const lint_finding& one : lint_service(directory)) {
            findings_.emplace_back();
            const std::string file = one.path.substr(std::min(directory.size() + 1, one.path.size()));
            findings_.push_back(std::string{word(one.how_bad)} + ": " + printable(file) +
                                (one.line > 0 ? ":" + std::to_string(one.line) : "") + ": " + printable(one.what));
            findings_.push_back("  cure: " + printable(one.cure));
        }
    }

    // -- doing -------------------------------------------------------------------------------------------------------

    void send(const std::string& name, const std::string& bytes, const std::string& said) {
        const parts::supervise_client supervise{services_.fd(), (name + "/supervise").c_str()};
        const auto                    sent = supervise.send(bytes);
        const int                     why  = sent ? 0 : sent.why().code;
        at_.note                           = printable(name) + ": " +
                   (sent           ? "told to " + said
                    : why == ENXIO ? "no runsv runs on it: start a runsvdir on " + printable(services_.directory())
                    : why == 0     ? "it cannot be told: " + std::string{sent.why().subject}
                                   : "it cannot be told: " + error_text(why));
    }

    void press(pressed key) {
        const top_action service_action = svctl::press(at_, key, shown_, top_screen::lines());
        switch (service_action.what) {
            case top_action::kind::none: return;
            case top_action::kind::send: return send(service_action.name, service_action.bytes, service_action.word);
            case top_action::kind::open_log: return open_log(service_action.name);
            case top_action::kind::open_details: return look_into(service_action.name);
            case top_action::kind::close_log: return log_.reset();
        }
    }

    void open_log(const std::string& name) {
        try {
            log_      = std::make_unique<log_tail>(services_.path(name), name);
            at_.about = name;
            at_.open(top_page::log);
        } catch (const failure& why) {
            at_.note = why.cause();
        }
    }

    const services_directory& services_;
    const options&            asked_;
    watcher                   listening_;
    ending_signals            signals_;  // outlives the screen
    top_screen                screen_;

    std::vector<service_row>                        rows_;
    std::vector<const service_row*>                 shown_;
    process_table                                   processes_;
    std::map<std::string, std::pair<pid_t, double>> spent_;    // processor seconds at the last measuring
    std::set<std::string>                           unheard_;  // services whose changes cannot be heard
    ticks                                           measured_ = 0;
    std::unique_ptr<log_tail>                       log_;
    std::vector<std::string>                        findings_;

    top_state at_;
};

exit_code top(const settings& in, const options& asked) {
    if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDOUT_FILENO) != 1)
        throw failure{exit_code::usage, "top draws on a terminal, and there is none",
                      "in a pipe: svctl list, or svctl watch"};
    const services_directory services = in.open_services();
    check_time_zone();  // before the screen is drawn on
    return viewer{in, services, asked}.run();
}

}  // namespace

void add_top(command_line& line, const settings& in) {
    const auto to = std::make_shared<options>();
    line.add("top", "The services as they are now, on the whole screen; ? tells the keys")
        .number("--refresh", to->refresh, "SECONDS",
                "look at CPU and memory so often (else 2); 0: only when a service changes")
        .maybe_words("PATTERN", to->patterns, "only these: names or patterns")
        .does([&in, to] { return top(in, *to); });
}

}  // namespace runwell::svctl
