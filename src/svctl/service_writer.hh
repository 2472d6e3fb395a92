// service_writer.hh — a new service directory, with what its files are for written in them.
//
//     NAME/run          exec 2>&1; exec chpst -u web -e ./env COMMAND…
//     NAME/env/KEY      a file for each variable, for chpst -e
//     NAME/log/run      exec svlogd -tt ./main
//     NAME/log/main/    the log, and its config
//     NAME/check        whether it can be used: sv(8) waits for it
//     NAME/finish       what is done when it has ended
//
// It is made beside its place under a name that runsvdir(8) passes over, and renamed when it is complete: so a
// supervisor never sees half of it, and an existing directory is never changed.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace runwell::svctl {

struct new_service {
    std::string                                      name;
    std::vector<std::string>                         command;
    std::string                                      user;  // as for chpst -u; empty: that of runsv
    std::vector<std::pair<std::string, std::string>> variables;
    bool                                             has_log = true;
    std::string                                      log;    // the log's directory; empty: ./main
    std::string                                      check;  // for sh -c; empty: none
    bool                                             finish = false;
    bool                                             down   = false;  // not started by itself
};

// The text of the files.
std::string run_text(const new_service& of);
std::string log_run_text(const new_service& of);
std::string check_text(const new_service& of);
std::string finish_text(const new_service& of);

// Writes DIRECTORY/NAME, and the log's directory where that lies elsewhere. Throws a failure, and leaves nothing
// behind, when the name is taken, or anything cannot be written.
void write_service(const std::string& directory, const new_service& of);

}  // namespace runwell::svctl
