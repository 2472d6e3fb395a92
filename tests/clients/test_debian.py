"""Debian's own packages on a machine whose runit is ours: their maintainer scripts, their tools, their services."""

import os
import re

import pytest
from debian_machine import package
from harness import wait_until

LINE = re.compile(r"^(run|down|finish): (\S+): (?:\(pid (\d+)\) )?(\d+)s")


def install(machine, *names, force=()):
    """dpkg -i, which runs the maintainer scripts and the triggers of others."""
    return machine.does("dpkg", "--force-unsafe-io", *force, "-i", *map(package, names))


def status(machine, name):
    return machine.inside("sv", "status", name).stdout.rstrip("\n")


def runs(machine, name, program=None):
    """Waits until a service runs, as that program if one is named; its pid."""
    said = []

    def look():
        said[:] = [status(machine, name)]
        found = LINE.match(said[0])
        pid = found and found[1] == "run" and found[3]
        return pid if pid and (program is None or comm(machine, pid) == program) else None

    try:
        return wait_until(look, f"{name} runs")
    except AssertionError as late:
        raise AssertionError(f"{late}; it is said: {said}; {machine.lines}") from None


def is_down(machine, name):
    """Waits until a service is down and stays so: not before its first start, nor between two."""
    settled = lambda: re.match(r"down: .*(?<!want up)$", status(machine, name))
    wait_until(settled, f"{name} is down")


def comm(machine, pid):
    try:
        return machine.path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return None


def enabled(machine):
    return set(machine.does("ls", "/etc/service/").split())


def supervised(machine):
    """The names of the services that have a runsv."""
    return set(re.findall(r"^runsv (\S+)$", machine.does("ps", "-C", "runsv", "-o", "args="), re.MULTILINE))


# -- the stages ------------------------------------------------------------------------------------------------------


def test_the_stage_files_of_debian_boot_the_machine_and_stop_it(debian):
    debian.service("web", "trap 'sleep 0.1; echo bye >/dev/console; exit' TERM; while :; do sleep 0.05; done")
    debian.service("idle", enabled=False)
    debian.boot()
    runs(debian, "web", "run")
    assert supervised(debian) == {"web", "default-syslog"}
    assert debian.does("readlink", "-f", "/etc/service") == "/etc/runit/runsvdir/default\n"
    debian.obeys("/lib/runit/runit-init", "0")
    assert debian.ends() == "power off"
    said = [line for line in debian.lines if not line.startswith("- runit")]
    assert said.index("bye") < said.index("ok: down: /etc/service/web: 0s, normally up")
    assert "Running shutdown tasks..." in said


def test_a_forced_rescan_passes_through_pid_1(debian):
    """Packages send ALRM to PID 1, for runsvdir: `kill -s ALRM 1`."""
    debian.service("web", enabled=False)
    debian.boot()
    label = debian.path("/etc/runit/runsvdir/default/.forced-rescan")
    debian.does("sh", "-c", "ln -s /etc/sv/web /etc/service/ && kill -s ALRM 1")
    runs(debian, "web", "sleep")
    wait_until(lambda: label.exists() and label.read_text().startswith("@4000"), "the rescan has left its label")


# -- packages that bring services ------------------------------------------------------------------------------------


