// shutdown, halt, poweroff, reboot, telinit — the commands that end a machine, as names of one program.
//
// core/shutdown reads the command line. Each command asks PID 1 through its files, as runit-init does; only -f ends the
// machine itself, at once.
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <span>
#include <string_view>

#include "core/shutdown.hh"
#include "core/text.hh"
#include "core/version.hh"
#include "sys/clock.hh"
#include "sys/messages.hh"
#include "sys/power.hh"
#include "sys/shutdown_request.hh"
#include "sys/signals.hh"
#include "sys/spawn.hh"
#include "sys/terminals.hh"
#include "sys/wait.hh"

namespace runwell {
namespace {

int fatal(std::string_view program, const error& why) noexcept { return sys::messages{program}.fatal(why, 111); }

int usage(std::string_view program) noexcept {
    if (program == "shutdown")
        sys::say({"usage: shutdown [-h|-P|-H|-r] [-f] [now|+minutes] [message ...]"});
    else if (program == "telinit")
        sys::say({"usage: telinit 0|1|6|S|q"});
    else
        sys::say({"usage: ", program, " [-f]"});
    return 100;
}

const char* words_of(ending how) noexcept {
    switch (how) {
        case ending::reboot: return "reboot";
        case ending::power_off: return "power-off";
        case ending::halt: return "halt";
    }
    return "";
}

// "The system is going down for reboot in 5 minutes!", and the message.
void announce(const shutdown_request& asked, std::uint64_t left) noexcept {
    fixed_text<1024> text;
    const decimal    number{left};
    for (const std::string_view part :
         {std::string_view{"\r\nThe system is going down for "}, std::string_view{words_of(asked.how)},
          std::string_view{left == 0 ? " now!" : " in "}})
        text.append_cut(part);
    if (left != 0) {
        text.append_cut(number.view());
        text.append_cut(left == 1 ? " minute!" : " minutes!");
    }
    text.append_cut("\r\n");
    for (const char* const word : asked.message) {
        text.append_cut(word);
        text.append_cut(" ");
    }
    if (!asked.message.empty()) text.append_cut("\r\n");
    sys::tell_terminals(text.view());
}

// Waits for the minutes to pass, and says now and then how many are left. False: it was called off by a signal.
bool wait_out(const shutdown_request& asked, const sys::unique_fd& signals) noexcept {
    for (std::uint64_t left = asked.delay; left > 0; --left) {
        if (is_announced(left, asked.delay)) announce(asked, left);
        const ticks end = sys::monotonic() + 60 * one_second;
        while (sys::monotonic() < end) {
            pollfd ready[] = {{signals.value(), POLLIN, 0}};
            if (sys::wait_for(ready, end)) return false;
        }
    }
    return true;
}

int carry_out(std::string_view program, const shutdown_request& asked) noexcept {
    if (::geteuid() != 0) return fatal(program, {"you must be root"});
    if (asked.force) {
        ::sync();
        return fatal(program, {"unable to end the machine", "", sys::end_machine_now(asked.how)});
    }
    const auto signals = sys::listen_to({SIGINT, SIGTERM, SIGHUP, SIGQUIT});
    if (!signals) return fatal(program, signals.why());
    if (!wait_out(asked, *signals)) {
        sys::tell_terminals("\r\nThe system is not going down after all.\r\n");
        return 1;
    }
    announce(asked, 0);
    const result<void> told = sys::ask_to_stop(asked.how);
    return told ? 0 : fatal(program, told.why());
}

int telinit(std::span<char* const> words) noexcept {
    const auto asked = level_of(words);
    if (!asked) return usage("telinit");
    switch (*asked) {
        case level::power_off: return carry_out("telinit", {.how = ending::power_off});
        case level::reboot: return carry_out("telinit", {.how = ending::reboot});
        case level::look: return ::kill(1, SIGALRM) == 0 ? 0 : fatal("telinit", {"you must be root"});
        case level::single: break;
    }
    const char* const argv[] = {"runsvchdir", "single", nullptr};
    return fatal("telinit", {"unable to run ", argv[0], sys::execute(argv[0], argv, environ)});
}

}  // namespace
}  // namespace runwell

int main(int argc, char** argv) {
    using namespace runwell;
    if (argc < 1) return 100;
    const std::string_view       program = base_name(argv[0]);
    const std::span<char* const> words{argv + 1, static_cast<std::size_t>(argc - 1)};
    if (asks_for_version(argc, argv)) {
        sys::say({version_words});
        return usage(program);
    }
    if (program == "telinit") return telinit(words);
    const auto asked = shutdown_request_of(program, words);
    return asked ? carry_out(program, *asked) : usage(program);
}
