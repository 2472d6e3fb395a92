// log_tail.hh — the last lines of a log, and those that are written from now on, as text: the page of `svctl top`.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "svctl/log_reader.hh"
#include "sys/watch.hh"

namespace runwell::svctl {

class log_tail {
public:
    // Throws a failure where the log cannot be read. `directory` is that of the service.
    log_tail(const std::string& directory, const std::string& name);

    int fd() const { return watch_.fd().value(); }

    // Reads what has been written since; never waits.
    void read();

    const std::vector<std::string>& lines() const { return lines_; }

private:
    void add(std::string line);

    std::vector<std::string>                 lines_;
    sys::watch                               watch_;
    std::vector<std::unique_ptr<log_reader>> readers_;
    std::map<int, std::size_t>               places_;  // the reader of each watched directory
    log_merger                               merger_;
};

}  // namespace runwell::svctl