def test_packages_of_services_start_them_as_they_are_installed(debian):
    """runit-services makes services of installed daemons, socklog-run contains two of its own, at contains a daemon."""
    debian.service("kernel", "exec 3<>/proc/kmsg; echo '<4>said by the kernel' >&3; exec sleep 1000")
    debian.boot()
    install(debian, "socklog", "socklog-run")
    runs(debian, "socklog-unix", "socklog")
    runs(debian, "socklog-klog", "socklog")
    install(debian, "at", "runit-services")
    pids = {name: runs(debian, name, program) for name, program in
            {"cron": "cron", "atd": "atd", "dbus": "dbus-daemon"}.items()}  # fmt: skip
    assert pids["dbus"] in debian.does("sv", "start", "dbus"), "its ./check says that it is ready"
    is_down(debian, "dbus.dep-fixer")  # has said `sv d .` of itself

    # They work: at runs a job, a name is on the bus, and the logger of socklog-run has logged all of it.
    debian.does("sh", "-c", "echo 'logger -t job of at' | at now 2>/dev/null")
    main = debian.path("/var/log/runit/socklog/main/current")
    wait_until(lambda: "job: of at" in main.read_text(), "the job has run", 90)
    bus = "dbus-send --system --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.ListNames"
    assert "org.freedesktop.DBus" in debian.does(*bus.split())
    debian.does("logger", "-p", "local3.info", "for one facility")
    one = debian.path("/var/log/runit/socklog/local3/current")
    wait_until(lambda: "for one facility" in one.read_text(), "its pattern has been selected")
    assert "for one facility" not in debian.path("/var/log/runit/socklog/local4/current").read_text()

    klog = debian.path("/var/log/runit/socklog-klog/current")
    wait_until(lambda: "said by the kernel" in klog.read_text(), "what the kernel says")

    # The default syslog of Debian is a service that others wait for: its ./check asks socklog.
    assert debian.does("sv", "start", "default-syslog").startswith("ok: run: default-syslog: ")

    debian.does("dpkg", "--purge", "socklog-run")
    assert not enabled(debian) & {"socklog-unix", "socklog-klog"}
    wait_until(lambda: not supervised(debian) & {"socklog-unix", "socklog-klog"}, "their supervisors have left")
    debian.does("dpkg", "--purge", "at")  # its trigger disables a service that has no program any more
    assert "atd" not in enabled(debian)
    wait_until(lambda: "atd" not in supervised(debian), "its supervisor has left")
    assert runs(debian, "cron") == pids["cron"], "what was left alone has run all the time"


def test_an_upgraded_program_restarts_its_service(debian):
    """The trigger of Debian's runit package: `.meta/bin` is newer than `.meta/wtime`."""
    debian.file("usr/bin/webd", "#!/bin/sh\nexec sleep 1000\n")
    for name, how in {"web": "restart", "old": "nostop"}.items():
        debian.service(name, "exec /usr/bin/webd", **{".meta/bin": "", ".meta/onupgrade": ""})
        debian.own.joinpath("etc/sv", name, ".meta/bin").write_text("/usr/bin/webd")
        debian.own.joinpath("etc/sv", name, ".meta/onupgrade").write_text(how)
    debian.boot()
    before = {name: runs(debian, name) for name in ("web", "old")}
    debian.does("dpkg-trigger", "--by-package=cron", "/usr/bin")
    debian.does("dpkg", "--triggers-only", "--pending")
    after = wait_until(lambda: (pid := runs(debian, "web")) != before["web"] and pid, "it is restarted")
    assert runs(debian, "old") == before["old"]
    debian.does("/lib/runit/trigger_sv", "upgrade")
    assert runs(debian, "web") == after, "nothing is newer"


def test_git_daemon_serves_a_repository(debian):
    """A package that calls update-service by itself, and chpst with users that it makes."""
    debian.boot()
    assert "Service git-daemon added." in install(debian, "git-daemon-run", force=["--force-depends"])
    runs(debian, "git-daemon", "git-daemon")
    debian.does("sh", "-c", "git -c init.defaultBranch=main init -q --bare /var/lib/git/one.git && "
                "chown -R gitdaemon /var/lib/git && touch /var/lib/git/one.git/git-daemon-export-ok")  # fmt: skip
    debian.does("git", "ls-remote", "git://127.0.0.1/git/one.git")
    current = debian.path("/var/log/git-daemon/current")
    wait_until(lambda: "Request upload-pack for '/git/one.git'" in current.read_text(), "it has been logged")
    assert current.stat().st_uid != 0, "its logger is chpst -ugitlog svlogd"
    debian.does("dpkg", "--remove", "git-daemon-run")
    wait_until(lambda: "git-daemon" not in supervised(debian), "its supervisor has left")


