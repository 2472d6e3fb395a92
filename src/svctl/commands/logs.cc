// svctl logs — what services have said, and what they are saying.
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <deque>
#include <map>
#include <set>

#include "svctl/command.hh"
#include "svctl/json.hh"
#include "svctl/log_place.hh"
#include "svctl/log_reader.hh"
#include "svctl/regex.hh"
#include "svctl/since.hh"
#include "sys/clock.hh"
#include "sys/watch.hh"

namespace runwell::svctl {
namespace {

constexpr std::uint64_t lines_before_following = 10;

struct options {
    std::vector<std::string> names;
    std::vector<std::string> directories;
    std::optional<double>    lines;
    std::string              since;
    std::string              grep;
    bool                     follow  = false;
    bool                     as_json = false;
};

// What is asked for, understood.
struct selection {
    std::optional<std::uint64_t> last;
    std::optional<moment>        since;
    std::unique_ptr<regex>       pattern;

    bool wants(std::string_view text) const { return !pattern || pattern->is_in(text); }
};

selection selection_of(const options& asked) {
    selection made;
    if (asked.lines && (*asked.lines != std::floor(*asked.lines) || *asked.lines > 1e15))
        throw failure{exit_code::usage, "-n: a whole number of lines is wanted"};
    if (asked.lines) made.last = static_cast<std::uint64_t>(*asked.lines);
    if (asked.follow && !asked.lines && asked.since.empty()) made.last = lines_before_following;
    if (!asked.since.empty()) {
        made.since = moment_of(asked.since, sys::wall());
        if (!made.since)
            throw failure{exit_code::usage, printable(asked.since) + ": no moment that --since understands",
                          "say one of: 10m, 2h30m, 10:00, yesterday, \"2026-11-22 10:00\", @400000006b02cdf70a5758b4"};
    }
    if (!asked.grep.empty()) made.pattern = std::make_unique<regex>(asked.grep);
    return made;
}

struct source {
    std::string name;
    log_reader  reader;
};
using sources = std::vector<std::unique_ptr<source>>;

void add(sources& to, const std::string& name, const std::string& directory, const selection& wanted) {
    const auto complain = [name](const std::string& what) { say(printable(name + ": " + what)); };
    auto       made     = std::make_unique<source>(source{name, log_reader{directory, complain}});
    if (wanted.since)
        made->reader.begin_since(*wanted.since);
    else if (wanted.last)
        made->reader.begin_at_last(*wanted.last, [&](std::string_view text) { return wanted.wants(text); });
    to.push_back(std::move(made));
}

void add_service(sources& to, const std::string& name, const std::string& directory, const selection& wanted) {
    const std::vector<std::string> found = log_directories(directory, name);
    add(to, name, found.front(), wanted);
    for (std::size_t i = 1; i < found.size(); ++i)
        say(printable(name + " logs to " + found[i] + ", too: svctl logs --dir " + found[i]));
}

// "3 services have no log: db, mail, web"
void say_silent(const std::vector<std::string>& names) {
    constexpr std::size_t enough = 5;
    if (names.empty()) return;
    std::string text =
        std::to_string(names.size()) + (names.size() == 1 ? " service has" : " services have") + " no log:";
    for (std::size_t i = 0; i < std::min(names.size(), enough); ++i)
        text += (i == 0 ? " " : ", ") + printable(names[i]);
    say(text + (names.size() > enough ? ", …" : ""));
}

// A log takes two descriptors as long as it is read: as many as this user may have.
void allow_many_files() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    static_cast<void>(::setrlimit(RLIMIT_NOFILE, &limit));
}

// Every log that was asked for. Where there are several, one that cannot be read is told of and left out.
exit_code open_all(sources& to, const setting& in, const options& asked, const selection& wanted) {
    if (asked.names.empty() && asked.directories.empty())
        throw failure{exit_code::usage, "logs: whose?",
                      "name services, or a log directory: svctl logs --dir DIRECTORY"};
    exit_code                code = exit_code::good;
    std::vector<std::string> names;
    if (!asked.names.empty()) names = in.open_tree().select(asked.names);
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
        const bool is_named = std::find(asked.names.begin(), asked.names.end(), name) != asked.names.end();
        if (!is_named && ::access((in.services + "/" + name + "/log").c_str(), F_OK) != 0)
            silent.push_back(name);
        else
            attempt([&] { add_service(to, name, in.services + "/" + name, wanted); });
    }
    say_silent(silent);
    if (to.empty() && !silent.empty()) code = together(code, exit_code::not_found);
    for (const std::string& directory : asked.directories) attempt([&] { add(to, directory, directory, wanted); });
    return code;
}

// How a line is shown:   web  2026-11-22 11:11:41.175 GET / 200
class line_writer {
public:
    line_writer(const sources& of, terminal on, bool as_json) : of_{of}, on_{on}, as_json_{as_json} {
        for (const auto& one : of) width_ = std::max(width_, columns_of(printable(one->name)));
    }

    void write(const log_merger::told& told) {
        const std::string text = (as_json_ ? json_of(told) : shown(told)) + "\n";
        static_cast<void>(std::fwrite(text.data(), 1, text.size(), stdout));  // flush() tells
    }

    static void flush() {
        if (std::fflush(stdout) != 0) throw system_failure(errno, "write", "standard output");
    }

private:
    std::string json_of(const log_merger::told& told) const {
        json line = json::object();
        line.set("service", of_[told.reader]->name)
            .set("time", told.line.at ? json{utc_stamp(*told.line.at)} : json{})
            .set("line", told.line.text);
        return line.text();
    }

