#include "sys/trust.hh"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "core/fixed.hh"
#include "sys/files.hh"

namespace runwell::sys {
namespace {

entry_facts facts_of(const struct stat& about) noexcept {
    return {.owner = about.st_uid, .type = type_of(about), .names = about.st_nlink};
}

writers writers_for(int dir, uid_t us) noexcept {
    struct stat about;
    if (::fstat(dir, &about) != 0) return writers::others;
    return runwell::writers_of({.owner = about.st_uid, .mode = about.st_mode}, us);
}

// 0, or the errno that says why an entry of this kind is not opened.
int objection(const struct stat& about, trust how, expected type) noexcept {
    const file_type is = type_of(about);
    if (how == trust::none) {
        if (is == file_type::link) return ELOOP;
        if (about.st_nlink > 1) return EMLINK;
        return EINVAL;
    }
    if (is == file_type::directory) return EISDIR;
    if (type == expected::any && how == trust::full) return 0;
    const file_type needed = type == expected::fifo ? file_type::fifo : file_type::regular;
    return is == needed ? 0 : EINVAL;
}

}  // namespace

file_type type_of(const struct stat& about) noexcept {
    switch (about.st_mode & S_IFMT) {
        case S_IFREG: return file_type::regular;
        case S_IFIFO: return file_type::fifo;
        case S_IFDIR: return file_type::directory;
        case S_IFLNK: return file_type::link;
        case S_IFSOCK: return file_type::socket;
        default: return file_type::device;
    }
}

writers writers_of(int dir) noexcept { return writers_for(dir, ::geteuid()); }

result<opened_entry> open_trusted(int dir, const char* name, expected type, int flags, mode_t mode) noexcept {
    const auto    refused = [&](int code) { return error{"unable to open ", name, code}; };
    const uid_t   us      = ::geteuid();
    const writers who     = writers_for(dir, us);
    const int     follow  = who == writers::only_us ? 0 : AT_SYMLINK_NOFOLLOW;
    const int     as      = flags | O_NONBLOCK | O_NOCTTY | (follow == 0 ? 0 : O_NOFOLLOW);
    struct stat   about;
    if (::fstatat(dir, name, &about, follow) == 0) {
        if (const int code = objection(about, trust_in(who, facts_of(about), us), type); code != 0)
            return refused(code);
    } else if (errno != ENOENT || (flags & O_CREAT) == 0) {
        return refused(errno);
    }
    opened_entry opened{.file = TRY(open_at(dir, name, as, mode))};
    if (::fstat(opened.file.value(), &about) != 0) return refused(errno);
    opened.how = trust_in(who, facts_of(about), us);
    if (const int code = objection(about, opened.how, type); code != 0) return refused(code);
    return opened;
}

result<opened_entry> open_trusted_path(int base, const char* path, expected type, int flags, mode_t mode) noexcept {
    const std::string_view whole{path};
    const std::size_t      name = whole.rfind('/') + 1;  // npos + 1: 0
    fixed_text<4096>       above;                        // PATH_MAX
    if (!above.append(name == 0 ? "." : whole.substr(0, name))) return error{"unable to open ", path, ENAMETOOLONG};
    const auto directory = hold_directory(base, above.c_str());
    if (!directory) return error{"unable to open ", path, directory.why().code};
    auto opened = open_trusted(directory->value(), path + name, type, flags, mode);
    if (!opened) return error{"unable to open ", path, opened.why().code};
    return opened;
}

result<std::size_t> read_up_to(int file, std::span<char> bytes) noexcept {
    std::size_t size = 0;
    while (size < bytes.size()) {
        const ssize_t got = ::read(file, bytes.data() + size, bytes.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return error{"unable to read", "", errno};
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
    }
    return size;
}

result<content_size> read_trusted(int dir, const char* name, std::span<char> bytes) noexcept {
    const opened_entry opened = TRY(open_trusted(dir, name, expected::regular, O_RDONLY));
    auto               size   = read_up_to(opened.file.value(), bytes);
    if (!size) return error{"unable to read ", name, size.why().code};
    char more = '\0';
    if (*size == bytes.size() && ::read(opened.file.value(), &more, 1) > 0)
        return error{"unable to read ", name, EFBIG};
    return content_size{*size, opened.how};
}

}  // namespace runwell::sys