def test_the_ssh_service_of_openssh_server(debian):
    """It comes with the daemon's own package; its test of the configuration disables it by code 162."""
    debian.boot()
    debian.does("/lib/runit-helper/runit-helper", "postinst", "configure", env={"NAME": "ssh", "ENABLE": "no"})
    debian.does("sh", "-c", "mkdir -p /var/log/runit/ssh; chown _runit-log:adm /var/log/runit/ssh; ssh-keygen -A")
    assert debian.does("update-service", "--add", "/etc/sv/ssh") == "Service ssh added.\n"
    pid = runs(debian, "ssh", "sshd")
    keys = wait_until(lambda: debian.inside("ssh-keyscan", "-t", "ed25519", "127.0.0.1").stdout, "it answers")
    assert keys.startswith("127.0.0.1 ssh-ed25519 ")
    assert debian.does("sv", "restart", "ssh").startswith("ok: run: ssh: ")
    assert runs(debian, "ssh", "sshd") != pid
    debian.does("sh", "-c", "echo Nonsense yes >>/etc/ssh/sshd_config; sv restart ssh || true")
    is_down(debian, "ssh")
    log = debian.path("/var/log/runit/ssh/current")
    wait_until(lambda: "ERROR 162 in ssh: configtest or early setup failed" in log.read_text(), "finish has said why")
    assert "Bad configuration option: Nonsense" in log.read_text()


# -- runit-helper, update-service, cpsv ------------------------------------------------------------------------------


def helper(machine, what, *arguments, **variables):
    """Calls runit-helper as dh_runit makes the maintainer scripts of packages call it."""
    variables = {"NAME": "web", "ENABLE": "yes", "ONUPGRADE": "restart", "PATH": "/usr/sbin:/usr/bin", **variables}
    return machine.does("/lib/runit-helper/runit-helper", what, *arguments, env=variables)


def test_runit_helper_enables_and_starts_a_new_service(debian):
    debian.service("web", enabled=False)
    debian.boot()
    helper(debian, "postinst", "configure")
    assert "web" in enabled(debian)
    runs(debian, "web", "sleep")
    assert debian.supervise("web").name == "web", "supervise is a link into /run"


def test_runit_helper_respects_what_the_administrator_has_disabled(debian):
    debian.service("web", enabled=False)
    debian.boot()
    debian.does("ln", "-s", "/etc/sv/web", "/etc/runit/runsvdir/default/.web")
    helper(debian, "postinst", "configure")
    helper(debian, "postinst", "configure", NAME="web", ENABLE="no")
    assert "web" not in enabled(debian)
    assert "web" not in supervised(debian)


@pytest.mark.parametrize("policy", ["restart", "reload", "nostop", "stop"])
def test_an_upgrade_does_what_its_package_says(debian, policy):
    debian.service("web", "trap 'echo hup >>/run/hup' HUP; while :; do sleep 0.05; done", enabled=False)
    debian.boot()
    helper(debian, "postinst", "configure")
    pid = runs(debian, "web", "run")
    helper(debian, "prerm", "upgrade", "2.0", ONUPGRADE=policy)
    if policy == "stop":
        assert LINE.match(status(debian, "web"))[1] == "down"
    else:
        assert runs(debian, "web") == pid
    said = helper(debian, "postinst", "configure", "1.0", ONUPGRADE=policy)
    assert said.startswith("ok: run: web: "), said
    assert (runs(debian, "web") == pid) == (policy in ("reload", "nostop"))
    if policy == "reload":
        wait_until(lambda: debian.path("/run/hup").exists(), "it has got HUP")
    helper(debian, "prerm", "remove", ONUPGRADE=policy)
    assert LINE.match(status(debian, "web"))[1] == "down"
    helper(debian, "postrm", "remove", ONUPGRADE=policy)
    assert "web" not in enabled(debian)
    wait_until(lambda: "web" not in supervised(debian), "its supervisor has left")
    helper(debian, "postrm", "purge", ONUPGRADE=policy)
    assert debian.inside("test", "-e", "/etc/sv/web/supervise").returncode == 1


