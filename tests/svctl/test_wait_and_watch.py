"""svctl wait and svctl watch: events, and no wake-ups without one."""

import json
import os
import shutil
import signal

import harness
import pytest
from harness import control, is_waiting, wait_until


def start(services, *arguments, trace=None):
    """svctl in the background; what it says goes to svctl.out, or NAME.out of the trace."""
    environment = harness.ours().environment(SVDIR=services.directory, TZ="UTC", LC_ALL="C.UTF-8")
    return services.world.start("svctl", *arguments, env=environment)


def said(services):
    return (services.world.directory / "svctl.out").read_text()


def switches(process):
    text = open(f"/proc/{process.pid}/status").read()
    return int(text.split("voluntary_ctxt_switches:")[1].split()[0])


# -- wait -------------------------------------------------------------------------------------------------------------


def test_what_is_so_already_is_not_waited_for(any_services):
    any_services.running("web")
    assert any_services.svctl("wait", "web").returncode == 0
    assert any_services.svctl("wait", "--up", "web").stdout.startswith("web: up, process ")
    any_services.supervise("idle", down="")
    assert any_services.svctl("wait", "--down", "idle").returncode == 0


def test_it_returns_when_it_comes_up(any_services):
    any_services.supervise("web", down="")
    waiting = start(any_services, "wait", "web")
    wait_until(lambda: is_waiting(waiting), "it waits")
    control(any_services.directory / "web", "u")
    assert waiting.wait(timeout=harness.DEADLINE) == 0


def test_it_returns_when_it_goes_down(any_services):
    any_services.running("web")
    waiting = start(any_services, "wait", "--down", "web")
    wait_until(lambda: is_waiting(waiting), "it waits")
    control(any_services.directory / "web", "d")
    assert waiting.wait(timeout=harness.DEADLINE) == 0


def test_a_service_that_runs_once_is_up(services):
    services.supervise("web", down="")
    control(services.directory / "web", "o")
    assert services.svctl("wait", "web", "--timeout", "30").returncode == 0


def test_a_supervisor_is_waited_for(any_services):
    any_services.make("web")
    waiting = start(any_services, "wait", "web")
    wait_until(lambda: is_waiting(waiting), "it waits")
    any_services.running("web")
    assert waiting.wait(timeout=harness.DEADLINE) == 0


def test_a_supervisor_whose_directory_is_behind_a_link_is_waited_for(any_services):
    directory = any_services.make("web")
    (any_services.world.directory / "elsewhere").mkdir()
    (directory / "supervise").symlink_to(any_services.world.directory / "elsewhere/web")
    waiting = start(any_services, "wait", "web")
    wait_until(lambda: is_waiting(waiting), "it waits")
    any_services.running("web")
    assert waiting.wait(timeout=harness.DEADLINE) == 0


def test_what_nobody_looks_after_is_down(services):
    services.make("web")
    assert services.svctl("wait", "--down", "web").returncode == 0


def test_the_time_is_over(services):
    services.fake("web", want="d", down="")
    said = services.svctl("wait", "web", "--timeout", "0.1")
    assert said.returncode == 6
    assert said.stderr.splitlines()[0] == "svctl: web: not up after 0.1 s: down, wanted down"


def test_both_ways_at_once_is_ambiguous(services):
    services.fake("web")
    assert services.svctl("wait", "--up", "--down", "web").returncode == 2


def test_wait_wakes_for_nothing(services):
    services.fake("web", want="d")
    waiting = start(services, "wait", "web")
    wait_until(lambda: is_waiting(waiting), "it waits")
    before = switches(waiting)
    assert harness.stays(lambda: waiting.poll() is None, 1.5)
    assert switches(waiting) == before


# -- watch ------------------------------------------------------------------------------------------------------------


def events(services):
    """The complete lines of --json so far."""
    return [json.loads(line) for line in said(services).splitlines(keepends=True) if line.endswith("\n")]


def watch(services, *arguments):
    process = start(services, "watch", *arguments)
    wait_until(lambda: is_waiting(process) or process.poll() is not None, "it watches")
    assert process.poll() is None, services.world.errors("svctl")
    return process


def test_a_change_is_a_line(any_services):
    any_services.supervise("web", down="")
    watch(any_services)
    control(any_services.directory / "web", "u")
    wait_until(lambda: "  web: run, process " in said(any_services), "it runs")
    control(any_services.directory / "web", "d")
    wait_until(lambda: "  web: down" in said(any_services), "it is down")


