// shutdown, halt, poweroff, reboot, telinit — the commands by which people end a machine, as names of one program.
//
//     shutdown [-hrPHf] [now | +m] [message ...]     halt, poweroff, reboot [-f]     telinit 0|6|1|q
//
// All of them ask process no 1 through its files, as runit-init does; only -f ends the machine itself, at once.
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <optional>
#include <span>
#include <string_view>

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

struct request {
    ending                 how   = ending::power_off;
    bool                   force = false;
    std::uint64_t          delay = 0;  // minutes
    std::span<char* const> message;
};

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

// -- what is asked for
// --------------------------------------------------------------------------------------------------

// The letters of one argument. False when one of them is unknown.
bool take_letters(std::string_view letters, request& asked) noexcept {
    for (const char letter : letters) {
        switch (letter) {
            case 'h':
            case 'P':
            case 'p': asked.how = ending::power_off; break;
            case 'H': asked.how = ending::halt; break;
            case 'r': asked.how = ending::reboot; break;
            case 'f': asked.force = true; break;
            default: return false;
        }
    }
    return !letters.empty();
}

// "now", "+5" or "5".
std::optional<std::uint64_t> minutes(std::string_view word) noexcept {
    constexpr std::uint64_t longest = std::uint64_t{60} * 24 * 365;
    if (word == "now") return 0;
    if (word.starts_with('+')) word.remove_prefix(1);
    const auto number = whole_number(word);
    return number && *number <= longest ? number : std::nullopt;
}

std::optional<request> read(request asked, std::span<char* const> words) noexcept {
    while (!words.empty() && words[0][0] == '-') {
        if (!take_letters(words[0] + 1, asked)) return std::nullopt;
        words = words.subspan(1);
    }
    if (words.empty()) return asked;
    const auto delay = minutes(words[0]);
    if (!delay) return std::nullopt;
    asked.delay   = *delay;
    asked.message = words.subspan(1);
    return asked;
}

// -- and done
// -----------------------------------------------------------------------------------------------------------

// "The system is going down for reboot in 5 minutes!", and the message.
void announce(const request& asked, std::uint64_t left) noexcept {
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

bool is_told(std::uint64_t left) noexcept { return left <= 5 || left == 10 || left == 15 || left % 30 == 0; }

// Waits for the minutes to pass, and says now and then how many are left. False: it was called off by a signal.
bool wait_out(const request& asked, const sys::unique_fd& signals) noexcept {
    for (std::uint64_t left = asked.delay; left > 0; --left) {
        if (left == asked.delay || is_told(left)) announce(asked, left);
        const ticks end = sys::monotonic() + 60 * one_second;
        while (sys::monotonic() < end) {
            pollfd ready[] = {{signals.value(), POLLIN, 0}};
            if (sys::wait_for(ready, end)) return false;
        }
    }
    return true;
}

int carry_out(std::string_view program, const request& asked) noexcept {
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

// 0 and 6 as runit-init has them; 1 and S are the single-user services, q has the services looked at.
int telinit(std::span<char* const> words) noexcept {
    const std::string_view level = words.size() == 1 ? words[0] : "";
    if (level == "0") return carry_out("telinit", {.how = ending::power_off});
    if (level == "6") return carry_out("telinit", {.how = ending::reboot});
    if (level == "q" || level == "Q") {
        if (::kill(1, SIGALRM) == 0) return 0;
        return fatal("telinit", {"you must be root"});
    }
    if (level != "1" && level != "s" && level != "S") return usage("telinit");
    const char* const argv[] = {"runsvchdir", "single", nullptr};
    return fatal("telinit", {"unable to run ", argv[0], sys::execute(argv[0], argv, environ)});
}

std::optional<request> read_as(std::string_view program, std::span<char* const> words) noexcept {
    request asked;
    if (program == "reboot") asked.how = ending::reboot;
    if (program == "halt") asked.how = ending::halt;
    return read(asked, words);
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
    const auto asked = read_as(program, words);
    if (!asked || (program == "shutdown" && words.empty())) return usage(program);
    return carry_out(program, *asked);
}
