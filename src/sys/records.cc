#include "sys/records.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "core/fixed.hh"
#include "core/text.hh"
#include "core/trust.hh"
#include "sys/files.hh"
#include "sys/ledger.hh"

namespace runwell::sys {
namespace {

constexpr mode_t private_directory = 0700, private_file = 0600;

// A directory that only this user, `us`, and root write to.
result<unique_fd> open_private(int dir, const char* name, uid_t us, bool create) noexcept {
    if (create) ::mkdirat(dir, name, private_directory);
    unique_fd   opened = TRY(open_at(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW));
    struct stat is;
    if (::fstat(opened.value(), &is) != 0) return error{"unable to stat ", "runwell/records", errno};
    if (runwell::writers_of({is.st_uid, is.st_mode}, us) != writers::only_us)
        return error{"unable to open ", "runwell/records", EPERM};
    return opened;
}

result<unique_fd> open_place(bool create) noexcept {
    const uid_t       us    = ::geteuid();
    const char* const above = us == 0 ? "/run" : std::getenv("XDG_RUNTIME_DIR");
    if (above == nullptr || *above != '/') return error{"there is no XDG_RUNTIME_DIR", "", ENOENT};
    if (!create) {  // what only we write to was not made by anybody else: one call for who has none, as almost
                    // everybody
        fixed_text<256> path;
        path.append(above);
        if (!path.append("/runwell/records")) return error{"unable to open ", "runwell/records", ENAMETOOLONG};
        return open_private(AT_FDCWD, path.c_str(), us, false);
    }
    const unique_fd run  = TRY(open_private(AT_FDCWD, above, us, false));
    const unique_fd ours = TRY(open_private(run.value(), "runwell", us, true));
    return open_private(ours.value(), "records", us, true);
}

using record_name = fixed_text<64>;

bool name_of(int service, record_name& name) noexcept {
    struct stat is;
    if (::fstat(service, &is) != 0) return false;
    const file_identity born = identity_by_birth(service, "");
    name.append(decimal{is.st_dev}.view());
    name.append('.');
    name.append(decimal{is.st_ino}.view());
    name.append('.');
    return name.append(decimal{born.other}.view());
}

}  // namespace

result<unique_fd> open_record(int service, bool create) noexcept {
    record_name     name;
    const unique_fd place = TRY(open_place(create));
    if (!name_of(service, name)) return error{"unable to stat the service directory", "", errno};
    const int   flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | (create ? O_CREAT : 0);
    auto        file  = open_at(place.value(), name.c_str(), flags, private_file);
    struct stat is;
    if (!file) return error{"unable to open the record of processes", "", file.why().code};
    if (::fstat(file->value(), &is) != 0 || !S_ISREG(is.st_mode) || is.st_uid != ::geteuid() || is.st_nlink != 1)
        return error{"unable to open the record of processes", "", EPERM};
    return file;
}

void remove_record(int service) noexcept {
    record_name name;
    const auto  place = open_place(false);
    if (place && name_of(service, name)) ::unlinkat(place->value(), name.c_str(), 0);
}

}  // namespace runwell::sys
