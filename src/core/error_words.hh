// error_words.hh — what runit calls the errors of the system.
//
// Puppet, Ansible and many scripts match on these words, so they are part of the interface and not those of strerror.
#pragma once

#include <string_view>

namespace runwell {

// "file does not exist" for ENOENT, "temporary failure" for EAGAIN, …; "unknown error" for what has no words.
std::string_view error_words(int code) noexcept;

}  // namespace runwell
