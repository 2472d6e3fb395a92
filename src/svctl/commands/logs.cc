// svctl logs — the lines that services have written, and those that they write from now on.
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <deque>
#include <map>
#include <set>

#include "svctl/command.hh"
#include "svctl/human.hh"
#include "svctl/json.hh"
#include "svctl/log_elsewhere.hh"
#include "svctl/log_location.hh"
#include "svctl/log_reader.hh"
#include "svctl/priority.hh"
#include "svctl/regex.hh"
#include "svctl/since.hh"
#include "svctl/watcher.hh"
#include "sys/clock.hh"
#include "sys/watch.hh"

namespace runwell::svctl {
namespace {

constexpr std::uint64_t lines_before_following = 10;

struct options {
    std::vector<std::string> names;
    std::vector<std::string> directories;
    std::optional<double>    lines;
    std::vector<std::string> units;
    std::string              since, until;
    std::string              grep;
    std::string              priority;
    std::string              format = "short";
    bool                     follow = false, as_json = false, ignore_case = false, reverse = false;

    bool is_json() const { return as_json || format == "json"; }
    // All services whose names or patterns were given; without any and without --dir, all that there are.
    std::vector<std::string> words() const {
        std::vector<std::string> all = names;
        all.insert(all.end(), units.begin(), units.end());
        if (all.empty() && directories.empty()) all.emplace_back("*");
        return all;
    }
};

// The parsed options: which lines to show.
struct log_query {
    std::optional<std::uint64_t> last;
    std::optional<moment>        since, until;
    std::unique_ptr<regex>       pattern;
    std::optional<int>           priority;
    bool                         reverse = false;

