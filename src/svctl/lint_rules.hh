// lint_rules.hh — what is wrong with a service directory, before it is tried.
//
//     web/run:3: error: nginx goes into the background            daemonises
//         cure: exec nginx -g 'daemon off;'
//
//     script_checks.hh, remedies.hh    what there is to find in a program, and the words for it: shared with status
//     lint_rules.cc                    the severity and name of each: one table; and the rules about other files
//
// Looks only, and starts nothing. A program that is not a shell script is asked less.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "svctl/remedies.hh"

namespace runwell::svctl {

struct lint_finding {
    severity    how_bad;
    std::string rule;
    std::string path;      // of the file or directory
    unsigned    line = 0;  // from 1; 0: all of it
    std::string what;      // a sentence without a full stop
    std::string cure;
};

std::string_view word(severity of) noexcept;

// In the order of the files, and in each by line. `directory` is that of a service.
std::vector<lint_finding> lint_service(const std::string& directory);

// Log directories that two services log to. Reported for services in `directories`; `all` are the services of the whole
// services directory.
std::vector<lint_finding> lint_shared_logs(std::span<const std::string> directories, std::span<const std::string> all);

}  // namespace runwell::svctl
