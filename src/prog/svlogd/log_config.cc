#include "prog/svlogd/log_config.hh"

#include <cerrno>
#include <cstring>
#include <new>

#include "core/text.hh"
#include "prog/svlogd/settings.hh"
#include "sys/trust.hh"

namespace runwell {

result<void> log_config::read(int dir, const char* name, bool verbose) noexcept {
    forget();
    auto file = sys::open_trusted(dir, "config", sys::expected::regular, O_RDONLY);
    if (!file && file.why().code == ENOENT) return {};
    const sys::opened_entry opened = TRY(std::move(file));
    const sys::pages        bytes  = TRY(sys::pages::make(largest_config + 1));
    std::size_t             size   = TRY(sys::read_up_to(opened.file.value(), bytes.bytes()));
    if (verbose) sys::say({"svlogd: info: read: ", name, "/config"});
    if (size > largest_config) {
        svlogd_messages.warn({"config is larger than 64 KiB, the rest is ignored: ", name});
        size = whole_lines({bytes.bytes().data(), largest_config}).size();
    }
    if (const result<void> taken = take({bytes.bytes().data(), size}, name); !taken) return taken;

    if (!processor().empty() && opened.how != trust::full) {
        svlogd_messages.warn(
            {"other users can write to this directory, the processor in its config is not run: ", name});
        sys::say({"svlogd: to have it run, let nobody else write there: chmod go-w ", name, "; chown root ", name});
        policy_.processor = {};
    }
    return {};
}

result<void> log_config::take(std::string_view said, const char* name) noexcept {
    if (said.empty()) return {};
    const config_size count     = size_of_config(said);
    const std::size_t for_rules = count.rules * sizeof(filter_rule);
    const std::size_t for_steps = count.steps * sizeof(pattern_step);
    text_                       = TRY(sys::pages::make(for_rules + for_steps + said.size() + 1));
    char* const room            = text_.bytes().data();
    char* const text            = room + for_rules + for_steps;
    std::memcpy(text, said.data(), said.size());
    text[said.size()]             = '\0';
    auto* const             rules = reinterpret_cast<filter_rule*>(room);
    std::span<pattern_step> steps{reinterpret_cast<pattern_step*>(room + for_rules), count.steps};

    std::size_t      made = 0;
    std::string_view rest{text, said.size()};
    while (const auto line = next_config_line(rest)) {
        if (is_rule(*line)) {
            if (made == count.rules) continue;
            using enum filter_rule::target;
            const pattern when = compile(line->rest, steps);
            steps              = steps.subspan(when.steps.size());
            new (rules + made++) filter_rule{line->letter == '+' || line->letter == '-' ? log : alert,
                                             line->letter == '+' || line->letter == 'e', when};
        } else if (const auto bad = apply(*line, policy_)) {
            svlogd_messages.warn({bad->what, bad->about});
        }
    }
    if (count.ignored > 0) svlogd_messages.warn({"config has more than 1000 patterns, the rest is ignored: ", name});
    rules_         = {rules, made};
    policy_.prefix = up_to(policy_.prefix, longest_prefix);
    // The shell wants a zero byte after the command, where the newline was.
    if (!processor().empty()) text[processor().end() - text] = '\0';
    return {};
}

}  // namespace runwell
