"""runwell and runwell-init in a Debian 12: in the place of its runit while services run, beside its other packages, and away
again."""

import os
import re
import subprocess

import pytest
from debian import OURS, Debian

from harness import ROOT, alive, wait_until

VERSION = re.search(r"project\(runwell VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text()).group(1)
RUNSVDIR = ("sh", "-c", "exec </dev/null >/dev/null 2>&1; /etc/runit/2 &")


@pytest.fixture
def debian(world):
    return Debian(world)


def ours(machine):
    """Whether sv in it is ours."""
    return machine.try_to("sv", "-V").stderr.startswith(f"runwell {VERSION}\n")


def is_of(pid, machine, program):
    """Whether the process runs the program as it lies on the disk now."""
    return os.path.samefile(f"/proc/{pid}/exe", machine.path(program))


def services_run(machine):
    """Starts Debian's way: /etc/runit/2, as runit would, with a service that has a logger."""
    machine.write("/run/runit.stopit", "", mode=0)
    machine.write("/etc/runit/no.emulate.sysv", "")
    machine.service("plain")
    machine.service(
        "logged", "#!/bin/sh\nmkfifo -m 600 /run/line 2>/dev/null\nwhile read -r line; do echo $line; done <>/run/line\n",
        log__run="#!/bin/sh\nmkdir -p /var/log/logged\nexec svlogd /var/log/logged\n",
    )  # fmt: skip
    machine.run(*RUNSVDIR)
    pids = {name: machine.pid_of(name) for name in ("plain", "logged", "logged/log")}
    wait_until(lambda: len(machine.named("runsv")) >= 2, "two supervisors")
    pids.update({f"runsv {pid}": pid for pid in machine.named("runsv") if "default-syslog" not in command(pid)})
    pids.update({f"runsvdir {pid}": pid for pid in machine.named("runsvdir")})
    assert len(pids) == 6, pids
    return pids


def command(pid):
    with open(f"/proc/{pid}/cmdline") as file:
        return file.read()


def assert_all_live(pids):
    assert {name for name, pid in pids.items() if not alive(pid)} == set()


def log(machine, line):
    """Makes the service print a line, and waits until it is in the log."""
    machine.sh(f"timeout 60 sh -c 'echo {line} >/run/line'")
    wait_until(lambda: line in machine.path("/var/log/logged/current").read_text(), "the line is in the log")


# -- the packages themselves --------------------------------------------------------------------------------------------


def test_the_packages_have_the_version_of_the_tree():
    assert [p.name for p in OURS] == [f"{name}_{VERSION}_amd64.deb" for name in ("runwell-init", "runwell-svctl", "runwell")]
    changelog = (ROOT / "debian/changelog").read_text()
    assert changelog.startswith(f"runwell ({VERSION}) ")
    assert re.search(r"^## (\S+)", (ROOT / "CHANGES.md").read_text(), re.M).group(1) == VERSION


def test_what_a_package_depends_on_is_no_library():
    """The programs are static, so that the package goes into any release."""
    for package in OURS:
        if "svctl" in package.name:
            continue
        depends = subprocess.run(["dpkg-deb", "-f", package, "Depends"], capture_output=True, text=True, check=True).stdout
        assert "libc6" not in depends, package


# -- in the place of runit ---------------------------------------------------------------------------------------------


def test_it_takes_the_place_of_runit_while_services_run(debian):
    machine = debian.boot()
    pids = services_run(machine)
    assert not ours(machine)

    said = machine.install("runwell")
    assert "Removing runit (2.1.2-54), to allow configuration of runwell" in said
    assert machine.state("runwell") == "installed" and machine.state("runit") != "installed"
    assert ours(machine)
    assert_all_live(pids)
    assert machine.run("sv", "status", "plain", "logged").count("run: ") == 3
    log(machine, "under-the-old-supervisor")

    # The old supervisors obey the new sv; programs that they start from now on are new.
    machine.run("sv", "restart", "plain")
    assert machine.pid_of("plain") != pids.pop("plain")
    machine.run("sv", "restart", "logged/log")
    machine.service("later")
    later = machine.pid_of("later")
    (supervisor,) = [pid for pid in machine.named("runsv") if command(pid).endswith("\0later\0")]
    assert alive(later) and is_of(supervisor, machine, "/usr/bin/runsv")
    log(machine, "under-the-new-logger")
    logger = machine.pid_of("logged/log")
    assert logger != pids.pop("logged/log") and is_of(logger, machine, "/usr/bin/svlogd")
    assert_all_live(pids)

    # A runit that is purged takes its configuration with it, and not ours.
    machine.run("dpkg", "--purge", "runit")
    assert_all_live(pids)
    assert os.readlink(machine.path("/etc/runit/runsvdir/current")) == "/etc/runit/runsvdir/default"
    assert machine.run("sv", "status", "plain").startswith("run: plain: ")
    for path in ("/etc/runit/2", "/etc/sv/svlogd/run", "/etc/default/runit"):
        assert machine.path(path).is_file(), path
    assert machine.run("dpkg", "--verify", "runwell") == ""


def test_the_way_back(debian):
    machine = debian.boot()
    pids = services_run(machine)
    machine.install("runwell")
    machine.run("dpkg", "--remove", "runwell")
    assert machine.state("runwell") == "config-files" and not ours(machine)
    machine.install("runit")
    assert_all_live(pids)
    assert machine.state("runit") == "installed"
    wait_until(lambda: machine.try_to("sv", "status", "plain").stdout.startswith("run: plain: "), "the services are there")
    machine.run("dpkg", "--purge", "runwell")
    assert_all_live(pids)
    assert machine.path("/etc/runit/runsvdir/current").is_symlink()
    assert machine.path("/etc/runit/2").is_file() and machine.path("/etc/sv/svlogd/run").is_file()
    log(machine, "still-there")


def test_a_changed_configuration_stays(debian):
    machine = debian.boot()
    machine.sh("echo '# mine' >>/etc/runit/2; echo VERBOSE=1 >/etc/default/runit")
    machine.install("runwell")
    assert machine.path("/etc/runit/2").read_text().endswith("# mine\n")
    assert machine.path("/etc/default/runit").read_text() == "VERBOSE=1\n"
    machine.sh("echo '# still' >>/etc/sv/svlogd/run")
    machine.install("runwell")
    machine.run("dpkg", "--remove", "runwell")
    assert machine.path("/etc/sv/svlogd/run").read_text().endswith("# still\n")


def test_a_purge_leaves_nothing(debian):
    machine = debian.boot()
    machine.run("dpkg", "--purge", "runit")
    machine.sh("rm -rf /etc/runit /etc/sv /etc/service /run/runit")
    # Users are never removed: their files may be anywhere.
    machine.sh("adduser --system --quiet --group --no-create-home --home /nonexistent _runit-log || true")
    look = "find / -xdev -path /proc -prune -o -path /mnt -prune -o -path /var/lib/dpkg -prune -o -path /var/log -prune -o -print | sort"
    before = machine.sh(look)
    machine.install("runwell")
    assert os.readlink(machine.path("/etc/service")) == "runit/runsvdir/current"
    assert machine.path("/etc/runit/runsvdir/default/default-syslog").is_symlink()
    assert "_runit-log" in machine.path("/etc/passwd").read_text()
    machine.run("dpkg", "--purge", "runwell")
    assert set(machine.sh(look).splitlines()) - set(before.splitlines()) == set()


# -- beside the packages of Debian ---------------------------------------------------------------------------------------


def test_packages_that_want_runit_take_it(debian):
    machine = debian.boot()
    machine.install("runwell")
    machine.write("/usr/sbin/cron", "#!/bin/sh\nexec sleep 100000\n")
    machine.write("/run/runit.stopit", "", mode=0)
    machine.run(*RUNSVDIR)
    machine.install("getty-run", "runit-run", "socklog", "socklog-run", "runit-services")
    for package in ("getty-run", "runit-run", "socklog-run", "runit-services"):
        assert machine.state(package) == "installed"
    assert machine.run("dpkg", "--audit") == ""

    # socklog's services, its loggers, and the services that wait for a system logger.
    machine.pid_of("socklog-unix")
    machine.run("sv", "-w", "60", "check", "socklog-unix")
    machine.run("sv", "-w", "60", "start", "default-syslog")
    machine.sh("logger -u /dev/log told-to-the-system")
    logs = machine.path("/var/log/runit/socklog")
    wait_until(lambda: any("told-to-the-system" in p.read_text() for p in logs.rglob("current")), "the message is in a log")

    # A service of runit-services, whose program is installed: copied to /etc/sv, enabled, run by invoke-run.
    cron = machine.pid_of("cron")
    assert command(cron) == "sleep\x00100000\x00"
    assert machine.run("cpsv", "l").splitlines().count("[i]: cron") == 1
    machine.path("/usr/sbin/cron").unlink()
    machine.run("/lib/runit/trigger_sv", "setup")
    wait_until(lambda: not alive(cron), "a service without its program ends")
    assert not machine.path("/etc/runit/runsvdir/default/cron").is_symlink()

    # … and when a package goes, its services do.
    socklog = machine.pid_of("socklog-unix")
    machine.run("dpkg", "--purge", "socklog-run")
    wait_until(lambda: not alive(socklog), "the service of a removed package ends")


def test_an_upgraded_program_has_its_service_restarted(debian):
    machine = debian.boot()
    machine.install("runwell")
    machine.write("/run/runit.stopit", "", mode=0)
    machine.write("/usr/sbin/served", "#!/bin/sh\nexec sleep 100000\n")
    for name, how in (("again", "restart"), ("left", "nothing")):
        machine.service(name, "#!/bin/sh\nexec served\n")
        machine.write(f"/etc/sv/{name}/.meta/bin", "/usr/sbin/served\n")
        machine.write(f"/etc/sv/{name}/.meta/onupgrade", how)
        machine.write(f"/etc/sv/{name}/.meta/wtime", "1\n")
    machine.run(*RUNSVDIR)
    pids = {name: machine.pid_of(name) for name in ("again", "left")}
    machine.run("/lib/runit/trigger_sv", "upgrade")
    assert machine.pid_of("left") == pids["left"] and machine.pid_of("again") != pids["again"]
    again = machine.pid_of("again")
    machine.run("/lib/runit/trigger_sv", "upgrade")
    assert machine.pid_of("again") == again


# -- what comes with it: update-service, cpsv, invoke-run, finish-exec, the logger for all ---------------------------------


@pytest.fixture
def installed(debian):
    machine = debian.boot()
    machine.install("runwell")
    return machine


def test_update_service(installed):
    machine, link = installed, installed.path("/etc/runit/runsvdir/default/web")
    machine.write("/etc/sv/web/run", "#!/bin/sh\nexec sleep 1000\n")
    machine.write("/etc/sv/web/log/run", "#!/bin/sh\nexec cat\n")

    def update(*words, code=0, env=None):
        done = machine.try_to("update-service", *words, env=env)
        assert done.returncode == code, done
        return done.stdout + done.stderr

    assert update("--add", "/etc/sv/web") == "Service web added.\n"
    assert os.readlink(link) == "/etc/sv/web"
    assert os.readlink(machine.path("/etc/sv/web/supervise")) == "/run/runit/supervise/web"
    assert os.readlink(machine.path("/etc/sv/web/log/supervise")) == "/run/runit/supervise/web.log"
    assert update("--add", "/etc/sv/web/") == "Service web is there already.\n"
    assert update("--list", "web") == "web -> /etc/sv/web\n" and "web\n" in update("-l")
    assert update("--check", "web") == "" and update("--check", "nope", code=1) == ""
    assert update("--list", "nope", code=1) == "Service nope is not there.\n"

    assert update("--remove", "/etc/sv/web").startswith("Service web removed")
    assert not link.is_symlink() and os.readlink(link.with_name(".web")) == "/etc/sv/web"
    assert "is not there" in update("--remove", "/etc/sv/web", code=1)
    update("defaults", "/etc/sv/web")  # a package does not overrule a person
    assert not link.is_symlink()
    update("--add", "/etc/sv/web")
    assert link.is_symlink() and not link.with_name(".web").is_symlink()
    update("defaults-disabled", "/etc/sv/web")
    assert link.is_symlink()
    update("-r", "/etc/sv/web", "web")
    update("-a", "/etc/sv/web", "site")
    assert os.readlink(link.with_name("site")) == "/etc/sv/web"
    assert "does not lead to" in update("--add", "/etc/sv/default-syslog", "site", code=1)

    update("--noauto", "/etc/sv/web")
    assert machine.path("/etc/sv/web/down").exists() and "already" in update("-n", "/etc/sv/web", code=1)
    update("--auto", "/etc/sv/web")
    assert not machine.path("/etc/sv/web/down").exists() and "already" in update("-u", "/etc/sv/web", code=1)

    for words in ((), ("--add",), ("--nonsense", "/etc/sv/web")):
        assert "usage: update-service" in update(*words, code=1)
    assert "must begin with a slash" in update("-a", "web", code=1)
    assert "is not a directory" in update("-a", "/etc/sv/nope", code=1)
    assert "must not begin with a dot" in update("-a", "/etc/sv/web", ".web", code=1)
    assert "must not have a slash" in update("-a", "/etc/sv/web", "a/b", code=1)
    machine.sh("mkdir /srv/service")
    update("-a", "/etc/sv/web", env={"SVDIR": "/srv/service"})
    assert machine.path("/srv/service/web").is_symlink()


def test_cpsv(installed):
    machine = installed
    source = "/usr/share/runit/sv/web"
    machine.write(f"{source}/run", "#!/bin/sh\nexec web\n")
    for name, content in (("bin", "/usr/sbin/web\n"), ("logscript", ""), ("finish", "")):
        machine.write(f"{source}/.meta/{name}", content)
    machine.sh(f"mkdir {source}/log")

    def cpsv(*words, code=0):
        done = machine.try_to("cpsv", *words)
        assert done.returncode == code, done
        return done.stdout + done.stderr

    assert cpsv("l") == "" and cpsv("s") == ""  # there is no program
    machine.write("/usr/sbin/web", "#!/bin/sh\n")
    assert cpsv("l") == "[a]: web\n"
    cpsv("a", "web")
    directory = machine.path("/etc/sv/web")
    links = {"supervise": "/run/runit/supervise/web", "log/supervise": "/run/runit/supervise/web.log",
             "log/run": "/etc/sv/svlogd/run", "finish": "/lib/runit/finish-exec"}  # fmt: skip
    assert {name: os.readlink(directory / name) for name in links} == links
    assert cpsv("l") == "[i]: web\n" and cpsv("d", "web") == "" and cpsv("a", "web") == ""
    machine.sh("echo '# mine' >>/etc/sv/web/run")
    assert cpsv("l") == "[l]: web\n" and "+# mine" in cpsv("d", "web", code=1)
    assert "was changed here" in cpsv("s", code=1) and "# mine" in (directory / "run").read_text()
    cpsv("-f", "s")
    assert cpsv("l") == "[i]: web\n"
    machine.path("/usr/sbin/web").unlink()
    assert cpsv("l") == "[p]: web\n"
    assert "no package has a service" in cpsv("a", "nope", code=1)
    assert "no package has a service" in cpsv("d", "nope", code=1)
    assert "there is no service nope" in cpsv("p", "nope", code=1)
    for words in ((), ("a",), ("x",), ("p",), ("p", "a", "b"), ("s", "web")):
        assert "usage: cpsv" in cpsv(*words, code=1)


def test_invoke_run_and_finish_exec(installed):
    machine = installed
    machine.write("/run/runit.stopit", "", mode=0)
    run = "#!/usr/bin/env /lib/runit/invoke-run\nenv >/run/$NAME.new\nmv /run/$NAME.new /run/$NAME.env\n"
    finish = '#!/bin/sh\nexec /lib/runit/finish-exec "$@"\n'
    machine.write("/etc/default/set", 'COLOUR=green\nSHADE="dark $COLOUR$NOT_SET"\n')
    machine.service("set", run + "exec sleep 100000\n", env__SIZE="12\n")
    machine.service("off", run + "exit 161\n", finish=finish)
    machine.service("gone", run + "exec sleep 100000\n", **{".meta__bin": "/usr/sbin/gone\n"})
    machine.service("left", run + "exec sleep 100000\n", **{".meta__installed": ""})
    machine.service("denied", run + "exec sleep 100000\n")
    machine.write("/usr/sbin/policy-rc.d", '#!/bin/sh\n[ "$1" != denied ] || exit 101\n')
    machine.write("/etc/init.d/old", '#!/bin/sh\necho "$@" >>/run/old\n')
    machine.service("old", run + "exec sleep 100000\n")
    machine.run(*RUNSVDIR)
    for name in ("set", "off"):
        wait_until(machine.path(f"/run/{name}.env").exists, f"the environment of {name}")
    values = machine.path("/run/set.env").read_text().splitlines()
    assert {"COLOUR=green", "SHADE=dark green", "SIZE=12", "NAME=set"} <= set(values)
    for name in ("off", "gone", "left", "denied"):
        machine.run("sv", "-w", "60", "down", name)
        wait_until(lambda name=name: machine.run("sv", "status", name).startswith("down: "), f"{name} is down")
        assert "want up" not in machine.run("sv", "status", name)
    for name in ("gone", "left", "denied"):
        assert not machine.path(f"/run/{name}.env").exists(), name
    wait_until(machine.path("/run/old.env").exists, "the script of init.d has been asked")
    assert machine.path("/run/old").read_text().splitlines()[0] == "stop --force-sysv"
    assert "usage: " in machine.try_to("/lib/runit/invoke-run").stderr


def test_the_logger_for_all(installed):
    machine = installed
    machine.service("chatty", "#!/bin/sh\necho said\nexec sleep 100000\n")
    machine.sh("mkdir /etc/sv/chatty/log; ln -s /etc/sv/svlogd/run /etc/sv/chatty/log/run; echo n3 >/etc/sv/svlogd/log.config")
    machine.write("/run/runit.stopit", "", mode=0)
    machine.run(*RUNSVDIR)
    current = machine.path("/var/log/runit/chatty/current")
    wait_until(lambda: current.exists() and re.fullmatch(r"\d{4}-\d\d-\d\d_\S+ said\n", current.read_text()), "the line is in the log")
    assert machine.sh("stat -c %U:%a /var/log/runit/chatty").strip() == "_runit-log:750"
    assert machine.path("/var/log/runit/chatty/config").read_text() == "n3\n"


def test_a_script_of_init_d_is_done_by_sv(installed):
    machine = installed
    machine.write("/run/runit.stopit", "", mode=0)
    machine.service("web")
    machine.write("/etc/init.d/web", '#!/bin/sh\n. /lib/lsb/init-functions.d/40-runit\necho "script $1"\n')
    machine.write("/etc/init.d/other", '#!/bin/sh\n. /lib/lsb/init-functions.d/40-runit\necho "script $1"\n')
    machine.run(*RUNSVDIR)
    web = machine.pid_of("web")
    assert machine.run("/etc/init.d/other", "start") == "script start\n"
    assert machine.run("/etc/init.d/web", "status").startswith("run: web: ")
    machine.run("/etc/init.d/web", "restart")
    assert machine.pid_of("web") != web
    assert "nothing that sv does" in machine.run("/etc/init.d/web", "dance")
    assert machine.run("/etc/init.d/web", "start", "--force-sysv") == "script start\n"
    machine.path("/etc/runit/lsb.runit.mask").touch()
    assert machine.run("/etc/init.d/web", "stop") == "" and machine.pid_of("web")
    machine.path("/etc/runit/lsb.runit.sysv").touch()
    assert machine.run("/etc/init.d/web", "stop") == "script stop\n"


# -- as PID 1 ------------------------------------------------------------------------------------------------------------

INIT = ("insserv", "startpar", "sysv-rc", "initscripts", "getty-run")


def prepare_to_boot(machine, *packages):
    """Installs into the layer of a machine that is not booted yet; the layer stays for the next machine."""
    machine.install(*packages)
    machine.sh("rm -f /etc/rc?.d/* /etc/runit/runsvdir/default/getty-* /etc/rcS.d/*")
    machine.service("plain")


def test_it_is_pid_1_from_stage_1_to_the_end(debian):
    machine = debian
    machine.boot("/bin/sh", "-c", "mkfifo /run/go; read -r _ </run/go; exec /sbin/init")
    wait_until(lambda: machine.path("/run/go").exists(), "the way to go on")
    prepare_to_boot(machine, *INIT, "runwell", "runwell-init")
    machine.write("/etc/rcS.d/S01first", "#!/bin/sh\necho first $1 >>/run/order\n")
    machine.write("/etc/rc2.d/S01script", "#!/bin/sh\necho script $1 >>/run/order\n")
    machine.write("/etc/rc6.d/K01script", "#!/bin/sh\necho script $1 level $(runlevel) >>/var/order\n")
    assert machine.run("runlevel") == "N 2\n"
    machine.sh("echo >/run/go")
    plain = machine.pid_of("plain")
    assert os.path.samefile(f"/proc/{machine.pid}/exe", machine.path("/sbin/runit"))
    wait_until(lambda: "script start\n" in machine.path("/run/order").read_text(), "the scripts of rc2.d")
    assert machine.path("/run/order").read_text() == "first start\nscript start\n"
    assert machine.sh("stat -c %a /run/runit.stopit /run/runit.reboot").split() == ["0", "0"]
    upper = os.open(machine.path("/var"), os.O_PATH)
    machine.try_to("reboot")
    assert machine.ends() == "reboot"
    assert not alive(plain)
    with open(os.open("order", os.O_RDONLY, dir_fd=upper)) as order:
        assert order.read() == "script stop level N 6\n"
    os.close(upper)
    assert b"enter stage: /etc/runit/3" in machine.output


def test_it_replaces_runit_init_while_that_is_pid_1(debian):
    machine = debian
    machine.boot("/bin/sh", "-c", "mkfifo /run/go; read -r _ </run/go; exec /sbin/init")
    wait_until(lambda: machine.path("/run/go").exists(), "the way to go on")
    prepare_to_boot(machine, *INIT, "runit-init")
    machine.sh("echo >/run/go")
    plain = machine.pid_of("plain")
    assert is_of(machine.pid, machine, "/sbin/runit")
    machine.install("runwell-init", "runwell")
    assert machine.state("runit-init") != "installed" and machine.state("runwell-init") == "installed"
    assert alive(plain) and alive(machine.pid) and not is_of(machine.pid, machine, "/sbin/runit")
    assert machine.run("sv", "status", "plain").startswith("run: plain: ")
    # The new command sends its request to the old PID 1, whose last stage is the new one.
    machine.try_to("poweroff")
    assert machine.ends() == "power off"
    assert b"Stopping the services" in machine.output


def test_one_cannot_be_had_without_the_other(debian):
    """runit-init of Debian needs the runit of Debian; and ours needs no other init system beside it."""
    machine = debian.boot()
    machine.install(*INIT, "runit-init")
    done = machine.try_to("dpkg", "--install", machine._file("runwell"))
    assert done.returncode != 0 and "runit-init" in done.stderr
    assert machine.state("runit") == "installed" and machine.state("runit-init") == "installed"
