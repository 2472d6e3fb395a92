#include "svctl/daemon_habits.hh"

#include <algorithm>
#include <array>

#include "core/text.hh"

namespace runwell::svctl {
namespace {

// Options, between spaces: "-f" is found in "-Pf", too; "--daemon=yes" and "daemon_off" (_ for a space) are found as
// text.
struct daemon_row {
    std::string_view name;                // without a version at its end: "php-fpm" for php-fpm8.2
    std::string_view stays;               // it goes unless one of these is given; empty: it stays
    std::string_view goes       = {};     // it goes if one of these is given
    bool             configured = false;  // its configuration may say otherwise
    std::string_view cure       = {};     // where it is not "add the first of stays", or "leave out what makes it go"
};

constexpr std::string_view never = " ";  // no option keeps it

// clang-format off
constexpr daemon_row daemon_rows[] = {
    // The web
    {"nginx", "daemon_off", "", true, "exec nginx -g 'daemon off;'"},
    {"apache", "-DFOREGROUND -D_FOREGROUND -X"},
    {"apachectl", "-DFOREGROUND -D_FOREGROUND"}, {"apache2ctl", "-DFOREGROUND -D_FOREGROUND"},
    {"httpd", "-DFOREGROUND -D_FOREGROUND -X -f"},
    {"lighttpd", "-D"}, {"haproxy", "", "-D"}, {"varnishd", "-F -d"}, {"squid", "-N --foreground"},
    {"php-fpm", "-F --nodaemonize", "", true}, {"gunicorn", "", "-D --daemon"}, {"uwsgi", "", "--daemonize --daemonize2"},
    // Shells and files from afar
    {"sshd", "-D -d -i -t -T"}, {"dropbear", "-F"}, {"proftpd", "-n --nodaemon"}, {"pure-ftpd", "", "-B"},
    {"rsync", "--no-detach", "--daemon"}, {"in.tftpd", "-L --foreground"},
    {"smbd", "-F --foreground -i"}, {"nmbd", "-F --foreground -i"}, {"winbindd", "-F --foreground -i"},
    {"rpcbind", "-f"}, {"rpc.statd", "-F"}, {"rpc.mountd", "-F"}, {"automount", "-f"},
    // Databases
    {"redis-server", "", "--daemonize_yes"}, {"keydb-server", "", "--daemonize_yes"}, {"memcached", "", "-d --daemon"},
    {"mysqld", "", "--daemonize"}, {"mongod", "", "--fork"},
    {"pg_ctl", never, "", false, "start the server itself: exec postgres -D DIRECTORY"},
    {"pg_ctlcluster", "--foreground"}, {"slapd", "-d"},
    // The clock, the log, the network
    {"cron", "-f"}, {"crond", "-f -n -d"}, {"atd", "-f"}, {"ntpd", "-n -d"}, {"chronyd", "-d -n"},
    {"rsyslogd", "-n"}, {"syslog-ng", "-F --foreground"}, {"syslogd", "-n -F"}, {"klogd", "-n"}, {"collectd", "-f"},
    {"named", "-f -g"}, {"unbound", "-d", "", true}, {"nsd", "-d"},
    {"dnsmasq", "-k -d --keep-in-foreground --no-daemon"}, {"dhcpd", "-f -d"}, {"dhclient", "-d"},
    {"dhcpcd", "-B --nobackground"}, {"udhcpc", "-f"}, {"wpa_supplicant", "", "-B"}, {"hostapd", "", "-B"},
    {"pppd", "nodetach -detach"}, {"openvpn", "", "--daemon"}, {"keepalived", "-n --dont-fork"}, {"bird", "-f -d"},
    {"NetworkManager", "-n --no-daemon -d"}, {"inetd", "-i -d -f"}, {"xinetd", "-dontfork -d"}, {"snmpd", "-f"},
    {"tor", "", "--RunAsDaemon_1"}, {"mosquitto", "", "-d"}, {"stunnel", "foreground", "", true},
    // Mail
    {"dovecot", "-F"}, {"postfix", "start-fg", "", false, "exec postfix start-fg"}, {"exim", "", "-bd"},
    {"sendmail", "", "-bd"}, {"smtpd", "-d -F"}, {"spamd", "", "-d --daemonize"}, {"clamd", "-F --foreground", "", true},
    {"freshclam", "", "-d --daemon"}, {"saslauthd", "-d"},
    // The machine
    {"acpid", "-f"}, {"udevd", "", "-d --daemon"}, {"systemd-udevd", "", "-d --daemon"}, {"bluetoothd", "-n"},
    {"avahi-daemon", "", "-D --daemonize"}, {"smartd", "-n --no-fork"}, {"irqbalance", "-f --foreground"},
    {"mdadm", "", "--daemonise"}, {"nscd", "-F -d --foreground"}, {"nslcd", "-n -d"}, {"gpm", "-D"},
    {"dbus-daemon", "--nofork", "", true}, {"monit", "-I"}, {"supervisord", "-n --nodaemon"},
    {"zabbix_agentd", "-f --foreground"}, {"zabbix_server", "-f --foreground"}, {"fail2ban-server", "-f"},
    {"transmission-daemon", "-f --foreground"},
    // What starts others
    {"start-stop-daemon", "", "-b --background"}, {"docker", "", "-d --detach"},
    {"daemonize", never, "", false, "start the program itself"}, {"daemon", never, "", false, "start the program itself"},
    {"service", never, "", false, "start the program itself, with the option that keeps it in the foreground"},
    {"invoke-rc.d", never, "", false, "start the program itself, with the option that keeps it in the foreground"},
    {"systemctl", never, "", false, "start the program itself, with the option that keeps it in the foreground"},
};
// clang-format on

std::string_view without_version(std::string_view name) {
    const std::size_t end = name.find_last_not_of("0123456789.");
    return end == std::string_view::npos ? name : name.substr(0, end + 1);
}

bool has_option(const shell_call& call, std::string option) {
    const bool text = option.find('_') != std::string::npos;
    std::replace(option.begin(), option.end(), '_', ' ');
    const bool  letter = option.size() == 2 && option.front() == '-';
    std::string all;
    for (std::size_t i = 1; i < call.words.size(); ++i) {
        const std::string& word = call.words[i].text;
        if (word == option || word.rfind(option + "=", 0) == 0) return true;
        if (letter && word.size() > 2 && word[0] == '-' && word[1] != '-' && word.find(option[1]) != std::string::npos)
            return true;
        all += word + " ";
    }
    return text && all.find(option) != std::string::npos;
}

// The first of a list of options that is there.
std::string first_of(const shell_call& call, std::string_view options) {
    while (!options.empty()) {
        const two_parts parts = split(options, ' ');
        if (!parts.head.empty() && has_option(call, std::string{parts.head})) return std::string{parts.head};
        options = parts.rest;
    }
    return "";
}

}  // namespace

std::optional<habit> habit_of(const shell_call& call) {
    if (call.words.empty() || !call.words.front().literal) return std::nullopt;
    const std::string&     program = call.words.front().text;
    const std::string_view name    = base_name(program);
    if (program.rfind("/etc/init.d/", 0) == 0)
        return habit{program, habit::certainty::certain, "start the program that it starts, in the foreground"};
    const auto is_it = [&](const daemon_row& row) { return row.name == name || row.name == without_version(name); };
    const auto* const row = std::find_if(std::begin(daemon_rows), std::end(daemon_rows), is_it);
    if (row == std::end(daemon_rows)) return std::nullopt;

    const std::string asked = first_of(call, row->goes);
    if (!row->goes.empty() && asked.empty()) return std::nullopt;
    if (!row->stays.empty() && !first_of(call, row->stays).empty()) return std::nullopt;
    std::string cure{row->cure};
    if (cure.empty())
        cure = row->stays.empty() ? "leave out " + asked : "add " + std::string{split(row->stays, ' ').head};
    std::replace(cure.begin(), cure.end(), '_', ' ');
    // What a variable holds is not known here.
    const bool all_known =
        std::all_of(call.words.begin(), call.words.end(), [](const shell_word& w) { return w.literal; });
    return habit{std::string{name},
                 row->configured || !all_known ? habit::certainty::unless_configured : habit::certainty::certain, cure};
}

}  // namespace runwell::svctl
