#include "svctl/top_keys.hh"

#include <gtest/gtest.h>

#include <vector>

namespace runwell::svctl {
namespace {

using kind = top_action::kind;

class top_keys : public testing::Test {
protected:
    top_keys() {
        for (const char* name : {"db", "mail", "web"}) {
            all.emplace_back();
            all.back().of.name = name;
        }
        for (const service_row& row : all) rows.push_back(&row);
        at.shown.selected = "db";
    }

    top_action press(pressed key) { return svctl::press(at, key, rows, 24); }
    top_action press(char letter) { return press({top_key::character, letter}); }

    std::vector<service_row>        all;
    std::vector<const service_row*> rows;
    top_state                       at;
};

TEST_F(top_keys, the_selection_stays_among_the_rows) {
    press({top_key::up});
    EXPECT_EQ(at.shown.selected, "db");
    press('j');
    EXPECT_EQ(at.shown.selected, "mail");
    press({top_key::end});
    EXPECT_EQ(at.shown.selected, "web");
    press({top_key::page_down});
    EXPECT_EQ(at.shown.selected, "web");
}

TEST_F(top_keys, a_start_is_not_asked_about_and_a_stop_is) {
    const top_action start = press('u');
    EXPECT_EQ(start.what, kind::send);
    EXPECT_EQ(start.name + start.bytes, "dbu");
    EXPECT_EQ(press('d').what, kind::none);
    EXPECT_EQ(question_text(at), "stop db?  y yes  any other key: no");
    EXPECT_EQ(press('n').what, kind::none);
    EXPECT_EQ(at.question, top_question::none);
    press('d');
    EXPECT_EQ(press('y').bytes, "d");
}

TEST_F(top_keys, an_answer_goes_to_the_service_that_the_question_was_about) {
    press('r');
    at.shown.selected = "web";  // db has vanished meanwhile
    press({top_key::resize});
    const top_action done = press('y');
    EXPECT_EQ(done.name + done.bytes, "dbtcu");
}

TEST_F(top_keys, a_signal_is_the_next_key) {
    press('s');
    EXPECT_EQ(press('1').word, "send USR1");
    press('s');
    EXPECT_EQ(press('x').what, kind::none);
}

TEST_F(top_keys, letters_of_a_filter_are_no_commands) {
    press('/');
    EXPECT_EQ(press('q').what, kind::none);
    press('u');
    EXPECT_EQ(at.shown.filter, "qu");
    press({top_key::backspace});
    press({top_key::enter});
    EXPECT_EQ(at.shown.filter, "q");
    press({top_key::escape});
    EXPECT_EQ(at.shown.filter, "");
    EXPECT_FALSE(at.over);
}

TEST_F(top_keys, q_leads_back_and_from_the_list_to_the_end) {
    EXPECT_EQ(press({top_key::enter}).what, kind::open_details);
    EXPECT_EQ(at.page, top_page::details);
    EXPECT_EQ(press('q').what, kind::close_log);
    EXPECT_EQ(at.page, top_page::list);
    EXPECT_FALSE(at.over);
    press('q');
    EXPECT_TRUE(at.over);
}

TEST_F(top_keys, a_log_is_scrolled_from_its_end) {
    at.open(top_page::log);
    press('k');
    EXPECT_EQ(at.scrolled, 1u);
    press('j');
    press('j');
    EXPECT_EQ(at.scrolled, 0u);
    at.open(top_page::help);
    press('j');
    EXPECT_EQ(at.scrolled, 1u);
}

TEST_F(top_keys, without_services_nothing_is_sent) {
    rows.clear();
    at.shown.selected.clear();
    for (const char letter : {'u', 'd', 'r', 's', 'l'}) EXPECT_EQ(press(letter).what, kind::none) << letter;
    EXPECT_EQ(at.question, top_question::none);
    EXPECT_EQ(press({top_key::enter}).what, kind::none);
}

}  // namespace
}  // namespace runwell::svctl
