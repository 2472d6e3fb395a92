// What sv makes of any word and any two statuses, what utmpset makes of any record, and how any end of a process
// counts.
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "core/advice.hh"
#include "core/commands.hh"
#include "core/essential.hh"
#include "core/login_records.hh"
#include "core/stages.hh"
#include "core/verdict.hh"

namespace runwell {
namespace {

void must(bool holds) {
    if (!holds) std::abort();
}

// Whatever is sent is a command; what begins with the same letter is the same, but for the words that begin with s.
void read_word(std::string_view word) {
    for (const bool lsb : {false, true}) {
        const auto order = order_of(word, lsb);
        if (!order) continue;
        must(!word.empty());
        if (order->status) must(order->bytes.empty());
        for (const char letter : order->bytes) must(command_of(letter).has_value());
    }
}

status status_in(std::string_view bytes) {
    status_record record{};
    std::memcpy(record.data(), bytes.data(), std::min(bytes.size(), record.size()));
    record[19] = static_cast<std::byte>(std::to_integer<unsigned>(record[19]) % 3);
    return decode(record).value_or(status{});
}

void look_at(std::string_view bytes, bool heard) {
    const status before = status_in(bytes), now = status_in(bytes.substr(std::min<std::size_t>(20, bytes.size())));
    for (const goal until : {goal::told, goal::up, goal::once, goal::down, goal::renewed, goal::restarted, goal::paused,
                             goal::resumed, goal::gone, goal::wanted}) {
        const bool done = judge(until, before, now, heard) != verdict::not_yet;
        if (until == goal::told) must(done);
        if (until == goal::gone) must(!done);
        if (until == goal::up && done) must(now.now == phase::run && now.wanted == want::up);
        if (until == goal::down && done) must(now.pid == 0 && now.wanted != want::up);
        if (until == goal::restarted && done)
            must(now.now == phase::run && heard && (now.pid != before.pid || now.since != before.since));
        if (until == goal::paused && done) must(now.paused || now.pid == 0);
    }
    for (const bool down_file : {false, true}) {
        const auto line = particulars(now, down_file, before.since);
        must(line.view().find('\n') == std::string_view::npos && line.view().find("s") != std::string_view::npos);
        must((line.view().find("pid ") != std::string_view::npos) == (now.now != phase::down));
    }
}

void log_out_of(std::string_view bytes) {
    login_records::record entry{};
    std::memcpy(entry.data(), bytes.data(), std::min(bytes.size(), entry.size()));
    const auto before = entry;
    const auto line   = std::string_view{reinterpret_cast<const char*>(&before[login_records::at::line]), 32};
    const auto name   = line.substr(0, line.find('\0'));
    if (login_records::is_login(entry, name)) must(entry[login_records::at::user] != std::byte{0});
    login_records::log_out(entry, {1'700'000'000, 0});
    must(!login_records::is_login(entry, name) && entry[0] == std::byte{login_records::dead_process});
    must(std::memcmp(&entry[login_records::at::pid], &before[login_records::at::pid], 4 + 32 + 4) == 0);
    if (name.size() <= 32) must(!login_records::is_login(login_records::logout_of(name, {1, 0}), name));
}

// 0 to 255, and as a shell has it.
void count_end(int status) {
    if (!WIFEXITED(status) && !WIFSIGNALED(status)) return;
    const int code = shell_code(status);
    must(WIFEXITED(status) ? code == WEXITSTATUS(status) : code == 128 + WTERMSIG(status));
    if (WIFEXITED(status) && code == 0) must(!has_crashed(status, false) && !has_crashed(status, true));
}

void advise_about(unsigned bits, std::string_view service, std::string_view services) {
    circumstances of;
    of.what             = static_cast<circumstances::failure>(bits % 5);
    of.run              = static_cast<circumstances::run_file>(bits / 5 % 3);
    of.root             = (bits & 1U << 8) != 0;
    of.has_services_dir = (bits & 1U << 9) != 0;
    of.has_runsvdir     = (bits & 1U << 10) != 0;
    of.runs             = (bits & 1U << 11) != 0;
    of.has_check        = (bits & 1U << 12) != 0;
    of.got_term         = (bits & 1U << 13) != 0;
    of.killed           = (bits & 1U << 14) != 0;
    const advice given  = advise(of);
    const auto   said   = words(given, {service, services, services, service, service, of.root});
    must(given == advice::none ? said.cause.empty() : !said.cause.empty());
}

}  // namespace
}  // namespace runwell

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace runwell;
    if (size < 4) return 0;
    const std::string text{reinterpret_cast<const char*>(bytes) + 2, size - 2};
    const unsigned    bits = bytes[0] | static_cast<unsigned>(bytes[1]) << 8;
    read_word(text.substr(0, text.find('\0')));
    look_at(text, (bits & 1) != 0);
    log_out_of(text);
    count_end(static_cast<int>(bits));
    advise_about(bits, text.substr(0, text.size() / 2), text.substr(text.size() / 2));
    return 0;
}
