#include "core/value_files.hh"

#include "core/durations.hh"
#include "core/kernel_names.hh"

namespace runwell {

bool is_value_of(value_file what, std::string_view value) noexcept {
    switch (row_of(what).kind) {
        case value_kind::signal: return signal_in(value).has_value();
        case value_kind::duration: return duration_in(value).has_value();
        case value_kind::none: return true;
    }
    return true;
}

}  // namespace runwell
