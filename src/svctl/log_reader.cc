#include "svctl/log_reader.hh"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <limits>
#include <memory>
#include <system_error>

#include "core/rotation.hh"
#include "svctl/backward_lines.hh"
#include "svctl/errors.hh"
#include "svctl/packed_file.hh"
#include "svctl/terminal.hh"

namespace runwell::svctl {
namespace {

constexpr std::size_t most_unpacked = std::size_t{128} << 20;  // bytes of a file that another user can have packed
constexpr std::size_t most_ahead    = 32;                      // old files that are kept open
constexpr const char* missing       = ": deleted before it could be read: its lines are missing";

std::string label_in(std::string_view name) {
    const bool old = is_old_name(name, old_file::done) || is_old_name(name, old_file::unfinished);
    return old ? std::string{name.substr(0, tai::label_size)} : std::string{};
}

}  // namespace

log_reader::log_reader(std::string directory, complaint complain)
    : directory_{std::move(directory)},
      complain_{std::move(complain)},
      dir_{::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)} {
    if (!dir_) throw system_failure(errno, "open log directory", directory_);
    static_cast<void>(open_current());  // throws where it is none
}

// ---- where to begin ------------------------------------------------------------------------------------------------

void log_reader::begin_after(std::string label) {
    file_   = {};
    offset_ = 0;
    buffer_.clear();
    told_ = searched_ = 0;
    omitted_          = 0;
    cut_              = false;
    done_             = std::move(label);
    queue_.clear();
    opened_.clear();
    since_.reset();
    skips_ = stamped_                     = false;
    order_                                = {};
    const std::vector<std::string> labels = labels_after(done_);
    announced_                            = {labels.begin(), labels.end()};
    heard_                                = labels.empty() ? done_ : labels.back();
}

void log_reader::begin_at_oldest() { begin_after(""); }

void log_reader::begin_since(moment at) {
    // Its lines were written before the moment that a file is named after.
    const moment before = at.nanos > 0 ? moment{at.seconds, at.nanos - 1} : moment{at.seconds - 1, 999'999'999};
    begin_after(std::string{tai::label(before).view()});
    since_ = at;
}

void log_reader::begin_at_last(std::uint64_t n, const line_predicate& wanted) {
    begin_at_oldest();
    std::optional<open_file> file   = open_current();
    std::vector<std::string> labels = labels_after("");
    // Rotated since it was opened: files as young, or younger, come after it.
    if (const std::string label = file ? label_of(*file) : ""; !label.empty())
        labels.erase(std::lower_bound(labels.begin(), labels.end(), label), labels.end());

    std::uint64_t found = 0;
    for (bool newest = true; newest || !labels.empty(); newest = false) {
        if (!newest) {
            file = open_old(labels.back());
            labels.pop_back();
        }
        if (!file) continue;
        // What a rotation has cut is not counted: to begin too early does no harm.
        backward_lines lines{file->fd.value()};
        std::uint64_t  begin = n == 0 ? size_of(file->fd.value()) : 0;
        while (found < n) {
            const auto line = lines.next();
            if (!line) break;
            const auto stamp = tai::read(line->text);
            const bool first = line->place == 0 && !labels.empty() && !stamp;
            if (!line->whole || first || (wanted && !wanted(without_stamp(line->text)))) continue;
            if (++found == n) begin = line->place;
        }
        if (found < n && !labels.empty()) continue;
        announced_.erase(announced_.begin(),
                         file->label.empty() ? announced_.end() : announced_.upper_bound(file->label));
        return read_from(std::move(*file), begin);
    }
}

// ---- files ---------------------------------------------------------------------------------------------------------