def test_update_service_adds_lists_and_removes(debian):
    debian.service("web", log__run="exec svlogd /run/web", enabled=False)
    debian.boot()
    debian.does("mkdir", "/run/web")
    assert debian.inside("update-service", "--check", "web").returncode == 1
    assert debian.does("update-service", "--add", "/etc/sv/web/") == "Service web added.\n"
    runs(debian, "web", "sleep")
    assert debian.does("update-service", "--add", "/etc/sv/web") == "Service web already added.\n"
    assert debian.does("update-service", "--list", "web") == "web -> /etc/sv/web\n"
    assert debian.does("update-service", "--list").split() == ["default-syslog", "web"]
    debian.does("update-service", "--check", "web")
    assert debian.supervise("web", log=True).name == "web.log"

    refused = debian.inside("update-service", "--add", "/etc/sv/web", "other")
    assert refused.stderr.strip() == "update-service: fatal: /etc/sv/web is currently controlled by a runsv(8) process."

    said = debian.does("update-service", "--remove", "/etc/sv/web")
    assert said == "Service web removed, the service daemon received the TERM and CONT signals.\n"
    wait_until(lambda: "web" not in supervised(debian), "its supervisor has left")
    assert debian.inside("sv", "status", "/etc/sv/web").stdout == "fail: /etc/sv/web: runsv not running\n"


def test_update_service_sets_what_a_service_does_at_boot(debian):
    debian.service("web")
    debian.boot()
    runs(debian, "web")
    debian.does("update-service", "--noauto", "/etc/sv/web")
    assert status(debian, "web").endswith(", normally down")
    debian.does("update-service", "--auto", "/etc/sv/web")
    assert "normally" not in status(debian, "web")


def test_cpsv_copies_compares_and_lists_services(debian):
    debian.file("usr/share/runit/sv/web/run", "#!/bin/sh\nexec sleep 1000\n")
    debian.file("usr/share/runit/sv/web/.meta/bin", "/bin/sleep\n")
    debian.file("usr/share/runit/sv/web/.meta/logscript", "")
    debian.file("usr/share/runit/sv/web/log/.keep", "")
    debian.boot()
    assert debian.does("cpsv", "l") == "[a]: web\n"
    debian.does("cpsv", "a", "web")
    assert debian.does("cpsv", "l") == "[i]: web\n"
    assert debian.does("readlink", "/etc/sv/web/log/run") == "/etc/sv/svlogd/run\n"
    debian.does("update-service", "--add", "/etc/sv/web")
    runs(debian, "web", "sleep")
    log = debian.path("/var/log/runit/web/current")
    wait_until(log.exists, "the logger of all services has made its directory")
    # supervise/ is left out of the comparison, and the local change is seen.
    assert debian.inside("cpsv", "d", "web").returncode == 0
    debian.does("sh", "-c", "echo '# local' >>/etc/sv/web/run")
    assert "+# local" in re.sub(r"\x1b\[[0-9;]*m", "", debian.inside("cpsv", "d", "web").stdout)
    assert debian.does("cpsv", "l") == "[l]: web\n"
    assert "local version exists" in debian.inside("cpsv", "s").stderr
    debian.does("cpsv", "-f", "s")
    assert debian.does("cpsv", "l") == "[i]: web\n"
    assert LINE.match(status(debian, "web"))[1] == "run"


# -- invoke-run, which is the interpreter of Debian's run scripts ----------------------------------------------------


INVOKE_RUN = "#!/usr/bin/env /lib/runit/invoke-run\n"


def test_invoke_run_gives_a_service_its_environment(debian):
    debian.service("web", enabled=False)
    debian.file("etc/sv/web/run", INVOKE_RUN + "echo $WHO $WHAT $NAME >/run/said; exec sleep 1000\n")
    debian.file("etc/sv/web/env/WHO", "chpst\n")
    debian.file("etc/default/web", "WHAT=defaults\n")
    debian.boot()
    debian.does("update-service", "--add", "/etc/sv/web")
    runs(debian, "web", "sleep")
    assert debian.path("/run/said").read_text() == "chpst defaults web\n"


