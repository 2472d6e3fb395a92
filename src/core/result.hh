// result.hh — a value, or the error that kept a function from returning one.
//
//     result<unique_fd> lock = open_append(dir, "supervise/lock");
//     if (!lock) return messages.fatal(lock.why(), 111);
//
// An error is a few literals and an errno: nothing is allocated, nothing is formatted until a program prints it.
// Shaped after std::expected, which can replace it one day.
#pragma once

#include <cstdint>
#include <utility>

namespace runwell {

// What a caller may treat apart from all other errors, whatever the errno.
enum class error_category : std::uint8_t {
    other,
    no_runsv,              // no runsv reads commands
    no_service_directory,  // the directory of a service cannot be entered
};

// A failed operation: "unable to open " + "supervise/lock" + ": " + the words of the errno.
// Both texts must outlive the error: literals, or arguments of the command line.
struct error {
    const char*    what;          // "unable to open "; ends with a space when a subject follows
    const char*    subject = "";  // a path or a name, or nothing
    int            code    = 0;   // errno; 0: the words are the whole message
    error_category about   = error_category::other;
};

template <class T>
class [[nodiscard]] result {
public:
    result(T value) noexcept : value_{std::move(value)}, good_{true} {}  // NOLINT(google-explicit-constructor)
    result(error why) noexcept : why_{why} {}                            // NOLINT(google-explicit-constructor)

    explicit operator bool() const noexcept { return good_; }

    T&           operator*() noexcept { return value_; }
    const T&     operator*() const noexcept { return value_; }
    T*           operator->() noexcept { return &value_; }
    const T*     operator->() const noexcept { return &value_; }
    const error& why() const noexcept { return why_; }

private:
    T     value_{};
    error why_{};
    bool  good_ = false;
};

// Success without a value, or an error: `return {};` is success.
template <>
class [[nodiscard]] result<void> {
public:
    result() noexcept = default;
    result(error why) noexcept : why_{why}, good_{false} {}  // NOLINT(google-explicit-constructor)

    explicit operator bool() const noexcept { return good_; }

    struct nothing {};
    nothing&     operator*() noexcept { return nothing_; }  // what TRY yields
    const error& why() const noexcept { return why_; }

private:
    error   why_{};
    bool    good_ = true;
    nothing nothing_;
};

}  // namespace runwell

// The value of a result; returns from the function with its error if there is none. Compiles only where an error can be
// returned: never in a forked child.
#define TRY(expression)             \
    __extension__({                 \
        auto tried_ = (expression); \
        if (!tried_) [[unlikely]]   \
            return tried_.why();    \
        std::move(*tried_);         \
    })
