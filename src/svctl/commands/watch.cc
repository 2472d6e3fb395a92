// svctl watch — a line for each change of a service, until it is stopped.
#include <poll.h>

#include <cstdio>
#include <map>

#include "svctl/command.hh"
#include "svctl/human.hh"
#include "svctl/json.hh"
#include "svctl/view.hh"
#include "svctl/watcher.hh"
#include "sys/clock.hh"
#include "sys/wait.hh"

namespace runwell::svctl {
namespace {

struct options {
    std::vector<std::string> patterns;
    bool                     as_json = false, initial = false;
};

bool is_same(const service_state& one, const service_state& other) {
    return one.by == other.by && one.down_file == other.down_file && (!one.present() || one.reported == other.reported);
}

class observer {
public:
    observer(const settings& in, const services_directory& services, const options& asked)
        : services_{services}, asked_{asked}, out_{in.output()}, listening_{services} {}

    [[noreturn]] void run() {
        listening_.watch_names();
        for (bool first = true;; first = false) {
            const auto heard = first ? watcher::changes{.names = true} : listening_.read();
            if (heard.names) take_in_names(first);
            for (const std::string& name : heard.services) look(name);
            tell_refusals();
            std::fflush(stdout);
            std::array<pollfd, 1> ready{pollfd{listening_.fd().value(), POLLIN, 0}};
            sys::wait_for(ready, std::nullopt);
        }
    }

private:
    // The services that there are to be watched, log services included.
    std::vector<std::string> wanted_names() const {
        std::vector<std::string> all;
        const auto               names = services_.names();
        for (const std::string& name : names) {
            all.push_back(name);
            if (services_.has_log(name)) all.push_back(name + "/log");
        }
        if (asked_.patterns.empty()) return all;
        std::vector<std::string> chosen;
        for (const std::string& pattern : asked_.patterns) {
            try {
                const auto some = services_.select(std::span{&pattern, 1});
                chosen.insert(chosen.end(), some.begin(), some.end());
            } catch (const failure& why) {
                if (why.code() != exit_code::not_found) throw;  // it may be there later
            }
        }
        return chosen;
    }

    void take_in_names(bool first) {
        std::map<std::string, service_state> left = std::move(known_);
        known_.clear();
        for (const std::string& name : wanted_names()) {
            // Another directory may have come under the same name: listen to that one.
            listening_.remove(name);
            if (!listen(name)) continue;
            const service_state now    = listening_.look(name);
            const auto          before = left.find(name);
            if (before == left.end()) {
                if (!first || asked_.initial) tell(first ? "found" : "appeared", name, now, {});
            } else if (!is_same(before->second, now)) {
                tell("changed", name, now, before->second);
            }
            if (before != left.end()) left.erase(before);
            known_.emplace(name, now);
        }
        for (const auto& [name, before] : left) {
            listening_.remove(name);
            tell("vanished", name, {.by = supervision::missing}, before);
        }
    }

    bool listen(const std::string& name) {
        try {
            listening_.add(name);
            return true;
        } catch (const failure& why) {
            if (why.code() != exit_code::not_allowed) throw;
            if (told_.insert(name).second) ++refused_;
            return false;
        }
    }

    void tell_refusals() {
        const std::string cure = "listen as root: " + command_as_root();
        if (refused_ != 0 && known_.empty())
            throw failure{exit_code::not_allowed, "no service lets this user listen", cure};
        if (refused_ != 0)
            say(failure{exit_code::not_allowed,
                        counted(refused_, "service", "does", "do") + " not let this user listen", cure});
        refused_ = 0;
    }

    void look(const std::string& name) {
        if (!name.ends_with("/log") && services_.has_log(name) && !known_.contains(name + "/log") &&
            known_.contains(name))
            take_in_names(false);
        const auto found = known_.find(name);
        if (found == known_.end()) return;
        const service_state now = listening_.look(name);
        if (is_same(found->second, now)) return;
        tell("changed", name, now, found->second);
        found->second = now;
    }

    static std::string described(const service_state& of) {
        std::string text{state_word(of)};
        if (of.present() && of.reported->pid != 0) text += ", process " + std::to_string(of.reported->pid);
        if (of.present() && of.reported->got_term) text += ", got TERM";
        if (of.present() && of.runs() != of.wanted_up()) text += ", wanted " + std::string{want_word(of)};
        return text;
    }

    void tell(std::string_view event, const std::string& name, const service_state& now,
              const std::optional<service_state>& before) {
        const moment at = sys::wall();
        std::string  line;
        if (asked_.as_json) {
            json one{{"at", iso_time(at)}, {"event", event}, {"name", name}};
            add_state(one, now, at);
            json& then = one["before"];
            if (before) add_state(then, *before, at);
            line = text_of(one);
        } else {
            line = out_.paint(tint::faint, local_time(at)) + "  " + out_.paint(tint::strong, printable(name)) + ": ";
            line += event == "vanished" ? "vanished" : out_.paint(state_tint(now, at), described(now));
            if (event == "appeared") line += "; it is new";
            if (before && state_word(*before) != state_word(now) && event != "vanished")
                line += ", was " + std::string{state_word(*before)};
        }
        print(line + "\n");
    }

    const services_directory&            services_;
    const options&                       asked_;
    const terminal                       out_;
    watcher                              listening_;
    std::map<std::string, service_state> known_;
    std::set<std::string>                told_;         // services whose refusal has been printed, or will be:
    std::size_t                          refused_ = 0;  // so many of them
};

exit_code watch(const settings& in, const options& asked) {
    const services_directory services = in.open_services();
    if (!asked.patterns.empty()) static_cast<void>(services.select(asked.patterns));
    observer{in, services, asked}.run();
}

}  // namespace

void add_watch(command_line& line, const settings& in) {
    const auto to = std::make_shared<options>();
    line.add("watch", "A line for each change of a service, until stopped")
        .flag("--json", to->as_json, "a JSON object on each line, see svctl(8)")
        .flag("--initial", to->initial, "begin with how they are now")
        .maybe_words("PATTERN", to->patterns, "only these: names, paths or patterns; NAME/log is a log service")
        .does([&in, to] { return watch(in, *to); });
}

}  // namespace runwell::svctl