    bool wants(std::string_view text) const {
        return (!priority || priority_of(text).value_or(most_priority) <= *priority) &&
               (!pattern || pattern->is_in(text));
    }
    bool wants(const log_line& line) const { return (!until || line.order <= *until) && wants(line.text); }
};

std::optional<moment> moment_in(const char* option, const std::string& word) {
    if (word.empty()) return std::nullopt;
    auto at = moment_of(word, sys::wall());
    if (!at)
        throw failure{exit_code::usage, printable(word) + ": no moment that " + option + " understands",
                      "say one of: 10m, 2h30m, 10:00, yesterday, \"2026-11-22 10:00\", @400000006b02cdf70a5758b4"};
    return at;
}

log_query query_of(const options& asked) {
    log_query made;
    if (asked.follow && asked.reverse)
        throw failure{exit_code::usage, "logs: --follow ends with the newest line, and --reverse begins with it",
                      "leave one of them out"};
    if (asked.lines) made.last = static_cast<std::uint64_t>(*asked.lines);
    if (asked.follow && !asked.lines && asked.since.empty()) made.last = lines_before_following;
    made.since = moment_in("--since", asked.since);
    made.until = moment_in("--until", asked.until);
    if (made.until && asked.follow)
        throw failure{exit_code::usage, "logs: --until ends, and --follow does not", "leave one of them out"};
    if (!asked.priority.empty()) {
        made.priority = priority_named(asked.priority);
        if (!made.priority)
            throw failure{exit_code::usage,
                          "--priority: " + printable(asked.priority) + " is none of: " + priority_names(),
                          "how it is used: svctl logs --help"};
    }
    made.reverse = asked.reverse;
    if (!asked.grep.empty()) made.pattern = std::make_unique<regex>(asked.grep, asked.ignore_case);
    return made;
}

struct log_source {
    std::string name;
    log_reader  reader;
};
using log_sources = std::vector<std::unique_ptr<log_source>>;

void add(log_sources& to, const std::string& name, const std::string& directory, const log_query& wanted) {
    const auto complain = [name](const std::string& what) { say(printable(name + ": " + what)); };
    auto       made     = std::make_unique<log_source>(log_source{name, log_reader{directory, complain}});
    if (wanted.since)
        made->reader.begin_since(*wanted.since);
    else if (wanted.last && !wanted.until)
        made->reader.begin_at_last(*wanted.last, [&](std::string_view text) { return wanted.wants(text); });
    to.push_back(std::move(made));
}

// All directories of its svlogd.
void add_service(log_sources& to, const settings& in, const std::string& name, const log_query& wanted) {
    const std::string directory = in.services + "/" + name;
    try {
        const auto           found = log_directories(directory, name);
        const std::size_t    known = to.size();
        std::vector<failure> refusals;
        for (const std::string& one : found) try {
                add(to, name, one, wanted);
            } catch (const failure& why) {
                refusals.push_back(why);
            }
        if (to.size() == known) throw failure{refusals.front()};
        for (const failure& one : refusals) say(one);
    } catch (const failure& why) {
        if (why.code() == exit_code::not_allowed) throw;
        if (const auto elsewhere = log_elsewhere(in.open_services(), name)) throw failure{*elsewhere};
        throw;
    }
}

// "3 services have no log: db, mail, web"
void say_silent(const std::vector<std::string>& names) {
    constexpr std::size_t enough = 5;
    if (names.empty()) return;
    std::string text = counted(names.size(), "service", "has", "have") + " no log of svlogd:";
    for (std::size_t i = 0; i < std::min(names.size(), enough); ++i)
        text += (i == 0 ? " " : ", ") + printable(names[i]);
    say(text + (names.size() > enough ? ", …" : ""));
}

// The same; with --follow a service that has no log yet is waited for. Lines that go elsewhere will not come here.
void add_or_await(log_sources& to, const settings& in, const options& asked, const std::string& name,
                  const log_query& wanted) {
    try {
        add_service(to, in, name, wanted);
    } catch (const failure& why) {
        if (!asked.follow || why.code() == exit_code::not_allowed || log_elsewhere(in.open_services(), name)) throw;
        say(why);
        say(printable(name) + ": waiting until it has a log");
    }
}

// The services that the words mean; of NAME/log, the service.
std::vector<std::string> services_of(const services_directory& in, const std::vector<std::string>& words) {
    std::vector<std::string> names;
    if (words.size() == 1 && words.front() == "*") return in.names();
    for (std::string& name : in.select(words)) {
        if (name.ends_with("/log")) name.resize(name.size() - 4);
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
    }
    return names;
}

// A log takes two descriptors as long as it is read: as many as this user may have.
void allow_many_files() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    static_cast<void>(::setrlimit(RLIMIT_NOFILE, &limit));
}

// Opens every log that was asked for. If there are several, one that cannot be read is reported and left out.
exit_code open_all(log_sources& to, const settings& in, const options& asked, const log_query& wanted) {
    exit_code                      code  = exit_code::good;
    const std::vector<std::string> words = asked.words();
    std::vector<std::string>       names;
    if (!words.empty()) names = services_of(in.open_services(), words);
    std::set<std::string> named;  // by a word that is no pattern
    for (const std::string& word : words)
        if (word.find_first_of("*?[") == std::string::npos)
            for (const std::string& name : services_of(in.open_services(), {word})) named.insert(name);
    const auto attempt = [&](auto open) {
        try {
            open();
        } catch (const failure& why) {
            if (names.size() + asked.directories.size() == 1) throw;
            say(why);
            code = together(code, why.code());
        }
    };
    std::vector<std::string> silent;  // that have no log, and were not asked for by their name
    for (const std::string& name : names) {
        const bool is_named = named.contains(name);
        const bool has_log  = ::access((in.services + "/" + name + "/log").c_str(), F_OK) == 0;
        if (!is_named && (!has_log || log_elsewhere(in.open_services(), name)))
            silent.push_back(name);
        else
            attempt([&] { add_or_await(to, in, asked, name, wanted); });
    }
    say_silent(silent);
    if (to.empty() && !silent.empty()) code = together(code, exit_code::not_found);
    for (const std::string& directory : asked.directories) attempt([&] { add(to, directory, directory, wanted); });
    return code;
}

// How a line is shown:   web  2026-11-22 11:11:41.175 GET / 200
class line_writer {
public:
    line_writer(const log_sources& of, terminal on, const options& asked)
        : of_{of}, on_{on}, as_json_{asked.is_json()}, bare_{asked.format == "cat"} {
        take_in_names();
    }

    // There may be more sources than before.
    void take_in_names() {
        for (const auto& one : of_) {
            const std::string name = printable(one->name);
            if (names_.empty() || std::find(names_.begin(), names_.end(), name) == names_.end()) names_.push_back(name);
            width_ = std::max(width_, columns_of(name));
        }
    }

    void write(const log_merger::told& told) {
        print((as_json_ ? json_of(told) : bare_ ? said(told) : shown(told)) + "\n");
        is_silent_ = false;
    }

    // A person who sees nothing wonders whether it has worked.
    void say_if_silent(bool is_filtered) const {
        if (is_silent_ && on_.is_terminal()) say(is_filtered ? "no line matches" : "no line has been written yet");
    }

