#include "svctl/packed_file.hh"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

namespace runwell::svctl {
namespace {

struct packer {
    std::string_view magic;
    const char*      program;
};
constexpr std::array packers{packer{"\x1f\x8b", "gzip"}, packer{"\xfd\x37zXZ", "xz"},
                             packer{"\x28\xb5\x2f\xfd", "zstd"}, packer{"BZh", "bzip2"}};

// What this process starts meanwhile cannot write more than `bytes` to a file.
class file_size_limit {
public:
    explicit file_size_limit(std::uint64_t bytes) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        rlimit now   = before_;
        now.rlim_cur = std::min<rlim_t>(bytes, before_.rlim_cur);
        ::setrlimit(RLIMIT_FSIZE, &now);
    }
    ~file_size_limit() { ::setrlimit(RLIMIT_FSIZE, &before_); }
    file_size_limit(const file_size_limit&)            = delete;
    file_size_limit& operator=(const file_size_limit&) = delete;

private:
    rlimit before_{};
};

}  // namespace

const char* packer_of(std::string_view head) noexcept {
    const auto* const by =
        std::find_if(packers.begin(), packers.end(), [head](const packer& p) { return head.starts_with(p.magic); });
    return by == packers.end() ? nullptr : by->program;
}

sys::unique_fd scratch_file() {
    std::error_code   none;
    const std::string place = std::filesystem::temp_directory_path(none).string();
    sys::unique_fd    file{::open(place.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)};
    if (!file) file.reset(::memfd_create("svctl", MFD_CLOEXEC));
    return file;
}

std::string unpack(const char* program, int from, int into, std::uint64_t most) {
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, from, STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, into, STDOUT_FILENO);
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    std::string          name = program, option = "-dc";
    std::array<char*, 3> argv{name.data(), option.data(), nullptr};
    pid_t                pid  = 0;
    int                  code = 0;
    {
        const file_size_limit limited{most};
        code = ::posix_spawnp(&pid, program, &actions, nullptr, argv.data(), environ);
    }
    ::posix_spawn_file_actions_destroy(&actions);
    if (code == ENOENT) return "there is no " + name + " here";
    if (code != 0) return name + " cannot be run";
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    return status == 0 ? "" : name + " says that it is damaged";
}

}  // namespace runwell::svctl
