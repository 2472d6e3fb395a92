#include "svctl/daemon_rules.hh"

#include <algorithm>
#include <array>
#include <cctype>

#include "core/text.hh"

namespace runwell::svctl {
namespace {

constexpr std::string_view never = " ";  // no option keeps it

constexpr std::string_view foreground_itself =
    "start the program itself, with the option that keeps it in the foreground";

// clang-format off
constexpr daemon_row rows[] = {
    // The web
    {"nginx", "daemon~off", "", true, "exec nginx -g 'daemon off;'"},
    {"httpd apache apache2 httpd2", "-DFOREGROUND -DNO_DETACH -DONE_PROCESS -DDEBUG -D~FOREGROUND -D~NO_DETACH -D~ONE_PROCESS -D~DEBUG -X -f -d"},
    {"apachectl apache2ctl", "-DFOREGROUND -DNO_DETACH -D~FOREGROUND -D~NO_DETACH -X"},
    {"lighttpd lighttpd-angel", "-D -i -t -p"}, {"haproxy", "", "-D"}, {"varnishd", "-F -d -C"}, {"squid squid3", "-N --foreground -k -z"},
    {"php-fpm#", "-F --nodaemonize", "", true}, {"gunicorn", "", "-D --daemon"}, {"uwsgi", "", "--daemonize --daemonize2"},
    {"thttpd mini_httpd mini-httpd", "-D"}, {"hiawatha", "-d"}, {"tinyproxy", "-d"}, {"privoxy", "--no-daemon"},
    {"cntlm", "-f"}, {"monkey", "", "-D --daemon"}, {"boa", "-d"}, {"polipo", "", "daemonise=true"},
    // Shells and files from afar
    {"sshd", "-D -d -i -t -T"}, {"dropbear", "-F -i"}, {"proftpd", "-n --nodaemon"}, {"pure-ftpd", "", "-B --daemonize"},
    {"bftpd", "-D"}, {"atftpd", "--no-fork --stdin", "--daemon"}, {"in.tftpd tftpd", "-L --foreground", "-l --listen"},
    {"rsync", "--no-detach", "--daemon"}, {"svnserve", "--foreground", "-d --daemon"}, {"telnetd", "-F"},
    {"smbd nmbd winbindd", "-F --foreground -i --interactive"}, {"ctdbd", "-i --interactive"},
    {"rpcbind", "-f"}, {"rpc.statd", "-F --foreground"}, {"rpc.mountd", "-F --foreground"},
    {"rpc.idmapd rpc.gssd rpc.svcgssd blkmapd", "-f"}, {"nfsdcld", "-F --foreground"},
    {"automount", "-f --foreground -m --dumpmaps -V --version"}, {"diod", "-f --foreground"}, {"glusterd glusterfsd", "-N --no-daemon"},
    {"iscsid", "-f --foreground"}, {"sslh", "-f --foreground"},
    // Databases
    {"redis-server keydb-server valkey-server", "", "--daemonize~yes"}, {"memcached", "", "-d --daemon"},
    {"mysqld mariadbd", "", "--daemonize -D"}, {"mongod", "", "--fork"},
    {"pg_ctl", never, "", false, "start the server itself: exec postgres -D DIRECTORY"},
    {"pg_ctlcluster", "--foreground"}, {"slapd", "-d"}, {"krb5kdc", "-n"}, {"kadmind", "-nofork"},
    // The clock, the log, the network
    {"cron", "-f"}, {"crond cronie-crond dcrond scrond", "-f -n -d -l~stderr"}, {"fcron", "-f --foreground -y --nodaemon"}, {"anacron", "-d -T -u"},
    {"atd", "-f"}, {"incrond", "-n --foreground"},
    {"ntpd isc-ntpd", "-n --nofork -d -D -q --quit"}, {"openntpd", "-d"}, {"chronyd", "-d -n -Q -q"},
    {"rsyslogd", "-n -N"}, {"syslog-ng", "-F --foreground"}, {"syslogd", "-n -F -d"}, {"klogd", "-n"}, {"metalog", "", "-B --daemonize"},
    {"collectd", "-f -t"}, {"named", "-f -g"}, {"unbound", "-d", "", true}, {"nsd", "-d"}, {"dnsextd", "-d"},
    {"dnsmasq", "-k -d --keep-in-foreground --no-daemon --test"}, {"dhcpd", "-f -d -t"}, {"dhclient", "-d"},
    {"dhcpcd", "-B --nobackground"}, {"udhcpc udhcpd", "-f --foreground"}, {"wpa_supplicant", "", "-B"}, {"hostapd", "", "-B"},
    {"pppd", "nodetach -detach"}, {"xl2tpd", "-D"}, {"pptpd", "-f --fg"}, {"openvpn", "", "--daemon"},
    {"keepalived", "-n --dont-fork"}, {"bird bird6", "-f -d -p"}, {"radvd", "-n --nodaemon -C"}, {"olsrd", "-nofork -d"},
    {"radiusd freeradius", "-f -X -s -C"}, {"ddclient", "-foreground --foreground -daemon=0 --daemon=0 -daemon~0"}, {"inadyn", "-n --foreground"},
    {"connmand ofonod", "-n --nodaemon"}, {"neard", "-n --nodaemon"}, {"NetworkManager", "-n --no-daemon -d --debug"},
    {"inetd", "-i -d -f"}, {"xinetd", "-dontfork -d"}, {"snmpd snmptrapd", "-f"}, {"vnstatd", "-n --nodaemon"}, {"lldpd", "-d"},
    {"tor", "", "--RunAsDaemon~1"}, {"mosquitto", "", "-d --daemon"}, {"stunnel stunnel4 stunnel5", "foreground", "", true},
    {"ngircd", "-n --nodaemon -t --configtest"}, {"bitlbee", "-n -I", "-D -F"}, {"tincd", "-D --no-detach"}, {"fwknopd", "-f --foreground"}, {"noip2", "-f"},
    // Mail
    {"dovecot", "-F"}, {"postfix", "start-fg check status", "", false, "exec postfix start-fg"}, {"exim exim4", "-bdf ~-d~", "-bd", false, "put -bdf in the place of -bd"},
    {"sendmail", "-bD", "-bd", false, "put -bD in the place of -bd"}, {"smtpd", "-d -F"}, {"spamd", "", "-d --daemonize"},
    {"spampd", "--nodetach --nodaemon"}, {"clamd", "-F --foreground", "", true}, {"freshclam", "-F --foreground", "-d --daemon"},
    {"saslauthd", "-d"}, {"opendkim", "-f", "", true}, {"rspamd", "-f --no-fork -i --insecure"}, {"opendmarc", "-f", "", true},
    // The machine
    {"acpid", "-f --foreground -d --debug"}, {"udevd systemd-udevd", "", "-d --daemon"}, {"auditd", "-n -f"},
    {"avahi-daemon", "", "-D --daemonize"}, {"smartd", "-n --no-fork -d --debug -q"}, {"irqbalance", "-f --foreground -d --debug -o --oneshot"},
    {"mdadm", "", "--daemonise"}, {"nscd", "-F -d --foreground --debug"}, {"nslcd", "-n --nofork -d --debug -c --check"}, {"gpm", "-D"},
    {"dbus-daemon", "--nofork", "--system --fork", true}, {"lircd", "-n --nodaemon"}, {"pcscd", "-f --foreground"},
    {"gpsd", "-N"}, {"haveged", "-F --Foreground"}, {"rngd", "-f --foreground"}, {"hddtemp", "-F --foreground", "-d --daemon"},
    {"spacenavd", "-d"}, {"uptimed", "-f"}, {"usbmuxd", "-f --foreground -d --exit"}, {"uuidd", "-F --no-fork -d --debug"}, {"zed", "-F"},
    {"watchdog", "-F --foreground"}, {"mcelog", "--foreground", "--daemon"}, {"thermald", "--no-daemon"}, {"munged", "-F --foreground"},
    {"cupsd", "-f -F -l -t"}, {"firewalld", "--nofork"}, {"sssd", "-i --interactive", "", true}, {"brltty", "-n --no-daemon"},
    {"espeakup", "-d --debug"}, {"cachefilesd", "-n"}, {"ipmiseld ipmidetectd", "-d --foreground"}, {"mbpfan", "-f"},
    {"upsd upsmon", "-D -F"}, {"vmware-vmblock-fuse lxcfs", "-f -d"}, {"preload", "-f --foreground"}, {"dmeventd", "-f"},
    {"monit", "-I"}, {"supervisord", "-n --nodaemon"},
    {"zabbix_agentd zabbix_agent2 zabbix_server zabbix_proxy", "-f --foreground"}, {"fail2ban-server", "-f"}, {"netdata", "-D"},
    {"bacula-dir bacula-fd bacula-sd", "-f"}, {"transmission-daemon", "-f --foreground"}, {"deluged deluge-web", "-d --do-not-daemonize"},
    {"mpd", "--no-daemon --stdout"}, {"mpdscribble", "--no-daemon -D"}, {"znc", "-f --foreground -D --debug"}, {"umurmurd", "-d"},
    {"murmurd mumble-server", "-fg"}, {"lsyncd", "-nodaemon", "", true}, {"synergyc synergys", "-f --no-daemon"},
    {"xdm", "-nodaemon"}, {"slim", "-nodaemon", "-d"}, {"wicd", "-f --no-daemon"}, {"ipsec", "--nofork", "start"},
    // What starts others
    {"start-stop-daemon", "", "-b --background"}, {"docker podman", "", "-d --detach"},
    {"daemonize daemon", never, "", false, "start the program itself"},
    {"service invoke-rc.d rc-service systemctl", never, "", false, foreground_itself},
};
// clang-format on

std::string_view without_version(std::string_view name) {
    const std::size_t end = name.find_last_not_of("0123456789.");
    return end == std::string_view::npos ? name : name.substr(0, end + 1);
}

// Calls `use` with each part between spaces, until it returns true.
template <class Use>
bool any_part(std::string_view list, const Use& use) {
    while (!list.empty()) {
        const two_parts parts = split(list, ' ');
        if (!parts.head.empty() && use(parts.head)) return true;
        list = parts.rest;
    }
    return false;
}

bool is_named(const daemon_row& row, std::string_view name) {
    return any_part(row.names, [name](std::string_view one) {
        return one.ends_with('#') ? without_version(name) == one.substr(0, one.size() - 1) : one == name;
    });
}

// The arguments of a command, with the defaults of its variables: ${OPTS:=-F -R} is -F and -R.
struct arguments {
    std::vector<std::string> words;
    bool                     unknown = false;  // there is a variable without one

