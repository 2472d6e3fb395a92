#include "core/handover.hh"

#include <gtest/gtest.h>

#include <string>

namespace runwell {
namespace {

constexpr std::uint32_t self = 4711;

// Every field has a value of its own.
handover busy_supervisor() {
    handover all{.of = self, .state = {}, .members = {}, .log_pipe = {20, 21}, .terminate = true, .path = {}};
    all.state.main    = {.now         = phase::finish,
                         .wanted      = want::exit,
                         .alive       = true,
                         .paused      = false,
                         .got_term    = true,
                         .owed        = true,
                         .held        = true,
                         .blocked     = false,
                         .is_log      = false,
                         .script      = 't',
                         .wait_status = unknown_status,
                         .since       = {-5, 999'999'999},
                         .started     = -7,
                         .not_before  = INT64_MAX,
                         .stop = {.kill_at = 17, .finish_at = 18, .script_at = 19, .by_force = true, .rest = false}};
    all.state.log     = {.blocked = true, .is_log = true, .since = {1, 2}};
    all.state.has_log = true;
    int fd            = 3;
    for (handed_member& its : all.members) {
        handed_files& f = its.files;
        for (int* each :
             {&f.directory, &f.supervise, &f.lock, &f.control, &f.ok, &f.pid, &f.stat, &f.status, &f.ledger})
            *each = fd++;
        f.published = true;
    }
    all.members[0].process = {.record = process_record{'f', 12, 1, 2, 3}, .pid = 12, .pidfd = 30, .reaped_by = 99};
    all.members[0].script  = {.record = process_record{'t', 13, 4, 5, 18446744073709551615u}, .pid = 13};
    all.members[1].process = {.record = process_record{'r', 14, 6, 7, 0}, .pid = 14, .foreign = true};
    all.path.append(std::string(511, 'p'));
    return all;
}

void expect_same(const handover& one, const handover& other) {
    EXPECT_EQ(one.of, other.of);
    EXPECT_EQ(one.state, other.state);
    EXPECT_EQ(one.members, other.members);
    EXPECT_EQ(one.log_pipe, other.log_pipe);
    EXPECT_EQ(one.terminate, other.terminate);
    EXPECT_EQ(one.path.view(), other.path.view());
}

TEST(handover, everything_arrives) {
    const auto got = decode_handover(encode(busy_supervisor()), self);
    ASSERT_TRUE(got);
    expect_same(*got, busy_supervisor());
}

TEST(handover, a_process_that_was_killed_arrives_as_that) {
    handover all          = busy_supervisor();
    all.state.main.now    = phase::run;
    all.state.main.killed = true;
    const auto got        = decode_handover(encode(all), self);
    ASSERT_TRUE(got);
    expect_same(*got, all);
}

TEST(handover, is_for_one_process) { EXPECT_FALSE(decode_handover(encode(busy_supervisor()), self + 1)); }

TEST(handover, of_another_version_is_none) {
    handover_bytes bytes = encode(busy_supervisor());
    bytes[15]            = std::byte{handover_version + 1};
    EXPECT_FALSE(decode_handover(bytes, self));
}

TEST(handover, a_part_is_none) {
    const handover_bytes bytes = encode(busy_supervisor());
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_FALSE(decode_handover(std::span{bytes}.first(size), self)) << size;
}

TEST(handover, what_contradicts_itself_is_none) {
    const auto broken = [](auto change) {
        handover all = busy_supervisor();
        change(all);
        return !decode_handover(encode(all), self);
    };
    EXPECT_TRUE(broken([](handover& h) { h.members[0].process.pid = 0; })) << "alive without a process";
    EXPECT_TRUE(broken([](handover& h) { h.state.main.script = '\0'; })) << "a script of nobody";
    EXPECT_TRUE(broken([](handover& h) { h.state.main.now = phase::down; })) << "down, and alive";
    EXPECT_TRUE(broken([](handover& h) { h.state.log.blocked = false; })) << "a stranger that is not waited for";
    EXPECT_TRUE(broken([](handover& h) { h.members[0].process.record->pid = 99; })) << "the record of another";
    EXPECT_TRUE(broken([](handover& h) { h.members[1].files.lock = -1; })) << "no lock";
    EXPECT_TRUE(broken([](handover& h) { h.state.main.is_log = true; }));
    EXPECT_TRUE(broken([](handover& h) { h.state.main.stop.rest = true; })) << "a rest beside ./finish";
    EXPECT_TRUE(broken([](handover& h) { h.state.main.killed = true; })) << "./finish is not killed";
}

}  // namespace
}  // namespace runwell
