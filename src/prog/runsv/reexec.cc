#include "prog/runsv/reexec.hh"

#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/fixed.hh"
#include "core/program_file.hh"
#include "core/text.hh"
#include "sys/files.hh"
#include "sys/spawn.hh"

// Of this program, by the linker: the beginning of its file.
extern "C" const std::byte __ehdr_start[];  // NOLINT(bugprone-reserved-identifier,clang-diagnostic-reserved-identifier)

namespace runwell {
namespace {

// What says, in the file of this program, which versions of the handover it takes: the first and the last.
struct handover_note {
    std::uint32_t name_size = 8, size = 8, type = 1;
    char          name[8] = "runwell";
    std::uint32_t first = handover_version, last = handover_version;
};
[[gnu::section(".note.runwell"), gnu::used, gnu::retain,
  gnu::aligned(4)]] constinit const handover_note takes_handover{};

constexpr std::string_view variable = "RUNSV_HANDOVER=";
constexpr int              seals    = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

void keep(const handover& all, int memory, bool through_execve) noexcept {
    const auto each = [&](int fd) {
        if (fd >= 0) ::fcntl(fd, F_SETFD, through_execve ? 0 : FD_CLOEXEC);
    };
    for (const handed_member& its : all.members) {
        const handed_files& files = its.files;
        for (const int fd : {files.directory, files.supervise, files.lock, files.control, files.ok, files.pid,
                             files.stat, files.status, files.ledger, its.process.pidfd, its.script.pidfd})
            each(fd);
    }
    each(all.log_pipe[0]);
    each(all.log_pipe[1]);
    each(memory);
}

// The program that was installed where this one was started from.
bool installed_program(fixed_text<1023>& path) noexcept {
    // getauxval(3) returns an address as a number.
    const auto* const executed =
        reinterpret_cast<const char*>(::getauxval(AT_EXECFN));  // NOLINT(performance-no-int-to-ptr)
    if (executed != nullptr && *executed == '/') return path.append(executed);

    char          link[1024];
    const ssize_t size = ::readlink("/proc/self/exe", link, sizeof link);
    if (size <= 0) return false;
    std::string_view       name{link, static_cast<std::size_t>(size)};
    const std::string_view mark = " (deleted)";  // proc_pid_exe(5): it has been replaced
    if (name.ends_with(mark)) name.remove_suffix(mark.size());
    return path.append(name);
}

constexpr const char* no_reexec = "unable to become the installed runsv, going on as before";
constexpr const char* because   = "unable to become the installed runsv, going on as before: ";

error why_not(program_defect defect) noexcept {
    switch (defect) {
        case program_defect::none: break;
        case program_defect::not_elf: return {because, "it is no program for this machine"};
        case program_defect::truncated: return {because, "its file is cut short"};
        case program_defect::no_handover:
            return {because, "it is not runwell's, or an old one, and would lose the service"};
        case program_defect::other_version: return {because, "its version takes no handover from this one"};
    }
    return {no_reexec};
}

// Whether execve(2) of this file would get us a supervisor.
result<void> check(const char* path) noexcept {
    const auto  file = sys::open_at(AT_FDCWD, path, O_RDONLY | O_NONBLOCK);
    struct stat is;
    if (!file || ::fstat(file->value(), &is) != 0) return error{no_reexec, "", file ? errno : file.why().code};
    if (!S_ISREG(is.st_mode) || ::faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) != 0) return error{no_reexec, "", EACCES};

    std::array<std::byte, program_head_size> bytes;
    const ssize_t                            size = ::pread(file->value(), bytes.data(), bytes.size(), 0);
    if (size < 0) return error{no_reexec, "", errno};
    const auto         read  = std::span{bytes}.first(static_cast<std::size_t>(size));
    const program_head found = look_at_program(read, static_cast<std::uint64_t>(is.st_size), {__ehdr_start, 64});
    if (found.defect != program_defect::none) return why_not(found.defect);

