// result.hh — a value, or what could not be done and why.
//
//     result<unique_fd> lock = open_append(dir, "supervise/lock");
//     if (!lock) return voice.fatal(lock.why(), 111);
//
// An error is a few literals and an errno: nothing is allocated, nothing is formatted until a program speaks.
// Shaped after std::expected, which replaces it one day.
#pragma once

#include <utility>

namespace runwell {

// What could not be done: "unable to open " + "supervise/lock" + ": " + the words of the errno.
// Both texts must outlive the trouble: literals, or what the command line said.
struct trouble {
    const char* what;          // "unable to open "; ends with a space when a subject follows
    const char* subject = "";  // a path or a name, or nothing
    int         error   = 0;   // errno; 0: the words say it all
};

template <class T>
class [[nodiscard]] result {
public:
    result(T value) noexcept : value_{std::move(value)}, good_{true} {}  // NOLINT(google-explicit-constructor)
    result(trouble why) noexcept : why_{why} {}                          // NOLINT(google-explicit-constructor)

    explicit operator bool() const noexcept { return good_; }

    T&             operator*() noexcept { return value_; }
    const T&       operator*() const noexcept { return value_; }
    T*             operator->() noexcept { return &value_; }
    const T*       operator->() const noexcept { return &value_; }
    const trouble& why() const noexcept { return why_; }

private:
    T       value_{};
    trouble why_{};
    bool    good_ = false;
};

// Nothing to return but success.
struct done {};
using outcome = result<done>;

}  // namespace runwell

// The value of a result, or out of the function with its trouble. Compiles only where a trouble can be returned:
// never in a forked child.
#define TRY(expression)             \
    __extension__({                 \
        auto tried_ = (expression); \
        if (!tried_) [[unlikely]]   \
            return tried_.why();    \
        std::move(*tried_);         \
    })
