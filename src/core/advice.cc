#include "core/advice.hh"

#include <algorithm>

namespace runwell {
namespace {

using failure  = circumstances::failure;
using run_file = circumstances::run_file;

struct advice_row {
    advice           what;
    std::string_view name;
    std::string_view cause;  // $name, $path, $sv (name, or path where that is needed), $dir, $command, $other
    std::string_view cure;   // the same, quoted for a shell
};

// clang-format off
constexpr advice_row rows[] = {
    {advice::set_svdir, "set-svdir", "there is no directory $dir", "name the directory of your services: SVDIR=DIRECTORY sv $command $name"},
    {advice::other_svdir, "other-svdir", "there is no directory $dir, but $other", "look there: SVDIR=$other sv $command $name"},
    {advice::correct_name, "correct-name", "$dir has no service $name", "did you mean $other? sv $command $sv"},
    {advice::link_available, "link-available", "$dir has no service $name", "link it: ln -s /etc/sv/$name $dir/"},
    {advice::list_services, "list-services", "$dir has no service $name", "see what services there are: ls $dir"},
    {advice::link_it, "link-it", "$name is not linked into $dir, so that no runsv supervises it", "link it: ln -s $path $dir/"},
    {advice::start_runsv, "start-runsv", "no runsv supervises $name", "start one: runsv $path &"},
    {advice::become_root, "become-root", "only root, or the owner of $path/supervise, may do this", "try it as root: sudo sv $command $sv"},
    {advice::start_runsvdir, "start-runsvdir", "no runsvdir looks after $dir", "start one: runsvdir -P $dir &"},
    {advice::await_runsvdir, "await-runsvdir", "there is a runsvdir on $dir, but no runsv on $name yet", "try again in five seconds; then see what runsvdir has to say: ps -C runsvdir -o args"},
    {advice::write_run, "write-run", "$name has no run, the program to supervise", "write one: an executable $path/run that stays in the foreground"},
    {advice::make_executable, "make-executable", "$name/run is not executable", "make it so: chmod +x $path/run"},
    {advice::ask_check, "ask-check", "$name runs, but $name/check does not agree", "ask it yourself: cd $path && ./check; echo $?"},
    {advice::force_it, "force-it", "$name has not ended on TERM", "to send KILL when the time is over: sv force-stop $sv"},
};
// clang-format on

// As a shell has to be given it.
void append_quoted(fixed_text<400>& to, std::string_view word) noexcept {
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
    if (!word.empty() && word.find_first_not_of(plain) == std::string_view::npos) return to.append_cut(word);
    to.append_cut("'");
    for (const char& c : word) to.append_cut(c == '\'' ? std::string_view{"'\\''"} : std::string_view{&c, 1});
    to.append_cut("'");
}

void fill(fixed_text<400>& to, std::string_view text, const advice_subject& about, std::string_view sv,
          bool quoted) noexcept {
    const struct {
        std::string_view name, value;
    } values[] = {{"$name", about.service}, {"$path", about.path},       {"$sv", sv},
                  {"$dir", about.services}, {"$command", about.command}, {"$other", about.other}};
    while (!text.empty()) {
        const auto        is_here = [&](const auto& one) { return text.starts_with(one.name); };
        const auto* const place   = std::find_if(std::begin(values), std::end(values), is_here);
        if (place == std::end(values)) {
            to.append_cut(text.substr(0, 1));
            text.remove_prefix(1);
            continue;
        }
        quoted ? append_quoted(to, place->value) : to.append_cut(place->value);
        text.remove_prefix(place->name.size());
    }
}

advice advise_missing(const circumstances& of) noexcept {
    if (!of.has_services_dir) return of.has_other_dir ? advice::other_svdir : advice::set_svdir;
    if (of.is_available) return advice::link_available;
    return of.has_near_name ? advice::correct_name : advice::list_services;
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
        case failure::no_directory: return advise_missing(of);
        case failure::refused: return of.root ? advice::none : advice::become_root;
        case failure::no_runsv:
            if (!of.is_linked) return of.has_services_dir ? advice::link_it : advice::start_runsv;
            return of.has_runsvdir ? advice::await_runsvdir : advice::start_runsvdir;
        case failure::timed_out: return advise_late(of);
        case failure::other: return advice::none;
    }
    return advice::none;
}

advice_lines words(advice given, const advice_subject& about) noexcept {
    advice_lines           text;
    const std::string_view name = given == advice::correct_name ? about.other : about.service;
    const std::string_view sv   = about.by_path ? about.path : name;
    for (const advice_row& row : rows)
        if (row.what == given) {
            fill(text.cause, row.cause, about, sv, false);
            fill(text.cure, row.cure, about, sv, true);
        }
    return text;
}

}  // namespace runwell