    const auto notes = std::span{bytes}.first(static_cast<std::size_t>(found.notes.size));
    if (::pread(file->value(), notes.data(), notes.size(), static_cast<off_t>(found.notes.offset)) !=
        static_cast<ssize_t>(notes.size()))
        return why_not(program_defect::truncated);
    const program_defect defect = look_at_notes(notes, handover_version);
    return defect == program_defect::none ? result<void>{} : result<void>{why_not(defect)};
}

// A file without a name, which no process can change any more.
result<sys::unique_fd> sealed(std::span<const std::byte> bytes) noexcept {
    constexpr unsigned no_exec = 8;  // MFD_NOEXEC_SEAL, Linux 6.3: where vm.memfd_noexec asks for it
    const auto         make    = [](unsigned also) {
        return static_cast<int>(::syscall(SYS_memfd_create, "handover", MFD_CLOEXEC | MFD_ALLOW_SEALING | also));
    };
    sys::unique_fd memory{make(no_exec)};
    if (!memory && errno == EINVAL) memory.reset(make(0));
    if (!memory) return error{no_reexec, "", errno};
    const ssize_t wrote = ::write(memory.value(), bytes.data(), bytes.size());
    if (wrote != static_cast<ssize_t>(bytes.size())) return error{no_reexec, "", wrote < 0 ? errno : ENOSPC};
    if (::fcntl(memory.value(), F_ADD_SEALS, seals) != 0) return error{no_reexec, "", errno};
    return memory;
}

}  // namespace

error reexec(const handover& all, char* const* argv) noexcept {
    fixed_text<1023> program;
    if (!installed_program(program)) return {because, "it cannot be found without /proc"};
    const result<void> fit = check(program.c_str());
    if (!fit) return fit.why();
    const auto memory = sealed(encode(all));
    if (!memory) return memory.why();

    fixed_text<64> text;
    text.append(variable);
    text.append(decimal{all.of}.view());
    text.append(' ');
    text.append(decimal{static_cast<std::uint64_t>(memory->value())}.view());
    std::size_t count = 0;
    while (environ[count] != nullptr) ++count;
    auto* const environment = static_cast<char**>(__builtin_alloca((count + 2) * sizeof(char*)));
    std::memcpy(environment, environ, count * sizeof(char*));
    environment[count]     = const_cast<char*>(text.c_str());
    environment[count + 1] = nullptr;

    keep(all, memory->value(), true);
    const int code = sys::execute(program.c_str(), argv, environment);
    keep(all, memory->value(), false);
    return {no_reexec, "", code};
}

bool has_been_reexeced() noexcept {
    char** place = environ;
    while (*place != nullptr && std::strncmp(*place, variable.data(), variable.size()) != 0) ++place;
    return *place != nullptr;
}

result<std::optional<handover>> received() noexcept {
    using nothing = std::optional<handover>;
    char** place  = environ;
    while (*place != nullptr && std::strncmp(*place, variable.data(), variable.size()) != 0) ++place;
    if (*place == nullptr) return nothing{};
    const std::string_view text{*place + variable.size()};
    for (char** next = place; *next != nullptr; ++next) *next = next[1];

    const auto whose = split(text, ' ');
    const auto self  = static_cast<std::uint32_t>(::getpid());
    const auto fd    = whole_number(whose.rest);
    if (whole_number(whose.head) != self || !fd || *fd > INT32_MAX) return nothing{};

    const sys::unique_fd memory{static_cast<int>(*fd)};
    handover_bytes       bytes;
    const int            has = ::fcntl(memory.value(), F_GET_SEALS);
    if (has < 0 || (has & seals) != seals ||
        ::pread(memory.value(), bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        return error{"unable to read what was handed over", "", has < 0 ? errno : EINVAL};
    auto got = decode_handover(bytes, self);
    if (!got) return error{"unable to understand what was handed over"};
    keep(*got, -1, false);
    return got;
}

}  // namespace runwell
