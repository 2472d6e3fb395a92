#include "svctl/time_zone.hh"

#include <gtest/gtest.h>

using namespace runwell::svctl;

TEST(time_zone, a_rule_has_a_name_and_an_offset) {
    for (const char* rule :
         {"UTC", "GMT", "UTC0", "CET-1", "CET-1CEST", "EST5EDT,M3.2.0,M11.1.0", "<+03>-3", "<-03>3<-02>", "NST3:30NDT"})
        EXPECT_TRUE(is_zone_rule(rule)) << rule;
}

TEST(time_zone, other_texts_are_no_rule) {
    for (const char* text : {"", "x", "Berlin", "Europe/Berlim", "CET", "CE-1", "CET-", "CET-123", "<+03-3", "<>3",
                             "CET-1:", "CET-1/", "CET-1XY", "1", "-1"})
        EXPECT_FALSE(is_zone_rule(text)) << text;
}
