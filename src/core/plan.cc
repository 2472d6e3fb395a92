#include "core/plan.hh"

#include <cerrno>

#include "core/text.hh"

namespace runwell {
namespace {

constexpr bool repeats(change_kind what) noexcept {
    return what == change_kind::cgroup_set || what == change_kind::read_only || what == change_kind::may_read ||
           what == change_kind::may_write;
}

void add_limit(const change& what, description& said) noexcept {
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

bool plan::put(const change& what) noexcept {
    const auto same = [&](const change& other) {
        return other.what == what.what && !repeats(what.what) &&
               (what.what != change_kind::limit || other.kind == what.kind);
    };
    const auto behind = [&](const change& other) {
        return other.what > what.what ||
               (other.what == what.what && what.what == change_kind::limit && other.kind > what.kind);
    };
    std::size_t at = 0;
    while (at < size_ && !same(changes_[at]) && !behind(changes_[at])) ++at;
    if (at < size_ && same(changes_[at])) {
        changes_[at] = what;
        return true;
    }
    if (size_ == most_changes) return false;
    for (std::size_t i = size_++; i > at; --i) changes_[i] = changes_[i - 1];
    changes_[at] = what;
    return true;
}

const change* plan::find(change_kind what) const noexcept {
    for (const change& each : changes())
        if (each.what == what) return &each;
    return nullptr;
}

description describe(const change& what) noexcept {
    description said;
    const auto  about = [&](std::string_view words) {
        said.words.append(words);
        said.subject = what.text;
    };
    switch (what.what) {
        case change_kind::session: said.words.append("begin a session"); break;
        case change_kind::environment: about("read the environment from "); break;
        case change_kind::oom_score:
            said.words.append("set the oom score to ");
            add_signed(what.number, said);
            break;
        case change_kind::cgroup: about("create the cgroup "); break;
        case change_kind::cgroup_set: about("set in the cgroup "); break;
        case change_kind::cgroup_enter: about("enter the cgroup "); break;
        case change_kind::new_net: said.words.append("leave the network"); break;
        case change_kind::new_mount: said.words.append("keep mounts apart"); break;
        case change_kind::read_only: about("make read-only "); break;
        case change_kind::private_tmp: said.words.append("mount an empty /tmp and /var/tmp"); break;
        case change_kind::root: about("change the root to "); break;
        case change_kind::directory: about("change the directory to "); break;
        case change_kind::nice:
            said.words.append("add to the nice level ");
            add_signed(what.number, said);
            break;
        case change_kind::schedule:
            said.words.append("schedule as ");
            said.words.append(name_of(static_cast<schedule_kind>(what.kind)));
            if (what.number != 0) {
                said.words.append(':');
                add_signed(what.number, said);
            }
            break;
        case change_kind::io_priority:
            said.words.append("set the io priority to ");
            said.words.append(name_of(static_cast<io_class>(what.kind)));
            said.words.append(':');
            add_signed(what.number, said);
            break;
        case change_kind::cpus: about("run on the cpus "); break;
        case change_kind::id_variables: about("set UID and GID for "); break;
        case change_kind::bounding: said.words.append("give up capabilities for good"); break;
        case change_kind::identity:
            about(has(what.how, manner::init_groups) ? "become, with all groups, " : "become ");
            break;
        case change_kind::capabilities:
            said.words.append(has(what.how, manner::ambient) ? "keep capabilities" : "clear capabilities");
            break;
        case change_kind::lock: about(has(what.how, manner::waiting) ? "wait for the lock " : "take the lock "); break;
        case change_kind::ruleset: said.words.append("begin file rules"); break;
        case change_kind::may_read: about("allow to read and execute "); break;
        case change_kind::may_write: about("allow to read and write "); break;
        case change_kind::null: said.words.append("open /dev/null as 0, 1 and 2"); break;
        case change_kind::close_0: said.words.append("close 0"); break;
        case change_kind::close_1: said.words.append("close 1"); break;
        case change_kind::close_2: said.words.append("close 2"); break;
        case change_kind::limit: add_limit(what, said); break;
        case change_kind::umask:
            said.words.append("set the umask to ");
            add_octal(what.number, said);
            break;
        case change_kind::death_signal:
            said.words.append("ask for signal ");
            add_signed(what.number, said);
            said.words.append(" when the parent dies");
            break;
        case change_kind::no_new_privs: said.words.append("gain no privileges any more"); break;
        case change_kind::restriction: said.words.append("open files by these rules only"); break;
        case change_kind::close_fds: said.words.append("close everything above 2"); break;
    }
    return said;
}

kernel_feature feature_of(change_kind what) noexcept {
    switch (what) {
        case change_kind::oom_score: return {"/proc/self/oom_score_adj (Linux 2.6.36, proc)", ENOENT};
        case change_kind::cgroup:
        case change_kind::cgroup_enter: return {"a cgroup v2 hierarchy (Linux 4.5, CONFIG_CGROUPS)"};
        case change_kind::new_net: return {"network namespaces (CONFIG_NET_NS)", EINVAL};
        case change_kind::new_mount: return {"mount namespaces (CONFIG_NAMESPACES)", EINVAL};
        case change_kind::read_only: return {"mount_setattr (Linux 5.12)"};
        case change_kind::private_tmp: return {"tmpfs (CONFIG_TMPFS)", ENODEV};
        case change_kind::schedule: return {"scheduling policies (sched_setscheduler)"};
        case change_kind::io_priority: return {"io priorities (CONFIG_BLOCK)"};
        case change_kind::cpus: return {"processor affinity (CONFIG_SMP)"};
        case change_kind::bounding:
        case change_kind::capabilities: return {"ambient capabilities (Linux 4.3)", EINVAL};
        case change_kind::ruleset:
        case change_kind::may_read:
        case change_kind::may_write:
        case change_kind::restriction: return {"Landlock (Linux 5.13, CONFIG_SECURITY_LANDLOCK, lsm=landlock)"};
        case change_kind::death_signal: return {"PR_SET_PDEATHSIG", EINVAL};
        case change_kind::no_new_privs: return {"no_new_privs (Linux 3.5)", EINVAL};
        case change_kind::close_fds: return {"close_range (Linux 5.9)"};
        case change_kind::session:
        case change_kind::environment:
        case change_kind::cgroup_set:
        case change_kind::root:
        case change_kind::directory:
        case change_kind::nice:
        case change_kind::id_variables:
        case change_kind::identity:
        case change_kind::lock:
        case change_kind::null:
        case change_kind::close_0:
        case change_kind::close_1:
        case change_kind::close_2:
        case change_kind::limit:
        case change_kind::umask: return {};
    }
    return {};
}

}  // namespace runwell