    static void flush() {
        if (std::fflush(stdout) != 0) throw system_failure(errno, "write", "standard output");
    }

private:
    std::string json_of(const log_merger::told& told) const {
        return text_of(json{{"service", of_[told.reader]->name},
                            {"time", told.line.at ? json(utc_stamp(*told.line.at)) : json()},
                            {"line", told.line.text}});
    }

    std::string shown(const log_merger::told& told) const {
        std::string text;
        if (names_.size() > 1) {
            const std::string name = printable(of_[told.reader]->name);
            const auto        at   = std::find(names_.begin(), names_.end(), name);
            text += on_.paint(name_tint(static_cast<std::size_t>(at - names_.begin())), pad(name, width_)) + "  ";
        }
        if (told.line.at) text += on_.paint(tint::faint, local_stamp(*told.line.at)) + " ";
        return text + said(told);
    }

    // Nothing in a log moves the cursor of its reader; a tabulator may.
    std::string said(const log_merger::told& told) const {
        return on_.is_terminal() ? harmless(told.line.text) : told.line.text;
    }

    const log_sources&       of_;
    terminal                 on_;
    bool                     as_json_, bare_, is_silent_ = true;
    std::vector<std::string> names_;  // each once: a service may have several directories
    std::size_t              width_ = 0;
};

log_merger merger_of(const log_sources& all) {
    std::vector<log_reader*> readers;
    for (const auto& one : all) readers.push_back(&one->reader);
    return log_merger{std::move(readers)};
}

// Shows the lines that exist already. `rest`: incomplete last lines, too.
void tell_what_is_there(log_merger& from, const log_query& wanted, line_writer& to, bool rest) {
    std::deque<log_merger::told> last;
    while (auto told = from.next(rest)) {
        if (!wanted.wants(told->line)) continue;
        if (!wanted.last && !wanted.reverse) {
            to.write(*told);
        } else if (!wanted.last || *wanted.last > 0) {
            if (wanted.last && last.size() == *wanted.last) last.pop_front();
            last.push_back(std::move(*told));
        }
    }
    if (wanted.reverse) std::reverse(last.begin(), last.end());
    for (const log_merger::told& told : last) to.write(told);
    line_writer::flush();
}

// Hears of what happens in the log directories. It listens before they are read, so that nothing falls between.
class log_watcher {
public:
    explicit log_watcher(const log_sources& to) : to_{to} {
        auto made = sys::watch::make();
        if (!made) throw system_failure(made.why().code, "listen to", "log directories");
        watch_ = std::move(*made);
        take_in_new();
    }

    // Listens to the sources that have come since the last time.
    void take_in_new() {
        for (; known_ < to_.size(); ++known_) {
            const std::string& directory = to_[known_]->reader.directory();
            const auto         place     = watch_.add(directory.c_str(), IN_MODIFY | IN_CREATE | IN_MOVED_TO);
            if (!place) throw system_failure(place.why().code, "listen to", directory);
            places_[*place].push_back(known_);
            // As long as a file in it is open, only the parent directory reports that the directory was removed.
            static_cast<void>(watch_.add((directory + "/..").c_str(), IN_DELETE | IN_MASK_ADD));
        }
    }

    int fd() const { return watch_.fd().value(); }

    // Reads what has happened, without waiting. Calls more(i) where something was written, and gone(i) where a
    // directory is no more.
    template <class More, class Gone>
    void hear(More more, Gone gone) {
        bool is_lossy = false, is_less = false;
        watch_.each([&](const sys::change& what) {
            is_lossy         = is_lossy || (what.mask & IN_Q_OVERFLOW) != 0;
            is_less          = is_less || (what.mask & IN_DELETE) != 0;
            const auto found = places_.find(what.where);
            if (found == places_.end()) return;
            for (const std::size_t i : found->second) {
                if ((what.mask & IN_MOVED_TO) != 0) to_[i]->reader.heard_of(what.name);
                more(i);
            }
        });
        for (std::size_t i = 0; i < to_.size() && (is_lossy || is_less); ++i) {
            if (is_lossy) more(i);
            if (to_[i]->reader.is_gone()) gone(i);
        }
    }

private:
    const log_sources&                      to_;
    std::size_t                             known_ = 0;  // so many of them are listened to
    sys::watch                              watch_;
    std::map<int, std::vector<std::size_t>> places_;  // whose directory it is: two names may lead to one
};

// The services that were asked for and have no log yet, or are not there yet: it listens to them until they have one.
class new_logs {
public:
    new_logs(const settings& in, const options& asked, const log_sources& known)
        : asked_{asked}, services_{in.open_services()}, listening_{services_} {
        for (const auto& one : known) known_.insert(one->name);
        listening_.watch_names();
        listen();
    }