// The labels of the old files that are later than this one, in order.
std::vector<std::string> log_reader::labels_after(const std::string& label) const {
    std::vector<std::string> labels;
    const int                again = ::openat(dir_.value(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (again < 0) return labels;
    const std::unique_ptr<DIR, int (*)(DIR*)> list{::fdopendir(again), ::closedir};
    while (list) {
        const dirent* entry = ::readdir(list.get());
        if (entry == nullptr) break;
        std::string found = label_in(entry->d_name);
        if (!found.empty() && found > label) labels.push_back(std::move(found));
    }
    std::sort(labels.begin(), labels.end());
    labels.erase(std::unique(labels.begin(), labels.end()), labels.end());  // .u and .s
    return labels;
}

result<sys::opened_entry> log_reader::open_entry(const char* name) const {
    return sys::open_trusted(dir_.value(), name, sys::expected::regular, O_RDONLY);
}

// The plain file if it still exists, else the file that a processor made of it.
std::optional<log_reader::open_file> log_reader::open_old(const std::string& label) {
    int code = ENOENT;
    for (const char* kind : {".u", ".s", ".u"}) {
        const std::string name   = label + kind;
        auto              opened = open_entry(name.c_str());
        if (opened) {
            sys::unique_fd plain = unpacked(std::move(*opened), name);
            return plain ? std::optional{open_file{std::move(plain), label}} : std::nullopt;
        }
        if (opened.why().code != ENOENT) code = opened.why().code;
    }
    if (code != ENOENT) complain_(label + ": skipped, it cannot be read: " + error_text(code));
    return std::nullopt;
}

std::optional<log_reader::open_file> log_reader::open_current() {
    auto opened = open_entry("current");
    if (opened) return open_file{std::move(opened->file), ""};
    const int         code = opened.why().code;
    const std::string path = directory_ + "/current";
    switch (code) {
        case ENOENT: return std::nullopt;
        case ELOOP:
        case EMLINK:
            throw failure{exit_code::failed,
                          printable(path) + (code == ELOOP ? " is a link" : " has a second name") +
                              ", and another user can have put it there: svctl does not read it",
                          "if it is right, name the directory that it leads to: svctl logs --dir DIRECTORY"};
        case EINVAL:
        case EISDIR: throw failure{exit_code::failed, printable(path) + " is not a regular file"};
        default: throw system_failure(code, "open", path);
    }
}

// "" for the file that is still current. A file that was opened as current has been renamed, or has kept its last name.
std::string log_reader::label_of(const open_file& file) {
    if (!file.label.empty()) return file.label;
    std::error_code   none;
    const std::string name =
        std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(file.fd.value()), none).filename().string();
    return label_in(name.substr(0, name.find(" (deleted)")));
}

// The descriptor keeps the file from being another one of the same number.
bool log_reader::has_been_rotated() const {
    if (!file_.label.empty()) return true;
    struct stat open {
    }, named{};
    return ::fstat(file_.fd.value(), &open) == 0 && (::fstatat(dir_.value(), "current", &named, 0) != 0 ||
                                                     open.st_ino != named.st_ino || open.st_dev != named.st_dev);
}

bool log_reader::is_gone() const {
    struct stat about {};
    return ::fstat(dir_.value(), &about) == 0 && about.st_nlink == 0;
}

sys::unique_fd log_reader::unpacked(sys::opened_entry file, const std::string& name) {
    const char* const by = packer_of(read_at(file.file.value(), 0, 8));
    if (by == nullptr) return std::move(file.file);
    const std::uint64_t most  = file.how == trust::full ? std::numeric_limits<std::uint64_t>::max() : most_unpacked;
    sys::unique_fd      plain = scratch_file();
    const std::string   why =
        plain ? unpack(by, file.file.value(), plain.value(), most) : "there is no room to unpack it";
    if (why.empty()) return plain;
    if (size_of(plain.value()) == most) {
        complain_(name + ": only its first " + std::to_string(most >> 20) + " MB were unpacked");
        return plain;
    }
    complain_(name + ": skipped: " + why);
    return {};
}

// Opens what follows, so that it can be read even if it is deleted meanwhile.
void log_reader::queue_old_files() {
    const std::string        last   = queue_.empty() ? done_ : queue_.back().label;
    std::vector<std::string> labels = labels_after(last);
    const auto listed = [&](const std::string& l) { return std::binary_search(labels.begin(), labels.end(), l); };
    // A directory that changes while it is listed may hide a file that changes its name.
    announced_.erase(announced_.begin(), announced_.upper_bound(last));
    if (!std::all_of(announced_.begin(), announced_.end(), listed)) labels = labels_after(last);
    for (const std::string& label : announced_)
        if (!listed(label)) complain_(label + missing);
    announced_.clear();

    for (const std::string& label : labels) {
        if (queue_.size() == most_ahead) {
            announced_.insert(label);
            continue;
        }
        opened_.insert(label);
        if (auto file = open_old(label))
            queue_.push_back(std::move(*file));
        else if (queue_.empty())
            done_ = label;
    }
}

// Names go forward, and the first event of a label is its rotation; others are the work of processors.
void log_reader::heard_of(std::string_view name) {
    const std::string label = label_in(name);
    if (label <= heard_) return;
    heard_ = label;
    if (label > (queue_.empty() ? done_ : queue_.back().label))
        announced_.insert(label);
    else if (!opened_.contains(label))
        complain_(label + missing);  // its successor was opened, so it was not there any more
    opened_.erase(opened_.begin(), opened_.upper_bound(label));
}

void log_reader::read_from(open_file file, std::uint64_t offset) {
    file_   = std::move(file);
    offset_ = offset;
}

// Goes on to the next file. A rotation between looking for old files and opening current is seen by looking again.
bool log_reader::advance() {
    if (queue_.empty()) queue_old_files();
    std::optional<open_file> current;
    if (queue_.empty()) {
        current = open_current();
        queue_old_files();
    }
    if (queue_.empty()) {
        if (current) read_from(std::move(*current), 0);
        return current.has_value();
    }
    read_from(std::move(queue_.front()), 0);
    queue_.pop_front();
    return true;
}

void log_reader::finish_file() {
    const std::string label = label_of(file_);
    if (const auto rotated = tai::read(label); rotated && !stamped_) order_ = std::max(order_, *rotated);
    done_ = std::max(done_, label);
    opened_.insert(label);
    cut_  = told_ < buffer_.size();
    file_ = {};
}

// ---- lines ---------------------------------------------------------------------------------------------------------

// Reads on in the file; false at its end.
bool log_reader::fill() {
    if (!file_.fd) return false;
    const std::string bytes = read_at(file_.fd.value(), offset_, block);
    if (bytes.empty()) {
        if (offset_ <= size_of(file_.fd.value())) return false;
        complain_("current was cut short: reading it from its beginning");
        offset_ = 0;
        return true;
    }
    buffer_.erase(0, told_);
    searched_ -= told_;
    told_ = 0;
    // A rotation cuts a line, and then the rest of it follows; a crash ends one, and then a stamp follows.
    if (std::exchange(cut_, false) && tai::read(bytes)) buffer_ += '\n';
    buffer_ += bytes;
    offset_ += bytes.size();
    return true;
}

std::optional<log_line> log_reader::next(bool rest) {
    for (;;) {
        const std::size_t newline = buffer_.find('\n', searched_);
        if (newline != std::string::npos) {
            log_line line = next_line(newline - told_);
            told_ = searched_ = newline + 1;
            if (!skips_) return line;
            continue;
        }
        if (buffer_.size() - told_ > longest_line) {
            omitted_ += buffer_.size() - told_ - longest_line;
            buffer_.resize(told_ + longest_line);
        }
        searched_ = buffer_.size();
        if (!fill() && !go_on()) break;
    }
    if (!rest || told_ == buffer_.size()) return std::nullopt;
    const log_line line = next_line(buffer_.size() - told_);
    told_ = searched_ = buffer_.size();
    return skips_ ? std::nullopt : std::optional{line};
}

// The line of `size` bytes at told_, or so much of it as is shown.
log_line log_reader::next_line(std::size_t size) {
    const std::uint64_t more = std::exchange(omitted_, 0) + (size > longest_line ? size - longest_line : 0);
    log_line            line = line_of(std::string_view{buffer_}.substr(told_, std::min(size, longest_line)));
    if (more > 0) line.text += " (and " + std::to_string(more) + " bytes more)";
    return line;
}

// At the end of a file: whether there is more to read.
bool log_reader::go_on() {
    if (!file_.fd) return advance();
    if (!has_been_rotated()) return false;
    // Nothing was written to it after it had lost its name; but something before, since it was read last.
    if (fill()) return true;
    finish_file();
    return advance();
}

std::string_view without_stamp(std::string_view line) {
    if (!tai::read(line)) return line;
    line.remove_prefix(tai::stamp_size);
    if (!line.empty() && line.front() == ' ') line.remove_prefix(1);
    return line;
}

log_line log_reader::line_of(std::string_view text) {
    const auto at = tai::read(text);
    if (at) {
        stamped_ = true;
        order_   = std::max(order_, *at);
        skips_   = since_ && *at < *since_;  // later lines without a stamp belong to it
    }
    return {at, order_, std::string{without_stamp(text)}};
}

}  // namespace runwell::svctl
