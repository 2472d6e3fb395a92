// lint_rules.hh — what is wrong with a service directory, before it is tried.
//
//     web/run:3: error: nginx goes into the background            daemonises
//         cure: exec nginx -g 'daemon off;'
//
// Looks only, and starts nothing. A program that is not a shell script is asked less.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace runwell::svctl {

enum class severity : std::uint8_t {
    error,    // it will not work
    warning,  // it will not do what was meant, or not always
    note,     // it may be meant
};

struct objection {
    severity    how_bad;
    std::string rule;      // its name, which stays the same: "daemonises"
    std::string path;      // of the file or directory
    unsigned    line = 0;  // from 1; 0: all of it
    std::string what;      // a sentence without a full stop
    std::string cure;
};

std::string_view word(severity of) noexcept;

// In the order of the files, and in each by line. `directory` is that of a service.
std::vector<objection> lint_service(const std::string& directory);

}  // namespace runwell::svctl
