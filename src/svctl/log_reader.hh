// log_reader.hh — the directory of an svlogd as one stream of lines, from whatever place in it.
//
//     @4000…a.s   @4000…b.s   @4000…c.u   current
//     ├─ oldest ─────────────────────────────────▶ newest, and future files
//                     ▲ begin_at_last(n), begin_since(moment)
//
// svlogd(8) closes `current`, renames it after the moment, and begins another: so a file that is open here has been
// written to its end when it has lost its name, and its successor is the next one by name. The reader holds the file,
// not the name; no line is lost or returned twice if files are renamed, processed or compressed meanwhile. It counts
// files that were deleted before it could open them.
//
// A line that a rotation has cut is put together again. Files that gzip, xz, zstd or bzip2 have processed are unpacked
// by those programs.
//
// Another user may own the directory: it is read as core/trust.hh allows. Only regular files are opened, never through
// a link that another user can have put there; memory stays below a few MB whatever a file holds; and of a packed file
// that another user can have put there only the first 128 MB are unpacked.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/tai.hh"
#include "sys/fd.hh"
#include "sys/trust.hh"

namespace runwell::svctl {

struct log_line {
    std::optional<moment> at;     // its stamp
    moment                order;  // where it belongs among the lines of other logs: never earlier than the one before
    std::string           text;   // without stamp and newline
};

using line_predicate = std::function<bool(std::string_view text)>;

class log_reader {
public:
    // Called with a sentence for each error as it occurs: a file that cannot be read, lines that were deleted too
    // early.
    using complaint = std::function<void(const std::string& what)>;

    // Throws a failure where the directory cannot be read; as do the others, where current cannot.
    log_reader(std::string directory, complaint complain);

    // The next line will be the oldest there is; the first of the last n that `wanted` selects; or the first that is
    // not older than that. Each forgets what was read before.
    void begin_at_oldest();
    void begin_at_last(std::uint64_t n, const line_predicate& wanted);
    void begin_since(moment at);

    // The next line that is complete; nothing when there is none yet. `rest`: an incomplete one will do at the end.
    std::optional<log_line> next(bool rest = false);

    // A file has just got this name. Rotations must be reported in their order: one whose file was deleted before
    // it could be opened is then complained about.
    void heard_of(std::string_view name);

    const std::string& directory() const { return directory_; }
    // The directory has been deleted.
    bool is_gone() const;

private:
    struct open_file {
        sys::unique_fd fd;
        std::string    label;  // "" for what was opened as current
    };

    void                      begin_after(std::string label);
    std::vector<std::string>  labels_after(const std::string& label) const;
    std::optional<open_file>  open_old(const std::string& label);
    std::optional<open_file>  open_current();
    result<sys::opened_entry> open_entry(const char* name) const;
    log_line                  next_line(std::size_t size);
    static std::string        label_of(const open_file& file);
    sys::unique_fd            unpacked(sys::opened_entry file, const std::string& name);
    void                      queue_old_files();
    void                      read_from(open_file file, std::uint64_t offset);
    bool                      has_been_rotated() const;
    bool                      fill();
    bool                      go_on();
    bool                      advance();
    void                      finish_file();
    log_line                  line_of(std::string_view text);

    std::string           directory_;
    complaint             complain_;
    sys::unique_fd        dir_;
    open_file             file_;
    std::uint64_t         offset_ = 0;
    std::string           buffer_;            // what was read of file_, and what a cut has left of the one before
    std::size_t           told_     = 0;      // so many bytes of it were returned
    std::size_t           searched_ = 0;      // so much of it was searched for the end of a line
    std::uint64_t         omitted_  = 0;      // bytes of a line that is too long: they followed the end of buffer_
    bool                  cut_      = false;  // the file before ended within a line
    std::string           done_;              // the label of the last file that was read to its end
    std::deque<open_file> queue_;             // the files that follow it
    std::set<std::string> announced_;         // labels of files that exist, or existed, and are not yet opened
    std::set<std::string> opened_;            // those of the files that were, as long as their rotation is not heard of
    std::string           heard_;             // the last label that was heard of
    std::optional<moment> since_;
    bool                  skips_   = false;  // the last stamp was older than since_
    bool                  stamped_ = false;  // there was a stamp
    moment                order_;
};

// The lines of several logs, by their time. The caller owns the readers; a null one has no lines. The merger does not
// ask a reader without lines again, so the readers of a thousand quiet services cost nothing.
class log_merger {
public:
    explicit log_merger(std::vector<log_reader*> readers);

    struct told {
        std::size_t reader;
        log_line    line;
    };
    std::optional<told> next(bool rest = false);

    // Another one, whose number is how many there were.
    void add(log_reader& reader);
    // There may be more of this one.
    void ask_again(std::size_t reader);
    void leave_out(std::size_t reader) { readers_[reader] = nullptr; }

private:
    struct is_later {
        bool operator()(const told& one, const told& other) const;
    };

    std::vector<log_reader*>                               readers_;
    std::priority_queue<told, std::vector<told>, is_later> heads_;  // one line of each that is neither asked nor dry
    std::set<std::size_t>                                  asked_;  // whose next line is wanted
    std::set<std::size_t>                                  dry_;    // that had none
};

// The last n lines of a log that may be in several directories, by their time.
class last_lines {
public:
    // Throws a failure where a directory cannot be read.
    last_lines(const std::vector<std::string>& directories, std::uint64_t n);

    std::vector<log_line> take();

private:
    std::vector<std::unique_ptr<log_reader>> readers_;
    std::uint64_t                            n_;
};

std::string_view without_stamp(std::string_view line);

}  // namespace runwell::svctl
