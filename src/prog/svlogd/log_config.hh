// log_config.hh — the file `config` of a log directory, read and kept: core/logconfig.hh, core/line_filter.hh.
#pragma once

#include <cstddef>
#include <span>

#include "core/line_filter.hh"
#include "core/logconfig.hh"
#include "core/result.hh"
#include "sys/pages.hh"

namespace runwell {

class log_config {
public:
    // Reads `config` of the open directory `dir`, which is called `name`. What it cannot use it warns of.
    result<void> read(int dir, const char* name, bool verbose) noexcept;
    void         forget() noexcept { *this = log_config{}; }

    const log_policy&            policy() const noexcept { return policy_; }
    std::span<const filter_rule> rules() const noexcept { return rules_; }

    // Ends with a zero byte; empty: none is run.
    std::string_view processor() const noexcept { return policy_.processor; }

private:
    result<void> take(std::string_view said, const char* name) noexcept;

    log_policy                   policy_;
    std::span<const filter_rule> rules_;
    sys::pages                   text_;  // the rules, their patterns, and the text that both borrow
};

}  // namespace runwell
