// json.hh — what --json prints. nlohmann-json does it, behind a small face: its header takes a compiler five seconds.
//
//     json one = json::object();
//     one.set("name", "web").set("pid", 4711).set("log", json{});       {"name":"web","pid":4711,"log":null}
//
// Members stay in the order in which they were set. Text that is not UTF-8 comes out with U+FFFD in its place.
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace runwell::svctl {

class json {
public:
    json();                                                          // null
    json(std::string_view text);                                     // NOLINT(google-explicit-constructor)
    json(const std::string& text) : json{std::string_view{text}} {}  // NOLINT(google-explicit-constructor)
    json(const char* text) : json{std::string_view{text}} {}         // NOLINT(google-explicit-constructor)
    json(double number);                                             // NOLINT(google-explicit-constructor)
    json(std::same_as<bool> auto yes) : json{truth{yes}} {}          // NOLINT(google-explicit-constructor)
    template <std::integral Number>
    requires(!std::same_as<Number, bool>) json(Number number)
        : json{whole{static_cast<std::int64_t>(number)}} {}  // NOLINT(google-explicit-constructor)
    template <class Value>
    json(const std::optional<Value>& value)
        : json{value ? json{*value} : json{}} {}  // NOLINT(google-explicit-constructor)

    json(json&&) noexcept;
    json& operator=(json&&) noexcept;
    json(const json& other);
    json& operator=(const json& other);
    ~json();

    static json object();
    static json list();

    json& set(std::string_view key, json value);  // of an object
    json& push(json value);                       // of a list

    // On one line, or indented by two spaces for a person; without an end of line.
    std::string text(bool indented = false) const;

private:
    struct truth {
        bool yes;
    };
    struct whole {
        std::int64_t number;
    };
    struct inside;

    explicit json(truth of);
    explicit json(whole of);
    explicit json(std::unique_ptr<inside> of);

    std::unique_ptr<inside> in_;
};

}  // namespace runwell::svctl
