#include "sys/schedule.hh"

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "core/fixed.hh"
#include "core/text.hh"
#include "sys/files.hh"
#include "sys/kernel.hh"

namespace runwell::sys {
namespace {

int policy_of(schedule_kind policy) noexcept {
    switch (policy) {
        case schedule_kind::other: return SCHED_OTHER;
        case schedule_kind::fifo: return SCHED_FIFO;
        case schedule_kind::rr: return SCHED_RR;
        case schedule_kind::batch: return SCHED_BATCH;
        case schedule_kind::idle: return SCHED_IDLE;
    }
    return SCHED_OTHER;
}

int number_of(io_class which) noexcept {
    switch (which) {
        case io_class::realtime: return kernel::io_realtime;
        case io_class::best_effort: return kernel::io_best_effort;
        case io_class::idle: return kernel::io_idle;
    }
    return kernel::io_best_effort;
}

int number_of(resource which) noexcept {
    switch (which) {
        case resource::data: return RLIMIT_DATA;
        case resource::stack: return RLIMIT_STACK;
        case resource::locked: return RLIMIT_MEMLOCK;
        case resource::memory: return RLIMIT_AS;
        case resource::files: return RLIMIT_NOFILE;
        case resource::processes: return RLIMIT_NPROC;
        case resource::file_size: return RLIMIT_FSIZE;
        case resource::core: return RLIMIT_CORE;
        case resource::resident: return RLIMIT_RSS;
        case resource::cpu: return RLIMIT_CPU;
    }
    return -1;
}

}  // namespace

result<void> add_nice(int increment) noexcept {
    errno = 0;
    if (::nice(increment) == -1 && errno != 0) return error{"unable to set nice level", "", errno};
    return {};
}

// musl answers sched_setscheduler with ENOSYS whatever the kernel has, so the kernel is asked itself.
result<void> set_schedule(schedule_kind policy, int priority) noexcept {
    const int parameter = priority;  // struct sched_param of the kernel: one int
    if (::syscall(SYS_sched_setscheduler, 0, policy_of(policy), &parameter) != 0)
        return error{"unable to set the scheduling policy", "", errno};
    return {};
}

result<void> set_io_priority(io_class which, int level) noexcept {
    const int value = (number_of(which) << kernel::io_class_shift) | level;
    if (::syscall(SYS_ioprio_set, kernel::io_who_process, 0, value) != 0)
        return error{"unable to set the io priority", "", errno};
    return {};
}

result<void> set_cpus(const cpu_mask& mask, const char* as_said) noexcept {
    if (::syscall(SYS_sched_setaffinity, 0, sizeof mask, mask.data()) != 0)
        return error{"unable to run on the cpus ", as_said, errno};
    return {};
}

result<void> set_oom_score(int score) noexcept {
    const error     why{"unable to set the oom score", ""};
    const unique_fd file{::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC)};
    fixed_text<12>  text;
    if (score < 0) text.append('-');
    text.append(decimal{static_cast<std::uint64_t>(score < 0 ? -score : score)}.view());
    if (!file || ::write(file.value(), text.c_str(), text.size()) < 0) return error{why.what, why.subject, errno};
    return {};
}

result<void> set_limit(resource which, std::int64_t number, bool hard) noexcept {
    rlimit limit{};
    if (::getrlimit(number_of(which), &limit) != 0) return error{"unable to getrlimit()", "", errno};
    const auto wanted = static_cast<rlim_t>(number);   // `most` is more than every limit
    if (hard && number >= 0) limit.rlim_max = wanted;  // up, too: EPERM without CAP_SYS_RESOURCE
    limit.rlim_cur = wanted > limit.rlim_max ? limit.rlim_max : wanted;
    if (::setrlimit(number_of(which), &limit) != 0) return error{"unable to setrlimit()", "", errno};
    return {};
}

}  // namespace runwell::sys
