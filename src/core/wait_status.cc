#include "core/wait_status.hh"

#include "core/text.hh"

namespace runwell {

finish_arguments finish_arguments_of(int status) noexcept {
    finish_arguments made;
    const bool       exited = status != unknown_status && WIFEXITED(status);
    made.code.append(exited ? decimal{static_cast<unsigned>(WEXITSTATUS(status))}.view() : "-1");
    made.low.append(decimal{status == unknown_status ? 0U : static_cast<unsigned>(status & 0xff)}.view());
    return made;
}

}  // namespace runwell