    std::string shown(const log_merger::told& told) const {
        std::string text;
        if (of_.size() > 1)
            text += on_.paint(name_tint(told.reader), pad(printable(of_[told.reader]->name), width_)) + "  ";
        if (told.line.at) text += on_.paint(tint::faint, local_stamp(*told.line.at)) + " ";
        return text + (on_.is_terminal() ? harmless(told.line.text) : told.line.text);
    }

    // Nothing in a log moves the cursor of who reads it; a tabulator may.
    static std::string harmless(std::string_view text) {
        std::string shown;
        for (std::size_t tab = 0; (tab = text.find('\t')) != std::string_view::npos; text.remove_prefix(tab + 1))
            shown += printable(text.substr(0, tab)) + "\t";
        return shown + printable(text);
    }

    const sources& of_;
    terminal       on_;
    bool           as_json_;
    std::size_t    width_ = 0;
};

log_merger merger_of(const sources& all) {
    std::vector<log_reader*> readers;
    for (const auto& one : all) readers.push_back(&one->reader);
    return log_merger{std::move(readers)};
}

// The lines that are there already. `rest`: incomplete last ones, too.
void tell_what_is_there(log_merger& from, const selection& wanted, line_writer& to, bool rest) {
    std::deque<log_merger::told> last;
    while (auto told = from.next(rest)) {
        if (!wanted.wants(told->line.text)) continue;
        if (!wanted.last) {
            to.write(*told);
        } else if (*wanted.last > 0) {
            if (last.size() == *wanted.last) last.pop_front();
            last.push_back(std::move(*told));
        }
    }
    for (const log_merger::told& told : last) to.write(told);
    line_writer::flush();
}

// Hears of what happens in the log directories. It listens before they are read, so that nothing falls between.
class listener {
public:
    explicit listener(const sources& to) : to_{to} {
        auto made = sys::watch::make();
        if (!made) throw system_failure(made.why().error, "listen to", "log directories");
        watch_ = std::move(*made);
        for (std::size_t i = 0; i < to.size(); ++i) {
            const std::string& directory = to[i]->reader.directory();
            const auto         place     = watch_.add(directory.c_str(), IN_MODIFY | IN_CREATE | IN_MOVED_TO);
            if (!place) throw system_failure(place.why().error, "listen to", directory);
            places_[*place].push_back(i);
            // As long as a file in it is open, only the directory above tells of the end of a directory.
            static_cast<void>(watch_.add((directory + "/..").c_str(), IN_DELETE | IN_MASK_ADD));
        }
    }

    // Waits for something to happen, or only looks. Calls more(i) where something was written, and gone(i) where a
    // directory is no more.
    template <class More, class Gone>
    void hear(bool waits, More more, Gone gone) {
        pollfd ready{watch_.fd().value(), POLLIN, 0};
        while (::poll(&ready, 1, waits ? -1 : 0) < 0 && errno == EINTR) {}
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
    const sources&                          to_;
    sys::watch                              watch_;
    std::map<int, std::vector<std::size_t>> places_;  // whose directory it is: two names may lead to one
};

exit_code follow(const sources& all, log_merger& from, const selection& wanted, line_writer& to, listener& by) {
    constexpr int         lines_between_looks = 1000;
    std::set<std::size_t> left;
    for (std::size_t i = 0; i < all.size(); ++i) left.insert(i);
    for (bool all_told = true; !left.empty();) {
        const auto more = [&](std::size_t i) { from.ask_again(i); };
        by.hear(all_told, more, [&](std::size_t i) {
            if (left.erase(i) == 0) return;
            say(printable(all[i]->name + ": " + all[i]->reader.directory() + " has been removed, and is not followed"));
            from.leave_out(i);
        });
        all_told = false;
        for (int i = 0; i < lines_between_looks && !all_told; ++i) {
            const auto told = from.next();
            all_told        = !told;
            if (told && wanted.wants(told->line.text)) to.write(*told);
        }
        line_writer::flush();
    }
    return exit_code::not_found;
}

exit_code logs(const setting& in, const options& asked) {
    const selection wanted = selection_of(asked);
    allow_many_files();
    sources         all;
    const exit_code code = open_all(all, in, asked, wanted);
    if (all.empty()) return code;

    std::optional<listener> by;
    if (asked.follow) by.emplace(all);
    line_writer to{all, in.output(), asked.as_json};
    log_merger  from = merger_of(all);
    tell_what_is_there(from, wanted, to, !asked.follow);
    return asked.follow ? follow(all, from, wanted, to, *by) : code;
}

}  // namespace

void add_logs(command_line& line, const setting& in) {
    const auto to = std::make_shared<options>();
    line.add("logs", "What services have written to their logs, by time")
        .flag("-f,--follow", to->follow, "go on with what they write, until stopped; begins with the last 10 lines")
        .number("-n,--lines", to->lines, "N", "only the last N lines, of all services together")
        .string("--since", to->since, "WHEN", "not older: 10m, 2h30m, 10:00, yesterday, \"2026-11-22 10:00\", a stamp")
        .string("--grep", to->grep, "REGEX", "only lines in which this is found, as by grep -E")
        .strings("--dir", to->directories, "DIR", "a directory that svlogd writes to; may be given several times")
        .flag("--json", to->as_json, "a JSON object for each line, see svctl(8)")
        .maybe_words("NAME", to->names, "names or patterns of services")
        .does([&in, to] { return logs(in, *to); });
}

}  // namespace runwell::svctl
