// svctl — look at services, and tell them what to do. Source: svctl(8).
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
    setting     in{.services = svdir != nullptr && *svdir != '\0' ? svdir : RUNWELL_SERVICE_DIR};

    command_line line;
    line.everywhere("--svdir", in.services, "DIR", {}, "the services directory (else $SVDIR, " RUNWELL_SERVICE_DIR ")");
    line.everywhere("--color", in.color, "WHEN", {"auto", "always", "never"}, "auto (on a terminal), always or never");
    add_list(line, in);
    add_status(line, in);
    add_orders(line, in);
    add_enable(line, in);
    add_wait(line, in);
    add_watch(line, in);
    add_logs(line, in);
    add_new(line, in);
    add_lint(line, in);
    add_top(line, in);
    return line.read(argc, argv, [&in] { return list_all(in); })();
}

}  // namespace

int main(int argc, char** argv) {
    use_locale();
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
