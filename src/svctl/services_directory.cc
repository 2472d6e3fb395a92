#include "svctl/services_directory.hh"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <unordered_set>

#include "svctl/errors.hh"
#include "svctl/human.hh"
#include "svctl/shell_script.hh"
#include "svctl/terminal.hh"
#include "sys/files.hh"

namespace runwell::svctl {
namespace {

constexpr std::string_view log_suffix = "/log";

struct closing {
    void operator()(DIR* dir) const noexcept { ::closedir(dir); }
};

bool is_directory(int base, const dirent& entry) {
    if (entry.d_type == DT_DIR) return true;
    if (entry.d_type != DT_LNK && entry.d_type != DT_UNKNOWN) return false;
    struct stat file {};
    if (::fstatat(base, entry.d_name, &file, 0) == 0) return S_ISDIR(file.st_mode);
    return entry.d_type == DT_LNK;
}

bool matches(const std::string& pattern, const std::string& name) {
    return ::fnmatch(pattern.c_str(), name.c_str(), FNM_PERIOD) == 0;
}

std::string without_suffix(const std::string& word, std::string_view suffix) {
    return word.size() > suffix.size() && word.ends_with(suffix) ? word.substr(0, word.size() - suffix.size()) : word;
}

bool is_same_file(int base, const std::string& name, const struct stat& other) {
    struct stat file {};
    return ::fstatat(base, name.c_str(), &file, 0) == 0 && file.st_dev == other.st_dev && file.st_ino == other.st_ino;
}

// The names that a word without "/log" means.
std::vector<std::string> meaning(const std::string& word, std::span<const std::string> names, std::string_view where) {
    const std::string shown = "'" + printable(word) + "'";
    if (word.empty() || word.front() == '.' || word.find('/') != std::string::npos)
        throw failure{exit_code::usage, shown + " is not the name of a service in " + std::string{where},
                      "a name has no slash and no dot in front; for another directory: --svdir DIR"};

    std::vector<std::string> found;
    for (const std::string& name : names)
        if (matches(word, name)) found.push_back(name);

    const bool exact = std::binary_search(names.begin(), names.end(), word);
    if (exact && (found.size() > 1 || (found.size() == 1 && found.front() != word)))
        throw failure{exit_code::usage, shown + " is a service, and a pattern for others, too",
                      "say which is meant: a backslash before *, ? or [ takes it as it is"};
    if (exact) return {word};
    if (!found.empty()) return found;
    // As systemctl writes it.
    if (const std::string bare = without_suffix(word, ".service"); bare != word) return meaning(bare, names, where);
    if (word.find_first_of("*?[\\") != std::string::npos)
        throw failure{exit_code::not_found, shown + " matches no service in " + std::string{where},
                      "see what there is: svctl list"};
    const std::string meant = likeliest(word, names);
    throw failure{exit_code::not_found, shown + ": no such service in " + std::string{where},
                  meant.empty() ? "see what there is: svctl list" : "did you mean '" + printable(meant) + "'?"};
}

}  // namespace

services_directory::services_directory(std::string directory) : directory_{std::move(directory)} {
    while (directory_.size() > 1 && directory_.ends_with('/')) directory_.pop_back();
    auto opened = sys::open_at(AT_FDCWD, directory_.c_str(), O_RDONLY | O_DIRECTORY);
    if (opened) {
        fd_ = std::move(*opened);
        return;
    }
    const failure why = system_failure(opened.why().code, "open the services directory", directory_);
    throw failure{
        why.code(), std::string{why.cause()},
        why.code() == exit_code::not_found ? "name another one: --svdir DIR, or the variable SVDIR" : why.cure()};
}

std::vector<std::string> services_directory::names() const {
    const int dir = ::openat(fd(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0) throw system_failure(errno, "open the services directory", directory_);
    const std::unique_ptr<DIR, closing> all{::fdopendir(dir)};
    std::vector<std::string>            found;
    while (const dirent* entry = ::readdir(all.get()))
        if (entry->d_name[0] != '.' && is_directory(fd(), *entry)) found.emplace_back(entry->d_name);
    std::sort(found.begin(), found.end());
    return found;
}

bool services_directory::has_log(const std::string& name) const {
    struct stat file {};
    return ::fstatat(fd(), (name + "/log").c_str(), &file, 0) == 0 && S_ISDIR(file.st_mode);
}

// "web" for web/, ./web, /etc/service/web, and for where a link leads: /etc/sv/web; "web/log" likewise. A word without
// a slash stays as it is.
std::string services_directory::name_of(const std::string& word, std::span<const std::string> names) const {
    std::string bare = word;
    while (bare.size() > 1 && bare.ends_with('/')) bare.pop_back();
    const auto is_name = [&](const std::string& one) { return std::binary_search(names.begin(), names.end(), one); };
    const std::string service = without_suffix(bare, log_suffix);
    if (service.find('/') == std::string::npos && (bare == word || is_name(service))) return bare;
    for (const auto& [path, suffix] : {std::pair{bare, std::string_view{}}, std::pair{service, log_suffix}}) {
        struct stat file {};
        if (path.empty() || path.find_first_of("*?[") != std::string::npos) continue;
        if (::stat(path.c_str(), &file) != 0) continue;
        const std::string last = path.substr(path.rfind('/') + 1);
        if (is_name(last) && is_same_file(fd(), last, file)) return last + std::string{suffix};
        for (const std::string& name : names)
            if (is_same_file(fd(), name, file)) return name + std::string{suffix};
        const bool is_service = ::access((path + "/run").c_str(), F_OK) == 0;
        if (suffix.empty() && bare == service && is_service && !last.empty() && last.front() != '.')
            throw failure{exit_code::not_found, "'" + printable(word) + "' is no service of " + printable(directory_),
                          "to make it one: svctl enable " + printable(shell_quoted(path))};
    }
    return bare;
}

std::vector<std::string> services_directory::select(std::span<const std::string> words) const {
    const auto               all = names();
    std::vector<std::string> plain;
    for (const std::string& word : words) plain.push_back(name_of(word, all));
    return select_names(
        plain, all, [this](const std::string& name) { return has_log(name); }, directory_);
}

std::vector<std::string> services_directory::filter(std::span<const std::string> words) const {
    const auto               all = names();
    std::vector<std::string> some;
    for (const std::string& word : words) {
        std::vector<std::string> meant;
        const bool               is_plain = !word.empty() && word.find_first_of("*?[\\/") == std::string::npos;
        if (is_plain && !std::binary_search(all.begin(), all.end(), word))
            std::copy_if(all.begin(), all.end(), std::back_inserter(meant),
                         [&](const std::string& name) { return name.find(word) != std::string::npos; });
        if (meant.empty()) meant = select(std::span{&word, 1});
        for (std::string& one : meant)
            if (std::find(some.begin(), some.end(), one) == some.end()) some.push_back(std::move(one));
    }
    return some;
}

std::vector<std::string> select_names(std::span<const std::string> words, std::span<const std::string> names,
                                      const std::function<bool(const std::string&)>& has_log, std::string_view where) {
    std::vector<std::string>        chosen;
    std::unordered_set<std::string> known;
    const auto                      choose = [&](const std::string& name) {
        if (known.insert(name).second) chosen.push_back(name);
    };
    for (const std::string& word : words) {
        if (!word.ends_with(log_suffix)) {
            for (const std::string& name : meaning(word, names, where)) choose(name);
            continue;
        }
        bool any = false;
        for (const std::string& name : meaning(word.substr(0, word.size() - log_suffix.size()), names, where)) {
            if (!has_log(name)) continue;
            any = true;
            choose(name + std::string{log_suffix});
        }
        if (!any)
            throw failure{exit_code::not_found, "'" + printable(word) + "': that service has no log service",
                          "give it one: a directory log/ with a run of its own"};
    }
    return chosen;
}

}  // namespace runwell::svctl
