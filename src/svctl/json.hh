// json.hh — what --json prints, with nlohmann-json, whose header is precompiled (CMakeLists.txt).
//
//     json one{{"name", "web"}, {"pid", 4711}, {"log", nullptr}};       {"name":"web","pid":4711,"log":null}
//
// Members stay in the order in which they were set.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace runwell::svctl {

using json = nlohmann::ordered_json;

// `value` if it is known, else null.
template <class Value>
json known(bool is_known, const Value& value) {
    return is_known ? json(value) : json();
}

// On one line, or indented by two spaces for a person, without an end of line. Bytes that are not UTF-8 become U+FFFD.
inline std::string text_of(const json& one, bool indented = false) {
    return one.dump(indented ? 2 : -1, ' ', false, json::error_handler_t::replace);
}

// Prints the object that a command with --json ends with.
void print_json(const json& whole);

}  // namespace runwell::svctl
