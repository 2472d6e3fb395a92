#include "svctl/table.hh"

#include <gtest/gtest.h>

namespace runwell::svctl {
namespace {

const terminal in_a_pipe{-1, color_mode::never};
const terminal in_colour{-1, color_mode::always};

TEST(table, columns_line_up_and_lines_have_no_spaces_at_their_end) {
    table all{{{"NAME"}, {"PID", align::right}, {"COMMAND"}}};
    all.row({{"a"}, {"1"}, {"x"}});
    all.row({{"longer"}, {"12345"}, {""}});
    EXPECT_EQ(all.text(in_a_pipe),
              "NAME      PID  COMMAND\n"
              "a           1  x\n"
              "longer  12345\n");
}

TEST(table, names_of_any_width_line_up) {
    use_locale();
    table all{{{"N"}, {"X"}}};
    all.row({{"日本"}, {"x"}});
    all.row({{"é"}, {"x"}});
    EXPECT_EQ(all.text(in_a_pipe), "N     X\n日本  x\né     x\n");
}

TEST(table, the_spaces_between_columns_are_not_painted) {
    table all{{{"A", align::right}, {"B"}}};
    all.row({{"1", tint::good}, {"b", tint::bad}});
    EXPECT_EQ(all.text(in_colour), "\x1b[1mA\x1b[0m  \x1b[1mB\x1b[0m\n\x1b[32m1\x1b[0m  \x1b[1;31mb\x1b[0m\n");
}

}  // namespace
}  // namespace runwell::svctl