def test_json_says_what_was_before(any_services):
    any_services.running("web")
    pid = harness.pid_of(any_services.directory / "web")
    watch(any_services, "--json")
    control(any_services.directory / "web", "d")
    last = wait_until(lambda: [e for e in events(any_services) if e["state"] == "down"], "it is down")[0]
    assert (last["event"], last["name"], last["pid"]) == ("changed", "web", None)
    assert events(any_services)[0]["before"]["pid"] == pid


def test_services_come_and_go(services):
    services.fake("web", want="d")
    watch(services, "--json")
    made = services.world.directory / "made"
    made.mkdir()
    (services.directory / "new").symlink_to(made)
    wait_until(lambda: [e for e in events(services) if (e["event"], e["name"]) == ("appeared", "new")], "new appears")
    (services.directory / "new").unlink()
    wait_until(lambda: [e for e in events(services) if (e["event"], e["name"]) == ("vanished", "new")], "new vanishes")


def test_a_service_that_appears_is_watched(any_services):
    watch(any_services, "--json")
    any_services.running("web")
    wait_until(lambda: [e for e in events(any_services) if e["name"] == "web" and e["state"] == "run"], "web runs")


def test_log_services_are_watched_too(any_services):
    any_services.running("web", log__run="#!/bin/sh\nexec cat >/dev/null\n")
    any_services.until_status("web/log", now="run")
    watch(any_services, "--json")
    control(any_services.directory / "web/log", "t")
    wait_until(lambda: [e for e in events(any_services) if e["name"] == "web/log"], "the logger changes")


def test_a_supervisor_that_is_killed_is_told(any_services):
    process = any_services.running("web")
    watch(any_services, "--json")
    process.kill()
    wait_until(lambda: [e for e in events(any_services) if e["state"] == "unsupervised"], "the supervisor has gone")


def test_initial_is_how_they_are(services):
    services.fake("web", want="d")
    services.fake("db", pid=1, phase=1)
    watch(services, "--json", "--initial")
    assert [(e["event"], e["name"], e["state"]) for e in events(services)] == [
        ("found", "db", "run"), ("found", "web", "down")]


def test_only_what_was_asked_for(services):
    services.fake("web", want="d")
    services.fake("db", want="d")
    watch(services, "--json", "--initial", "w*")
    assert [e["name"] for e in events(services)] == ["web"]
    assert services.svctl("watch", "nothing").returncode == 4


def test_watch_wakes_for_nothing(services):
    """Nor when another process reads the services."""
    for name in ("a", "b", "c"):
        services.fake(name, want="d")
    process = watch(services)
    before = switches(process)
    services.svctl("list")
    assert harness.stays(lambda: process.poll() is None, 1.5)
    assert switches(process) == before


def test_who_may_not_listen_is_told_so(services):
    if os.geteuid() != 0:
        pytest.skip("needs root")
    services.fake("web")
    (services.directory / "web/supervise").chmod(0o700)
    services.world.directory.chmod(0o755)
    said = services.svctl("watch", user=65534, group=65534, extra_groups=[])
    assert said.returncode == 5
    assert said.stderr.splitlines() == [
        "svctl: no service lets this user listen", f"svctl: listen as root: sudo svctl --svdir {services.directory} watch"]


def test_many_that_may_not_be_listened_to_are_one_line(services):
    if os.geteuid() != 0:
        pytest.skip("needs root")
    for name in ("a", "b", "c", "open"):
        services.fake(name)
        (services.directory / name / "supervise").chmod(0o755 if name == "open" else 0o700)
        (services.directory / name / "supervise/ok").chmod(0o666)
    for path in (services.world.directory, services.directory):
        path.chmod(0o755)
    process = services.world.start("svctl", "watch", "--initial", user=65534, group=65534, extra_groups=[],
                                   env=harness.ours().environment(SVDIR=services.directory))
    wait_until(lambda: "listen as root" in services.world.errors("svctl"), "it says so")
    assert services.world.errors("svctl").splitlines()[0] == "svctl: 3 services do not let this user listen"
    assert process.poll() is None


def test_the_tree_may_vanish_too(services):
    services.fake("web", want="d")
    process = watch(services, "--json")
    shutil.rmtree(services.directory / "web")
    wait_until(lambda: [e for e in events(services) if e["event"] == "vanished"], "it vanishes")
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=harness.DEADLINE) == -signal.SIGINT


def test_a_supervisor_that_opens_ok_last_is_heard(services):
    """As runit's does: the status exists, and the FIFO, and only then does it open it."""
    services.fake("web", pid=1, phase=1, ok=False)
    waiting = start(services, "wait", "web")
    wait_until(lambda: is_waiting(waiting), "it waits")
    services.held.append(os.open(services.directory / "web/supervise/ok", os.O_RDONLY | os.O_NONBLOCK))
    assert waiting.wait(timeout=harness.DEADLINE) == 0