@pytest.mark.parametrize("why", ["policy", "program", "package"])
def test_a_service_that_must_not_run_takes_itself_down(debian, why):
    """`sv down` of itself, within ./run: neither process waits for the other."""
    debian.service("web", enabled=False)
    debian.file("etc/sv/web/run", INVOKE_RUN + "echo ran >/run/ran; exec sleep 1000\n")
    if why == "policy":
        debian.file("usr/sbin/policy-rc.d", "#!/bin/sh\n[ $1 != web ] || exit 101\n")
    elif why == "package":
        debian.file("etc/sv/web/.meta/installed", "")
    else:
        debian.file("etc/sv/web/.meta/bin", "/usr/bin/nosuch")
    debian.boot()
    debian.does("update-service", "--add", "/etc/sv/web")
    is_down(debian, "web")
    assert not debian.path("/run/ran").exists()


@pytest.mark.parametrize("code", [161, 162, 170])
def test_the_finish_script_of_debian_takes_a_service_down(debian, code):
    debian.service("web", f"echo x >>/run/starts; exit {code}", finish='exec /lib/runit/finish-exec "$@"', enabled=False)
    debian.boot()
    debian.does("update-service", "--add", "/etc/sv/web")
    is_down(debian, "web")
    assert debian.path("/run/starts").read_text() == "x\n"
    debian.does("sh", "-c", "sed -i 's/exit .*/exec sleep 1000/' /etc/sv/web/run; sv start web")
    assert runs(debian, "web", "sleep")
    assert debian.path("/run/starts").read_text() == "x\nx\n"


def test_init_scripts_are_forwarded_to_sv(debian):
    """What lsb scripts source hands their action on to `sv`, while a runsvdir runs."""
    debian.service("cron", "exec cron -f")
    debian.boot()
    pid = runs(debian, "cron", "cron")
    assert debian.does("service", "cron", "status").startswith("run: cron: ")
    assert debian.does("service", "cron", "restart").startswith("ok: run: cron: ")
    assert runs(debian, "cron", "cron") != pid
    assert debian.does("/etc/init.d/cron", "stop").startswith("ok: down: cron: ")
    assert debian.does("service", "cron", "status").startswith("down: cron: ")


# -- getty -----------------------------------------------------------------------------------------------------------


def test_getty_lets_a_user_log_in(debian):
    """getty-run: a getty without a terminal disables itself, one with a terminal prompts for a login."""
    debian.boot()
    install(debian, "getty-run")
    debian.does("sh", "-c", "echo root:secret | chpasswd")
    runs(debian, "getty-tty1", "getty")
    gone = {f"getty-tty{n}" for n in range(2, 7)} | {"getty-ttyv0"}
    wait_until(lambda: not gone & supervised(debian), "those without a terminal have left")
    assert not gone & enabled(debian)
    wait_until(lambda: debian.said("clients login: "), "it asks")  # others write to this console, too

    def types(line):
        os.write(debian.master, line.encode() + b"\r")

    types("root")
    wait_until(lambda: debian.said("Password: "), "it asks for the password")
    types("secret")
    wait_until(lambda: debian.said(r"root@clients:\S*#"), "there is a shell")
    types("echo $((111 * 1001)); exit")
    wait_until(lambda: debian.said("111111"), "it answers")
    wait_until(lambda: sum("login: " in line for line in debian.lines) >= 2, "the next one is asked")
    runs(debian, "getty-tty1", "getty")
    assert "LOGIN" in debian.does("who", "-l", "/run/utmp")

    # ./finish records with utmpset that no user is logged in.
    debian.does("sv", "down", "getty-tty1")
    wait_until(lambda: "LOGIN" not in debian.does("who", "-l", "/run/utmp"), "the record says so")
    # Another process has started a getty: ./run exits 163, and ./finish takes the service down.
    debian.does("sh", "-c", "setsid agetty tty1 linux >/dev/null 2>&1 </dev/null & until pgrep -x agetty -t tty1; do sleep 0.05; done")
    debian.does("sv", "up", "getty-tty1")
    wait_until(lambda: debian.said("another getty already on tty1"), "it says so")
    is_down(debian, "getty-tty1")
