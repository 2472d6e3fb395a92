// log_merger.cc — the lines of several logs by their time: log_merger and last_lines of log_reader.hh.
#include <deque>
#include <iterator>
#include <memory>
#include <utility>

#include "svctl/log_reader.hh"

namespace runwell::svctl {

log_merger::log_merger(std::vector<log_reader*> readers) : readers_{std::move(readers)} {
    for (std::size_t i = 0; i < readers_.size(); ++i) asked_.insert(i);
}

std::optional<log_merger::told> log_merger::next(bool rest) {
    for (const std::size_t i : std::exchange(asked_, {}))
        if (auto line = readers_[i] != nullptr ? readers_[i]->next(rest) : std::nullopt)
            heads_.push({i, std::move(*line)});
        else
            dry_.insert(i);
    if (heads_.empty()) return std::nullopt;
    told line = heads_.top();
    heads_.pop();
    asked_.insert(line.reader);
    return line;
}

void log_merger::add(log_reader& reader) {
    asked_.insert(readers_.size());
    readers_.push_back(&reader);
}

void log_merger::ask_again(std::size_t reader) {
    if (dry_.erase(reader) != 0) asked_.insert(reader);
}

last_lines::last_lines(const std::vector<std::string>& directories, std::uint64_t n) : n_{n} {
    for (const std::string& one : directories) {
        readers_.push_back(std::make_unique<log_reader>(one, [](const std::string&) {}));
        readers_.back()->begin_at_last(n, {});
    }
}

std::vector<log_line> last_lines::take() {
    std::vector<log_reader*> all;
    for (const auto& one : readers_) all.push_back(one.get());
    log_merger           from{std::move(all)};
    std::deque<log_line> last;
    while (auto told = from.next(true)) {
        if (last.size() == n_) last.pop_front();
        last.push_back(std::move(told->line));
    }
    return {std::make_move_iterator(last.begin()), std::make_move_iterator(last.end())};
}

bool log_merger::is_later::operator()(const told& one, const told& other) const {
    return one.line.order != other.line.order ? other.line.order < one.line.order : other.reader < one.reader;
}

}  // namespace runwell::svctl
