// value_files.hh — finds and reads the files of one value (core/value_files.hh) beside ./run.
//
// Most directories have none, and must not pay for asking: the answer is kept for as long as the directory is the same
// and has not been changed, so that one fstat(2) is all it costs.
#pragma once

#include "core/fixed.hh"
#include "core/result.hh"
#include "core/tai.hh"
#include "core/value_files.hh"

namespace runwell::sys {

class value_files_seen {
public:
    // The files of one value in the open directory `dir`, at the time `wall` or later. The content of a file is not
    // looked at.
    value_file_set look(int dir, const moment& wall) noexcept;

    // The directory has an entry `control`, as of the last look.
    bool has_control() const noexcept { return control_; }

private:
    value_file_set seen_;
    bool           control_ = true;
    std::uint64_t  inode_ = 0, device_ = 0;
    moment         changed_;          // when the directory was changed last, as of that look
    bool           settled_ = false;  // … which was so long before it that a later change cannot have the same time
};

using value_text = fixed_text<longest_value>;

// The value of a file, or why there is none: ENOENT, or what else stands in the way ("unable to open NAME").
result<value_text> read_value(int dir, value_file what) noexcept;

}  // namespace runwell::sys
