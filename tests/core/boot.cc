#include "core/boot.hh"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace runwell {
namespace {

struct arguments {
    explicit arguments(std::vector<std::string> all) : words{std::move(all)} {
        for (std::string& word : words) argv.push_back(word.data());
    }
    std::vector<std::string> words;
    std::vector<char*>       argv;
};

std::vector<std::string> command_of(const boot_request& asked) { return {asked.command.begin(), asked.command.end()}; }

TEST(boot, the_command_is_what_follows_the_options) {
    using words = std::vector<std::string>;
    struct row {
        words given;
        bool  container;
        words command;
    };
    const row rows[] = {
        {{}, false, {}},
        {{"nginx", "-g", "daemon off;"}, false, {"nginx", "-g", "daemon off;"}},
        {{"--container"}, true, {}},
        {{"--container", "nginx", "--container"}, true, {"nginx", "--container"}},
        {{"--", "--container"}, false, {"--container"}},
        {{"--container", "--", "-x"}, true, {"-x"}},
        {{"-b", "--quiet", "-", "nginx"}, false, {"nginx"}},
        {{"--", "--", "nginx"}, false, {"--", "nginx"}},
        {{""}, false, {""}},
    };
    for (const row& one : rows) {
        const arguments    all{one.given};
        const boot_request asked = boot_request_of(all.argv);
        SCOPED_TRACE(testing::PrintToString(one.given));
        EXPECT_EQ(asked.container, one.container);
        EXPECT_EQ(command_of(asked), one.command);
    }
}

TEST(boot, a_machine_has_stages_whatever_the_arguments_say) {
    struct row {
        bool is_machine, container, command, has_stage_2;
        boot becomes;
    };
    constexpr row rows[] = {
        {true, false, false, false, boot::machine},   {true, false, false, true, boot::machine},
        {true, false, true, false, boot::machine},    {true, false, true, true, boot::machine},
        {true, true, false, false, boot::machine},    {true, true, false, true, boot::machine},
        {true, true, true, false, boot::machine},     {true, true, true, true, boot::machine},
        {false, false, false, true, boot::guest},     {false, false, false, false, boot::container},
        {false, false, true, false, boot::container}, {false, false, true, true, boot::container},
        {false, true, false, false, boot::container}, {false, true, false, true, boot::container},
        {false, true, true, false, boot::container},  {false, true, true, true, boot::container},
    };
    const arguments nginx{{"nginx"}};
    for (const row& one : rows) {
        boot_request asked{.container = one.container, .command = {}};
        if (one.command) asked.command = nginx.argv;
        EXPECT_EQ(boot_of(asked, one.is_machine, one.has_stage_2), one.becomes)
            << one.is_machine << one.container << one.command << one.has_stage_2;
    }
}

}  // namespace
}  // namespace runwell
