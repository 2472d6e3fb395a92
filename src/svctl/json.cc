#include "svctl/json.hh"

#include "svctl/terminal.hh"

namespace runwell::svctl {

void print_json(const json& whole) { print(text_of(whole, true) + "\n"); }

}  // namespace runwell::svctl
