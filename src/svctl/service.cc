#include "svctl/service.hh"

#include <sys/stat.h>

#include <cerrno>

#include "parts/supervise.hh"

namespace runwell::svctl {
namespace {

// The files of one service, in the room of one string: of 2,000 services there are ten thousand.
class files_of {
public:
    explicit files_of(const std::string& name) : path_{name}, size_{name.size()} { path_.reserve(size_ + 24); }
    const char* operator()(std::string_view file = {}) {
        path_.resize(size_);
        return path_.append(file).c_str();
    }

private:
    std::string path_;
    std::size_t size_;
};

bool is_there(int base, const char* path) {
    struct stat file {};
    return ::fstatat(base, path, &file, 0) == 0;
}

bool is_refused(int code) noexcept { return code == EACCES || code == EPERM; }

}  // namespace

double seconds_between(moment from, moment to) noexcept {
    return static_cast<double>(to.seconds - from.seconds) +
           (static_cast<double>(to.nanos) - static_cast<double>(from.nanos)) / 1e9;
}

std::optional<double> service_state::age(moment now) const noexcept {
    if (!reported || (by == supervision::hidden && reported->pid == 0))
        return std::nullopt;  // since when shows only inside
    const double seconds = seconds_between(reported->since, now);
    return seconds < 0 ? 0 : seconds;
}

service_state look_at(int base, const std::string& name, bool with_down_file) {
    service_state                 at;
    files_of                      file{name};
    const parts::supervise_client supervise{base, file("/supervise")};
    const auto                    there = supervise.is_supervised();
    if (!there && is_refused(there.why().code)) {
        at.by   = supervision::hidden;
        at.code = there.why().code;
    } else if (!there && there.why().code == ENOENT && !is_there(base, file())) {
        at.by = supervision::missing;
    } else if (const auto status = supervise.read_status()) {
        at.reported = *status;
        if (there) at.by = supervision::present;
    } else if (there) {
        // A runsv that has just started has reported nothing yet: it counts as absent.
        at.code = status.why().code;
        at.by   = is_refused(at.code) ? supervision::hidden
                  : at.code == ENOENT ? supervision::absent
                                      : supervision::broken;
    }
    at.down_file = (with_down_file || !at.present()) && is_there(base, file("/down"));
    return at;
}

service look_at_service(const services_directory& in, const std::string& name, bool with_down_file_of_log) {
    service one{name, look_at(in.fd(), name), {}};
    if (!name.ends_with("/log") && in.has_log(name)) one.log = look_at(in.fd(), name + "/log", with_down_file_of_log);
    return one;
}

std::string_view state_word(const service_state& of) noexcept {
    switch (of.by) {
        case supervision::present: break;
        case supervision::absent: return "no runsv";
        case supervision::hidden:
            if (!of.reported) return "?";
            break;
        case supervision::broken: return "broken";
        case supervision::missing: return "missing";
    }
    if (of.reported->paused && of.reported->pid != 0) return "paused";
    switch (of.reported->now) {
        case phase::down: return "down";
        case phase::run: return "run";
        case phase::finish: return "finish";
    }
    return {};
}

std::string_view want_word(const service_state& of) noexcept {
    if (of.by == supervision::hidden || of.by == supervision::missing) return "?";
    return of.wanted_up() ? "up" : "down";
}

}  // namespace runwell::svctl
