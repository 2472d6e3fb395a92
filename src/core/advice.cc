#include "core/advice.hh"

#include <initializer_list>

namespace runwell {
namespace {

using failure  = circumstances::failure;
using run_file = circumstances::run_file;

using parts = std::initializer_list<std::string_view>;

advice_lines lines(parts cause, parts cure) noexcept {
    advice_lines text;
    for (const std::string_view part : cause) text.cause.append_cut(part);
    for (const std::string_view part : cure) text.cure.append_cut(part);
    return text;
}

advice advise_late(const circumstances& of) noexcept {
    if (of.got_term) return of.killed ? advice::none : advice::force_it;
    if (of.run == run_file::missing) return advice::write_run;
    if (of.run == run_file::not_executable) return advice::make_executable;
    return of.runs && of.has_check ? advice::ask_check : advice::none;
}

}  // namespace

advice advise(const circumstances& of) noexcept {
    switch (of.what) {
        case failure::no_directory: return of.has_services_dir ? advice::link_it : advice::set_svdir;
        case failure::refused: return of.root ? advice::none : advice::become_root;
        case failure::no_runsv: return of.has_runsvdir ? advice::await_runsvdir : advice::start_runsvdir;
        case failure::timed_out: return advise_late(of);
        case failure::other: return advice::none;
    }
    return advice::none;
}

advice_lines words(advice given, std::string_view service, std::string_view services) noexcept {
    switch (given) {
        case advice::none: return {};
        case advice::set_svdir:
            return lines({"there is no directory ", services}, {"say where your services are: SVDIR=DIRECTORY sv ..."});
        case advice::link_it:
            return lines({services, " has no service ", service},
                         {"link its directory there: ln -s /etc/sv/", service, " ", services, "/"});
        case advice::become_root:
            return lines({"only root, or who owns ", service, "/supervise, may do this"}, {"try again with sudo"});
        case advice::start_runsvdir:
            return lines({"no runsvdir looks after ", services}, {"start one: runsvdir -P ", services, " &"});
        case advice::await_runsvdir:
            return lines({"there is a runsvdir on ", services, ", but no runsv on ", service, " yet"},
                         {"try again in five seconds; then see what runsvdir has to say: ps -C runsvdir -o args"});
        case advice::write_run:
            return lines({service, " has no run, the program to supervise"},
                         {"write one: an executable ", service, "/run that stays in the foreground"});
        case advice::make_executable:
            return lines({service, "/run is not executable"}, {"make it so: chmod +x ", service, "/run"});
        case advice::ask_check:
            return lines({service, " runs, but ", service, "/check does not agree"},
                         {"ask it yourself: cd ", service, " && ./check; echo $?"});
        case advice::force_it:
            return lines({service, " has not ended on TERM"},
                         {"to send KILL when the time is over: sv force-stop ", service});
    }
    return {};
}

}  // namespace runwell
