#include "core/plan.hh"

#include <cerrno>

#include "core/text.hh"

namespace runwell {
namespace {

constexpr bool repeats(act what) noexcept {
    return what == act::cgroup_set || what == act::read_only || what == act::may_read || what == act::may_write;
}

void add_limit(const step& what, description& said) noexcept {
    said.words.append("limit ");
    said.words.append(name_of(static_cast<resource>(what.kind)));
    said.words.append(" to ");
    if (what.number == most)
        said.words.append("the hard limit");
    else
        said.words.append(decimal{static_cast<std::uint64_t>(what.number)}.view());
    if (has(what.how, manner::hard)) said.words.append(", hard");
}

void add_signed(std::int64_t number, description& said) noexcept {
    if (number < 0) said.words.append('-');
    said.words.append(decimal{static_cast<std::uint64_t>(number < 0 ? -number : number)}.view());
}

void add_octal(std::int64_t number, description& said) noexcept {
    said.words.append('0');
    for (int shift = 6; shift >= 0; shift -= 3) said.words.append(static_cast<char>('0' + ((number >> shift) & 7)));
}

}  // namespace

bool plan::put(const step& what) noexcept {
    const auto same = [&](const step& other) {
        return other.what == what.what && !repeats(what.what) && (what.what != act::limit || other.kind == what.kind);
    };
    const auto behind = [&](const step& other) {
        return other.what > what.what || (other.what == what.what && what.what == act::limit && other.kind > what.kind);
    };
    std::size_t at = 0;
    while (at < size_ && !same(steps_[at]) && !behind(steps_[at])) ++at;
    if (at < size_ && same(steps_[at])) {
        steps_[at] = what;
        return true;
    }
    if (size_ == most_steps) return false;
    for (std::size_t i = size_++; i > at; --i) steps_[i] = steps_[i - 1];
    steps_[at] = what;
    return true;
}

const step* plan::find(act what) const noexcept {
    for (const step& each : steps())
        if (each.what == what) return &each;
    return nullptr;
}

description describe(const step& what) noexcept {
    description said;
    const auto  about = [&](std::string_view words) {
        said.words.append(words);
        said.subject = what.text;
    };
    switch (what.what) {
        case act::session: said.words.append("begin a session"); break;
        case act::environment: about("read the environment from "); break;
        case act::oom_score:
            said.words.append("set the oom score to ");
            add_signed(what.number, said);
            break;
        case act::cgroup: about("create the cgroup "); break;
        case act::cgroup_set: about("set in the cgroup "); break;
        case act::cgroup_enter: about("enter the cgroup "); break;
        case act::new_net: said.words.append("leave the network"); break;
        case act::new_mount: said.words.append("keep mounts apart"); break;
        case act::read_only: about("make read-only "); break;
        case act::private_tmp: said.words.append("mount an empty /tmp and /var/tmp"); break;
        case act::root: about("change the root to "); break;
        case act::directory: about("change the directory to "); break;
        case act::nice:
            said.words.append("add to the nice level ");
            add_signed(what.number, said);
            break;
        case act::schedule:
            said.words.append("schedule as ");
            said.words.append(name_of(static_cast<schedule_kind>(what.kind)));
            if (what.number != 0) {
                said.words.append(':');
                add_signed(what.number, said);
            }
            break;
        case act::io_priority:
            said.words.append("set the io priority to ");
            said.words.append(name_of(static_cast<io_class>(what.kind)));
            said.words.append(':');
            add_signed(what.number, said);
            break;
        case act::cpus: about("run on the cpus "); break;
        case act::id_variables: about("set UID and GID for "); break;
        case act::bounding: said.words.append("give up capabilities for good"); break;
        case act::identity: about(has(what.how, manner::init_groups) ? "become, with all groups, " : "become "); break;
        case act::capabilities:
            said.words.append(has(what.how, manner::ambient) ? "keep capabilities" : "clear capabilities");
            break;
        case act::lock: about(has(what.how, manner::waiting) ? "wait for the lock " : "take the lock "); break;
        case act::ruleset: said.words.append("begin file rules"); break;
        case act::may_read: about("allow to read and execute "); break;
        case act::may_write: about("allow to read and write "); break;
        case act::null: said.words.append("open /dev/null as 0, 1 and 2"); break;
        case act::close_0: said.words.append("close 0"); break;
        case act::close_1: said.words.append("close 1"); break;
        case act::close_2: said.words.append("close 2"); break;
        case act::limit: add_limit(what, said); break;
        case act::umask:
            said.words.append("set the umask to ");
            add_octal(what.number, said);
            break;
        case act::death_signal:
            said.words.append("ask for signal ");
            add_signed(what.number, said);
            said.words.append(" when the parent dies");
            break;
        case act::no_new_privs: said.words.append("gain no privileges any more"); break;
        case act::restriction: said.words.append("open files by these rules only"); break;
        case act::close_fds: said.words.append("close everything above 2"); break;
    }
    return said;
}

kernel_feature feature_of(act what) noexcept {
    switch (what) {
        case act::oom_score: return {"/proc/self/oom_score_adj (Linux 2.6.36, proc)", ENOENT};
        case act::cgroup:
        case act::cgroup_enter: return {"a cgroup v2 hierarchy (Linux 4.5, CONFIG_CGROUPS)"};
        case act::new_net: return {"network namespaces (CONFIG_NET_NS)", EINVAL};
        case act::new_mount: return {"mount namespaces (CONFIG_NAMESPACES)", EINVAL};
        case act::read_only: return {"mount_setattr (Linux 5.12)"};
        case act::private_tmp: return {"tmpfs (CONFIG_TMPFS)", ENODEV};
        case act::schedule: return {"scheduling policies (sched_setscheduler)"};
        case act::io_priority: return {"io priorities (CONFIG_BLOCK)"};
        case act::cpus: return {"processor affinity (CONFIG_SMP)"};
        case act::bounding:
        case act::capabilities: return {"ambient capabilities (Linux 4.3)", EINVAL};
        case act::ruleset:
        case act::may_read:
        case act::may_write:
        case act::restriction: return {"Landlock (Linux 5.13, CONFIG_SECURITY_LANDLOCK, lsm=landlock)"};
        case act::death_signal: return {"PR_SET_PDEATHSIG", EINVAL};
        case act::no_new_privs: return {"no_new_privs (Linux 3.5)", EINVAL};
        case act::close_fds: return {"close_range (Linux 5.9)"};
        case act::session:
        case act::environment:
        case act::cgroup_set:
        case act::root:
        case act::directory:
        case act::nice:
        case act::id_variables:
        case act::identity:
        case act::lock:
        case act::null:
        case act::close_0:
        case act::close_1:
        case act::close_2:
        case act::limit:
        case act::umask: return {};
    }
    return {};
}

}  // namespace runwell
