#include "svctl/log_tail.hh"

#include <sys/inotify.h>

#include <utility>

#include "svctl/log_location.hh"
#include "svctl/since.hh"
#include "svctl/terminal.hh"

namespace runwell::svctl {
namespace {

constexpr std::size_t most_log = 2000;  // lines

}  // namespace

log_tail::log_tail(const std::string& directory, const std::string& name) : merger_{{}} {
    if (auto made = sys::watch::make()) watch_ = std::move(*made);
    for (const std::string& one : log_directories(directory, name)) {
        const auto complain = [this](const std::string& what) { add("(" + what + ")"); };
        readers_.push_back(std::make_unique<log_reader>(one, complain));
        const auto place = watch_.add(one.c_str(), IN_MODIFY | IN_CREATE | IN_MOVED_TO);
        if (place) places_[*place] = readers_.size() - 1;
        readers_.back()->begin_at_last(most_log, {});
        merger_.add(*readers_.back());
    }
    read();
}

void log_tail::read() {
    watch_.each([this](const sys::change& what) {
        const auto place = places_.find(what.where);
        if (place == places_.end()) return;
        if ((what.mask & IN_MOVED_TO) != 0) readers_[place->second]->heard_of(what.name);
        merger_.ask_again(place->second);
    });
    for (std::size_t i = 0; i < readers_.size() * most_log; ++i) {
        const auto told = merger_.next();
        if (!told) break;
        add((told->line.at ? local_stamp(*told->line.at) + " " : "") + printable(told->line.text));
    }
}

void log_tail::add(std::string line) {
    if (lines_.size() == 2 * most_log) lines_.erase(lines_.begin(), lines_.begin() + most_log);
    lines_.push_back(std::move(line));
}

}  // namespace runwell::svctl
