#include "svctl/daemon_rules.hh"

#include <gtest/gtest.h>

namespace runwell::svctl {
namespace {

// "" where it stays; else how sure that is, and the cure.
std::string judged(const std::string& line) {
    const auto found = daemonising_of(call_of(shell_commands(line).at(0)));
    if (!found) return "";
    constexpr const char* words[] = {"", "unless configured: ", "unless in a variable: "};
    return words[static_cast<int>(found->sure)] + found->cure;
}

std::vector<std::string> words_of(std::string_view list) {
    std::vector<std::string> found;
    for (std::size_t at = 0; at < list.size();) {
        const std::size_t end = std::min(list.find(' ', at), list.size());
        if (end > at) found.emplace_back(list.substr(at, end - at));
        at = end + 1;
    }
    return found;
}

std::string spaced(std::string option) {
    std::replace(option.begin(), option.end(), '~', ' ');
    if (option.starts_with(' ')) option = option.substr(1, option.size() - 2);  // a word of its own
    return option;
}

// For each row, under each of its names: it goes without an option that keeps it, with each option that makes it go,
// and stays with each option that keeps it, in each spelling.
TEST(daemon_rules, every_row_under_every_name_with_every_option) {
    std::size_t cases = 0;
    for (const daemon_row& row : daemon_rows())
        for (std::string name : words_of(row.names)) {
            if (name.ends_with('#')) name.back() = '8';
            const auto stays = words_of(row.stays), goes = words_of(row.goes);
            ASSERT_FALSE(row.stays.empty() && row.goes.empty()) << name << ": a row that says nothing";
            std::vector<std::string> starts{name};
            if (!goes.empty()) {
                EXPECT_EQ(judged(name + " x"), "");
                starts.clear();
                for (const std::string& option : goes) starts.push_back(name + " " + spaced(option));
            }
            for (const std::string& start : starts) {
                EXPECT_NE(judged(start), "") << start;
                EXPECT_NE(judged("/usr/sbin/" + start + " other"), "") << start;
                for (const std::string& option : stays) {
                    EXPECT_EQ(judged(start + " '" + spaced(option) + "'"), "") << start << " " << option;
                    EXPECT_EQ(judged(start + " ${OPTS:=x " + spaced(option) + "}"), "") << start << " " << option;
                    if (option.starts_with("--") && option.find('=') == std::string::npos) {
                        EXPECT_EQ(judged(start + " " + option + "=yes"), "") << start << " " << option;
                    }
                    cases += 2;
                }
                ++cases;
            }
        }
    RecordProperty("cases", static_cast<int>(cases));
    std::printf("%zu rows, %zu cases\n", daemon_rows().size(), cases);
}

TEST(daemon_rules, a_name_has_one_row) {
    std::vector<std::string> all;
    for (const daemon_row& row : daemon_rows())
        for (const std::string& name : words_of(row.names)) {
            EXPECT_EQ(std::count(all.begin(), all.end(), name), 0) << name;
            all.push_back(name);
        }
}

TEST(daemon_rules, what_published_scripts_say) {
    for (const char* line : {"httpd -DNO_DETACH",
                             "apache2 -D NO_DETACH",
                             "apache2 -DFOREGROUND",
                             "httpd -k start -DFOREGROUND",
                             "rpc.mountd --foreground",
                             "rpc.mountd $MOUNTD_OPTS --foreground",
                             "rpc.statd -F -d -L",
                             "rpc.statd --foreground --no-notify",
                             "automount -f",
                             "automount --foreground",
                             "acpid -f",
                             "acpid --foreground",
                             "freshclam -d --foreground",
                             "freshclam --foreground -c 12",
                             "freshclam",
                             "bluetoothd --nodetach",
                             "bluetoothd -n",
                             "lighttpd2 -c /etc/lighttpd2/lighttpd.conf",
                             "lighttpd -Df x",
                             "slapd -d0",
                             "slapd -d 0",
                             "sshd -De",
                             "busybox ntpd -nN -p pool.ntp.org",
                             "inadyn -Nn",
                             "hddtemp -dF",
                             "dropbear ${OPTS:=-F -R}",
                             "clamd --foreground=true",
                             "pdns_recursor --daemon=no",
                             "redis-server x.conf",
                             "rsync a b",
                             "postgres -D /x",
                             "php-fpm8.2 --nodaemonize",
                             "php-fpm82 -F",
                             "mysqld --daemonize=0",
                             "mcelog --daemon --foreground --syslog",
                             "nginx -g 'daemon off;'",
                             "nginx -g \"daemon off; user x;\"",
                             "svnserve -d --foreground",
                             "syslog-ng --fore"})
        EXPECT_EQ(judged(line), "") << line;
    EXPECT_EQ(judged("php-fpm8.2"), "unless configured: add -F");
    EXPECT_EQ(judged("rsyslogd $OPTIONS"), "unless in a variable: add -n");
    EXPECT_EQ(judged("redis-server --daemonize yes"), "leave out --daemonize yes");
    EXPECT_EQ(judged("httpd -k start"), "add -DFOREGROUND");
    EXPECT_EQ(judged("busybox crond"), "add -f");
    EXPECT_EQ(judged("exim4 -bd -q30m"), "put -bdf in the place of -bd");
    EXPECT_EQ(judged("exim4 -bd -d -q30m"), "");
    EXPECT_EQ(judged("/etc/init.d/web start"), "start the program that it starts, in the foreground");
    EXPECT_EQ(judged("$PROGRAM -d"), "");
}

}  // namespace
}  // namespace runwell::svctl
