"""svctl on a service with timeout-kill, contain and the like: their values, what contains it, and a stop that goes on."""

import os
import re
import shutil
from pathlib import Path

import pytest
from harness import alive, control, pid_of, wait_until

CGROUP = next((d for d in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified") if Path(d, "cgroup.procs").exists()), "/nowhere")

# Starts a daemon that has left its session and its parent, and lets TERM pass both by.
DAEMON = "trap '' TERM\nsetsid sh -c 'sleep 1001 & echo $! >daemon'\n"
STUBBORN = f"#!/bin/sh\n{DAEMON}exec sleep 1000\n"
LEAVES_IT = f"#!/bin/sh\n{DAEMON}trap 'exit 0' USR1\necho >ready\nwhile :; do sleep 0.05; done\n"


def start(services, how, run, **files):
    """A runsv on the contained service web, which has started its daemon. Returns the directory and the daemon's pid."""
    directory = services.make("web", run, contain="")
    for name, value in files.items():
        (directory / name.replace("_", "-")).write_text(value)
    runsv = services.suite.path("runsv")
    if how == "cgroup":
        if os.geteuid() != 0 or not os.access(f"{CGROUP}/cgroup.procs", os.W_OK):
            pytest.skip("no cgroup can be made here")
        services.world.start(runsv, "web", cwd=services.directory)
    else:
        if os.geteuid() != 0:
            pytest.skip("needs root")
        hide = 'mount -t tmpfs none /sys/fs/cgroup && exec "$@"'
        services.world.start(shutil.which("unshare"), "-m", "sh", "-c", hide, "sh", runsv, "web", cwd=services.directory)
    file = directory / "daemon"
    wait_until(lambda: file.exists() and file.read_text().strip(), "the daemon")
    services.until_status("web", now="run")
    return directory, int(file.read_text())


@pytest.fixture
def contained(services):
    """Whatever a test leaves is ended, and the leaf removed."""
    yield services
    services.world.close()
    for file in services.directory.glob("*/daemon"):
        if alive(int(file.read_text())):
            os.kill(int(file.read_text()), 9)
        about = file.parent.stat()
        leaf = Path(CGROUP, f"runsv.{about.st_dev}.{about.st_ino}")
        if leaf.exists():
            wait_until(lambda leaf=leaf: not (leaf / "cgroup.procs").read_text(), "the leaf is empty")
            leaf.rmdir()


def told(services, label):
    return re.findall(rf"^ *{label}:  (.*)$", services.svctl("status", "web").stdout, re.M)


def report(services):
    [one] = services.json("status", "--json", "web")["services"]
    return one


def test_the_values_of_the_files(services):
    services.running("web")
    assert told(services, "values") == [] and report(services)["values"] == []
    (services.directory / "web/down-signal").write_text("QUIT\n")
    (services.directory / "web/timeout-kill").write_text("10 s\n")
    assert told(services, "values") == ["down-signal QUIT, timeout-kill '10 s' (not understood)"]
    assert report(services)["values"] == [{"file": "down-signal", "value": "QUIT", "understood": True},
                                          {"file": "timeout-kill", "value": "10 s", "understood": False}]


def test_a_service_is_contained_from_a_start_on(services):
    services.running("web")
    (services.directory / "web/contain").touch()
    assert told(services, "values") == ["contain (not yet: its ./run is older)"]
    assert report(services)["contained_by"] is None


@pytest.mark.parametrize("how", ["cgroup", "subreaper"])
def test_what_contains_it_and_a_stop_that_goes_on(contained, how):
    directory, daemon = start(contained, how, STUBBORN, timeout_kill="1h\n")
    assert told(contained, "values") == [f"timeout-kill 1h, contained by: {how}"]
    assert (report(contained)["contained_by"], report(contained)["stopping"]) == (how, None)
    control(directory, "d")
    contained.until_status("web", now="run", got_term=1)
    stopping = report(contained)["stopping"]
    assert {one["pid"] for one in stopping["alive"]} == {pid_of(directory), daemon}
    assert stopping["seconds"] < 600 and 3000 < stopping["kill_in"] <= 3600
    text = contained.svctl("status", "web").stdout
    assert re.search(r"^ +stopping for \d+\w*, KILL in \w+; still alive: ", text, re.M)
    assert f"{daemon} sleep 1001" in text


@pytest.mark.parametrize("how", ["cgroup", "subreaper"])
def test_what_run_has_left_is_still_alive(contained, how):
    directory, daemon = start(contained, how, LEAVES_IT, timeout_kill="1h\n")
    wait_until(lambda: (directory / "ready").exists(), "its trap")
    control(directory, "d1")
    contained.until_status("web", now="finish", pid=0)
    stopping = report(contained)["stopping"]
    assert stopping["alive"] == [{"pid": daemon, "command": "sleep 1001"}] and 3000 < stopping["kill_in"] <= 3600


def test_a_stop_of_any_service(any_services):
    any_services.running("web", "#!/bin/sh\ntrap '' TERM\nsleep 1000 &\necho >ready\nwait\n")
    directory = any_services.directory / "web"
    wait_until(lambda: (directory / "ready").exists(), "its trap")
    assert report(any_services)["stopping"] is None
    control(directory, "d")
    any_services.until_status("web", got_term=1)
    stopping = report(any_services)["stopping"]
    assert stopping["kill_in"] is None and pid_of(directory) in {one["pid"] for one in stopping["alive"]}
    assert len(stopping["alive"]) == 2 and stopping["seconds"] < 600


WAITS = "#!/bin/sh\ntrap '' TERM QUIT\nsleep 1000 &\necho >ready\nwait\n"


@pytest.mark.parametrize("command", ["stop", "restart"])
@pytest.mark.parametrize("files, expected", [
    ({}, r"TERM sent, 2 processes left … \d"),
    ({"timeout-kill": "1h\n"}, r"TERM sent, KILL in \w+, 2 processes left … \d"),
    ({"timeout-kill": "1h\n", "down-signal": "QUIT\n"}, r"QUIT sent, KILL in \w+, 2 processes left … \d")])
def test_a_terminal_shows_how_far_a_stop_is(services, command, files, expected):
    services.running("web", WAITS, **files)
    wait_until(lambda: (services.directory / "web/ready").exists(), "its trap")
    said, code = services.on_a_terminal(command, "--timeout", "1", "web")
    assert code == 6 and re.search(expected, said), said


def test_json_of_a_stop_that_is_not_over(services):
    services.running("web", WAITS, **{"timeout-kill": "1h\n"})
    wait_until(lambda: (services.directory / "web/ready").exists(), "its trap")
    [one] = services.json("stop", "--json", "--timeout", "1", "web")["services"]
    assert not one["met"] and 3000 < one["stopping"]["kill_in"] <= 3600 and len(one["stopping"]["alive"]) == 2
    os.kill(one["pid"], 9)
    services.until_status("web", now="down")
    [one] = services.json("stop", "--json", "web")["services"]
    assert one["met"] and one["stopping"] is None


@pytest.mark.parametrize("how", ["cgroup", "subreaper"])
@pytest.mark.parametrize("run", [STUBBORN, LEAVES_IT], ids=["runs", "has ended"])
def test_kill_all_ends_all_that_is_contained(contained, how, run):
    directory, daemon = start(contained, how, run, timeout_kill="1h\n")
    first = pid_of(directory)
    bystander = contained.world.start(shutil.which("sleep"), "1000")
    if run == LEAVES_IT:
        wait_until(lambda: (directory / "ready").exists(), "its trap")
        control(directory, "d1")
        contained.until_status("web", now="finish", pid=0)
    else:
        control(directory, "d")
        contained.until_status("web", got_term=1)
    said = contained.svctl("kill", "--all", "--timeout", "60", "web")
    assert (said.returncode, said.stderr) == (0, "")
    contained.until_status("web", now="down")
    assert not alive(daemon) and not alive(first) and bystander.poll() is None


def test_kill_all_of_what_is_not_contained_sends_nothing(services):
    services.running("web")
    pid = pid_of(services.directory / "web")
    said = services.svctl("kill", "--all", "web")
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr == ("svctl: web is not contained: no service was sent anything\n"
                           "svctl: send KILL to ./run alone: svctl kill web\n")
    assert alive(pid) and pid_of(services.directory / "web") == pid
    assert services.svctl("kill", "--all", "--signal", "HUP", "web").returncode == 2