    int fd() const { return listening_.fd().value(); }

    bool are_awaited() const { return !awaited_.empty(); }

    // Whether they must be looked at again after a while, since no change of supervise/ will report it.
    bool are_starting() const { return !starting_.empty(); }

    // The names of those that may have a log now.
    std::vector<std::string> hear() {
        std::vector<std::string> changed;
        const auto               heard = listening_.read();
        if (heard.names || !heard.services.empty()) listen();
        for (const std::string& name : awaited_)
            if (fresh_.contains(name) || starting_.contains(name) || heard.services.contains(name) ||
                heard.services.contains(name + "/log"))
                changed.push_back(name);
        fresh_.clear();
        return changed;
    }

    // There is no log yet. If the logger runs, it is about to make one.
    void has_not_come(const std::string& name) {
        if (services_.has_log(name) && look_at(services_.fd(), name + "/log").runs())
            starting_.insert(name);
        else
            starting_.erase(name);
    }

    void has_come(const std::string& name) {
        starting_.erase(name);
        known_.insert(name);
        awaited_.erase(name);
        listening_.remove(name);
        listening_.remove(name + "/log");
    }

private:
    void listen() {
        std::vector<std::string> names;
        try {
            names = services_of(services_, asked_.words());
        } catch (const failure&) {
            // No service has such a name at the moment.
        }
        const auto has_gone = [&](const std::string& name) {
            return std::find(names.begin(), names.end(), name) == names.end();
        };
        std::erase_if(awaited_, has_gone);
        std::erase_if(starting_, has_gone);
        for (const std::string& name : names) {
            if (known_.contains(name)) continue;
            if (awaited_.insert(name).second) fresh_.insert(name);
            try {
                listening_.add(name);
                if (services_.has_log(name)) listening_.add(name + "/log");
            } catch (const failure&) {
                // This user may not: it is looked at when the next name comes.
            }
        }
    }

    const options&        asked_;
    services_directory    services_;
    watcher               listening_;
    std::set<std::string> known_, awaited_;
    std::set<std::string> fresh_;     // of these: the ones that have not been looked at
    std::set<std::string> starting_;  // of these: their logger runs, and its directory does not exist
};

class follower {
public:
    follower(const settings& in, const options& asked, const log_query& wanted, log_sources& all, log_merger& from,
             line_writer& to, log_watcher& by, moment begun)
        : in_{in}, asked_{asked}, wanted_{wanted}, all_{all}, from_{from}, to_{to}, by_{by}, begun_{begun} {
        if (!asked.words().empty()) new_.emplace(in, asked, all);
        for (std::size_t i = 0; i < all.size(); ++i) left_.insert(i);
    }

    exit_code run() {
        constexpr int lines_between_looks = 1000;
        for (bool all_told = true; !left_.empty() || new_;) {
            wait(all_told);
            by_.hear([&](std::size_t i) { from_.ask_again(i); }, [&](std::size_t i) { leave_out(i); });
            if (new_) take_in();
            if (left_.empty() && !may_come()) break;
            all_told = false;
            for (int i = 0; i < lines_between_looks && !all_told; ++i) {
                const auto told = from_.next();
                all_told        = !told;
                if (told && wanted_.wants(told->line)) to_.write(*told);
            }
            line_writer::flush();
        }
        return exit_code::not_found;
    }

private:
    void wait(bool as_long_as_needed) const {
        constexpr int         until_looking_again = 1000;  // milliseconds
        const int             most                = new_ && new_->are_starting() ? until_looking_again : -1;
        std::array<pollfd, 2> ready{pollfd{by_.fd(), POLLIN, 0}, pollfd{new_ ? new_->fd() : -1, POLLIN, 0}};
        while (::poll(ready.data(), ready.size(), as_long_as_needed ? most : 0) < 0 && errno == EINTR) {}
    }

    // A service that was removed is not waited for; a pattern may match again.
    bool may_come() const {
        const auto words = asked_.words();
        if (new_ && new_->are_awaited()) return true;
        return std::any_of(words.begin(), words.end(),
                           [](const std::string& word) { return word.find_first_of("*?[") != std::string::npos; });
    }

