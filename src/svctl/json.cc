#include "svctl/json.hh"

#include <nlohmann/json.hpp>

namespace runwell::svctl {

using library = nlohmann::ordered_json;

struct json::inside {
    library it;
};

json::json() : json{std::make_unique<inside>()} {}
json::json(std::string_view text) : json{std::make_unique<inside>(inside{library(text)})} {}
json::json(double number) : json{std::make_unique<inside>(inside{library(number)})} {}
json::json(truth of) : json{std::make_unique<inside>(inside{library(of.yes)})} {}
json::json(whole of) : json{std::make_unique<inside>(inside{library(of.number)})} {}
json::json(std::unique_ptr<inside> of) : in_{std::move(of)} {}

json::json(json&&) noexcept            = default;
json& json::operator=(json&&) noexcept = default;
json::json(const json& other) : json{std::make_unique<inside>(*other.in_)} {}
json& json::operator=(const json& other) {
    if (this != &other) in_ = std::make_unique<inside>(*other.in_);
    return *this;
}
json::~json() = default;

json json::object() { return json{std::make_unique<inside>(inside{library::object()})}; }
json json::list() { return json{std::make_unique<inside>(inside{library::array()})}; }

json& json::set(std::string_view key, json value) {
    in_->it[std::string{key}] = std::move(value.in_->it);
    return *this;
}

json& json::push(json value) {
    in_->it.push_back(std::move(value.in_->it));
    return *this;
}

std::string json::text(bool indented) const {
    return in_->it.dump(indented ? 2 : -1, ' ', false, library::error_handler_t::replace);
}

}  // namespace runwell::svctl
