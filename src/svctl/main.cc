// svctl — looks at services and controls them. Source: svctl(8).
//
// A client of runsv, ours or runit's: whatever it does, it does through supervise/, as sv does.
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "svctl/command.hh"

using namespace runwell::svctl;

namespace {

exit_code run(int argc, const char* const* argv) {
    const char* svdir = std::getenv("SVDIR");
    settings    in{.services = svdir != nullptr && *svdir != '\0' ? svdir : RUNWELL_SERVICE_DIR};
    std::string named;

    command_line line;
    line.everywhere("--svdir", named, "DIR", {}, "the services directory (else $SVDIR, " RUNWELL_SERVICE_DIR ")");
    line.everywhere("--user", in.user, "the services of your own runsvdir, with ~/sv for /etc/sv");
    line.everywhere("--color", in.color, "WHEN", {"auto", "always", "never"}, "auto (on a terminal), always or never");
    line.everywhere("-l,--full", in.full, "cut nothing where the terminal ends");
    line.section("Look");
    add_list(line, in);
    add_status(line, in);
    add_logs(line, in);
    add_top(line, in);
    add_watch(line, in);
    line.section("Control");
    add_control(line, in);
    add_wait(line, in);
    line.section("Set up");
    add_enable(line, in);
    add_new(line, in);
    add_cat(line, in);
    add_lint(line, in);
    line.section("For scripts");
    add_is(line, in);
    line.section("Help");
    line.add("help", "What svctl, or one command, takes: svctl help logs").does([] { return exit_code::good; });
    const action chosen = line.read(argc, argv, [&in] { return list_all(in); });
    if (in.user && !named.empty())
        throw failure{exit_code::usage, "--user and --svdir name two directories", "leave one of them out"};
    if (!named.empty()) in.services = named;
    if (in.user) in.services = directory_of_this_user();
    return chosen();
}

}  // namespace

int main(int argc, char** argv) {
    use_locale();
    remember_command(argc, argv);
    try {
        const exit_code end = run(argc, argv);
        // The commands leave it to stdio to remember what could not be written.
        if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
            throw system_failure(errno, "write", "standard output");
        return static_cast<int>(end);
    } catch (const failure& why) {
        say(why);
        return static_cast<int>(why.code());
    } catch (const std::exception& why) {
        say(failure{exit_code::failed, why.what()});
        return static_cast<int>(exit_code::failed);
    }
}