    void leave_out(std::size_t i) {
        if (left_.erase(i) == 0) return;
        say(printable(all_[i]->name + ": " + all_[i]->reader.directory() + " has been removed, and is not followed"));
        from_.leave_out(i);
    }

    // A service that has come is read from when the following began.
    void take_in() {
        for (const std::string& name : new_->hear()) {
            log_query from_now;
            from_now.since           = begun_;
            const std::size_t before = all_.size();
            try {
                for (const std::string& one : log_directories(in_.services + "/" + name, name))
                    add(all_, name, one, from_now);
                by_.take_in_new();
            } catch (const failure&) {
                while (all_.size() > before) all_.pop_back();
                new_->has_not_come(name);
                continue;  // its logger has not begun
            }
            for (std::size_t i = before; i < all_.size(); ++i) {
                from_.add(all_[i]->reader);
                left_.insert(i);
            }
            to_.take_in_names();
            new_->has_come(name);
        }
    }

    const settings&         in_;
    const options&          asked_;
    const log_query&        wanted_;
    log_sources&            all_;
    log_merger&             from_;
    line_writer&            to_;
    log_watcher&            by_;
    std::optional<new_logs> new_;
    std::set<std::size_t>   left_;
    moment                  begun_;
};

// What --priority leaves out where nothing has one.
void say_without_priority(const log_sources& all, std::string_view priority) {
    for (const auto& one : all) {
        last_lines last{{one->reader.directory()}, 100};
        const auto lines = last.take();
        if (std::any_of(lines.begin(), lines.end(), [](const log_line& l) { return priority_of(l.text).has_value(); }))
            return;
    }
    say(failure{exit_code::good,
                "--priority " + printable(priority) + ": no line here has one: svlogd keeps none, services write text",
                "look for words instead: svctl logs -i --grep 'error|fail'"});
}

exit_code logs(const settings& in, const options& asked) {
    const log_query wanted = query_of(asked);
    allow_many_files();
    const moment    begun = sys::wall();
    log_sources     all;
    const exit_code code = open_all(all, in, asked, wanted);
    if (all.empty() && !asked.follow) return code;
    if (wanted.priority && !all.empty()) say_without_priority(all, asked.priority);

    std::optional<log_watcher> by;
    if (asked.follow) by.emplace(all);
    line_writer to{all, in.output(), asked};
    log_merger  from = merger_of(all);
    tell_what_is_there(from, wanted, to, !asked.follow);
    if (!asked.follow) to.say_if_silent(wanted.pattern || wanted.since || wanted.until || wanted.priority);
    return asked.follow ? follower{in, asked, wanted, all, from, to, *by, begun}.run() : code;
}

}  // namespace

void add_logs(command_line& line, const settings& in) {
    const auto to = std::make_shared<options>();
    line.add("logs", "What services have written to their logs, by time")
        .flag("-f,--follow", to->follow, "go on with what they write, until stopped; begins with the last 10 lines")
        .whole("-n,--lines", to->lines, "N", "only the last N lines, of all services together")
        .string("-S,--since", to->since, "WHEN",
                "not older: 10m, 2h30m, 10:00, yesterday, \"2026-11-22 10:00\", a stamp")
        .string("-U,--until", to->until, "WHEN", "not younger")
        .string("-g,--grep", to->grep, "REGEX", "only lines in which this is found, as by grep -E")
        .flag("-i,--ignore-case", to->ignore_case,
              "--grep finds small letters for capitals, and capitals for small letters")
        .flag("-r,--reverse", to->reverse, "the newest line first")
        .choice("-o,--output", to->format, {"short", "cat", "json"}, "cat: without name and time; json: as --json")
        .string(
            "-p,--priority", to->priority, "PRIORITY",
            "only lines of this priority or a graver one: emerg, alert, crit, err, warning, notice, info, debug. Only "
            "lines from syslog have one (of socklog: daemon.err: …, or <3>…); svlogd keeps none")
        .strings("-u,--unit", to->units, "NAME", "a service: as NAME without -u")
        .strings("--dir", to->directories, "DIR", "a directory that svlogd writes to; may be given several times")
        .flag("--json", to->as_json, "a JSON object for each line, see svctl(8)")
        .maybe_words("NAME", to->names, "services: names, paths or patterns; all of them without any")
        .does([&in, to] { return logs(in, *to); });
}

}  // namespace runwell::svctl