    explicit arguments(const shell_call& call) {
        for (std::size_t i = 1; i < call.words.size(); ++i) add(call.words[i]);
    }

    std::string text() const {
        std::string all = " ";
        for (const std::string& word : words) all += word + " ";
        return all;
    }

private:
    void add(const shell_word& word) {
        const std::size_t colon = word.text.find(':');
        const bool        given = !word.literal && word.text.starts_with("${") && word.text.ends_with('}') &&
                           colon != std::string::npos && colon + 2 < word.text.size() &&
                           (word.text[colon + 1] == '-' || word.text[colon + 1] == '=');
        if (!given) {
            unknown = unknown || !word.literal;
            words.push_back(word.text);
            return;
        }
        const std::string_view inside = std::string_view{word.text}.substr(colon + 2, word.text.size() - colon - 3);
        any_part(inside, [this](std::string_view one) {
            std::string bare{one};
            std::erase(bare, '"');
            std::erase(bare, '\'');
            words.push_back(bare);
            return false;
        });
    }
};

// "-De" has -D, where it is a letter among letters: not in -foreground, and not in -P/run/D.
bool has_letter(std::string_view word, char letter) {
    constexpr std::size_t longest = 5;
    return word.size() > 2 && word.size() <= longest && word[0] == '-' && word[1] != '-' &&
           word.find(letter, 1) != std::string_view::npos &&
           std::all_of(word.begin() + 1, word.end(), [](unsigned char c) { return std::isalnum(c) != 0; });
}

bool has_option(const arguments& given, std::string_view option) {
    std::string text{option};
    std::replace(text.begin(), text.end(), '~', ' ');
    if (text != option) return given.text().find(text) != std::string::npos;
    const bool letter = option.size() == 2 && option.front() == '-';
    return std::any_of(given.words.begin(), given.words.end(), [&](const std::string& word) {
        if (word == option || (letter && has_letter(word, option[1]))) return true;
        if (word.starts_with(std::string{option} + "=")) {
            const std::string value = word.substr(option.size() + 1);
            return value != "no" && value != "n" && value != "0" && value != "off" && value != "false";
        }
        // getopt_long(3) takes the beginning of a long option for all of it.
        constexpr std::size_t enough = 6;
        return option.starts_with("--") && word.size() >= enough && option.starts_with(word);
    });
}

std::string first_of(const arguments& given, std::string_view options) {
    std::string found;
    any_part(options, [&](std::string_view one) {
        if (has_option(given, one)) found = one;
        return !found.empty();
    });
    return found;
}

}  // namespace

std::span<const daemon_row> daemon_rows() noexcept { return rows; }

std::optional<daemonising> daemonising_of(const shell_call& call) {
    using certainty = daemonising::certainty;
    if (call.words.empty() || !call.words.front().literal) return std::nullopt;
    const std::string&     program = call.words.front().text;
    const std::string_view name    = base_name(program);
    if (program.starts_with("/etc/init.d/") || program.starts_with("/etc/rc.d/"))
        return daemonising{program, certainty::certain, "start the program that it starts, in the foreground", ""};
    const auto* const row =
        std::find_if(std::begin(rows), std::end(rows), [name](const daemon_row& one) { return is_named(one, name); });
    if (row == std::end(rows)) return std::nullopt;

    const arguments   given{call};
    const std::string asked = first_of(given, row->goes);
    if (row->stays.empty() && asked.empty()) return std::nullopt;
    if (!row->goes.empty() && asked.empty()) return std::nullopt;
    if (!first_of(given, row->stays).empty()) return std::nullopt;
    std::string keeps{split(row->stays, ' ').head};
    std::string cure{row->cure};
    if (cure.empty()) cure = row->stays.empty() ? "leave out " + asked : "add " + keeps;
    std::replace(cure.begin(), cure.end(), '~', ' ');
    std::replace(keeps.begin(), keeps.end(), '~', ' ');
    const certainty sure = row->configured ? certainty::unless_configured
                           : given.unknown ? certainty::unless_in_variable
                                           : certainty::certain;
    return daemonising{std::string{name}, sure, cure, keeps};
}

}  // namespace runwell::svctl
