"""Debian's prometheus-node-exporter, whose runit collector reads supervise/status byte by byte."""

import os
import re
import socket
import urllib.error
import urllib.request

import pytest
from harness import ROOT, Status, control, wait_for_words, wait_until

EXPORTER = ROOT / "build/clients/unpacked/usr/bin/prometheus-node-exporter"
SAMPLE = re.compile(r'^node_service_(\w+)\{service="(\w+)",supervisor="runit"\} (\S+)$', re.MULTILINE)
STATES = ("down", "run", "finish")  # as numbers

pytestmark = pytest.mark.skipif(not EXPORTER.exists(), reason="NOTE: without node-exporter: ./dev test clients gets it")


@pytest.fixture
def scrape(world):
    """Starts the exporter on the services of the world; what it has measured now, as {service: {name: number}}."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    services = world.directory / "service"
    services.mkdir(exist_ok=True)
    world.start(EXPORTER, "--collector.disable-defaults", "--collector.runit", f"--collector.runit.servicedir={services}",
                f"--web.listen-address=127.0.0.1:{port}")  # fmt: skip

    def look():
        def answer():
            try:
                return urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10).read().decode()
            except (urllib.error.URLError, ConnectionError):
                return None

        text = wait_until(answer, "the exporter answers")
        assert 'node_scrape_collector_success{collector="runit"} 1' in text, text
        found = {}
        for name, service, number in SAMPLE.findall(text):
            found.setdefault(service, {})[name] = float(number)
        return found

    return look


def add(world, name, *arguments, **files):
    directory = world.service(f"sv/{name}", *arguments, **files)
    (world.directory / "service" / name).symlink_to(directory)
    return directory


def test_every_state_is_exported_as_sv_says_it(world, scrape):
    waits = "#!/bin/sh\ntrap 'exit 0' TERM\nwhile :; do sleep 0.05; done\n"
    deaf = "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 0.05; done\n"
    made = {
        "runs": add(world, "runs"),
        "asleep": add(world, "asleep", down=""),
        "once": add(world, "once", waits, down=""),
        "paused": add(world, "paused"),
        "deaf": add(world, "deaf", deaf),
        "finishing": add(world, "finishing", "#!/bin/sh\nexit 1\n", finish="#!/bin/sh\nexec sleep 1000\n"),
    }
    services = world.directory / "service"
    world.start("runsvdir", "-P", services)
    expected = {
        "runs": ("run", "run"), "asleep": ("down", "down"), "once": ("run, want down", "run"),
        "paused": ("run, paused", "run"), "deaf": ("run, got TERM, want down", "run"), "finishing": ("finish", "finish"),
    }  # fmt: skip
    for name in ("runs", "paused", "deaf"):
        wait_for_words(made[name], "run")
    wait_for_words(made["asleep"], "down")
    control(made["once"], "o")
    control(made["paused"], "p")
    control(made["deaf"], "d")
    for name, (words, _) in expected.items():
        wait_for_words(made[name], words)

    seen = scrape()
    assert set(seen) == set(made)
    for name, (_, state) in expected.items():
        status, metrics = Status(made[name]), seen[name]
        line = world.sv("status", services / name).stdout
        assert STATES[int(metrics["state"])] == state == status.now == line.partition(":")[0], (name, line)
        assert metrics["desired_state"] == (status.want == "u"), (name, line)
        assert ("want down" in line) == (not metrics["desired_state"] and state != "down"), line
        assert metrics["normal_state"] == 1, "it looks for supervise/down, which no runit ever makes"
        assert metrics["state_last_change_timestamp_seconds"] == status.since, name


def test_what_changes_is_exported_as_it_changes(world, scrape):
    web = add(world, "web", log__run="#!/bin/sh\nexec cat >/dev/null\n")
    services = world.directory / "service"
    world.start("runsvdir", "-P", services)
    wait_for_words(web, "run")
    before = scrape()["web"]
    assert before["state"] == 1
    assert world.sv("stop", services / "web").returncode == 0
    assert scrape()["web"]["state"] == 0
    assert world.sv("restart", services / "web").returncode == 0
    after = scrape()["web"]
    assert after["state"] == 1
    assert after["state_last_change_timestamp_seconds"] >= before["state_last_change_timestamp_seconds"]
    os.unlink(services / "web")
    wait_until(lambda: scrape() == {}, "it is gone")


def test_services_are_read_while_they_change(world, scrape):
    """A status file is whole at any moment: no scrape fails, and no state is one that there is not."""
    names = [f"s{n}" for n in range(20)]
    made = [add(world, name, "#!/bin/sh\nexit 0\n") for name in names]
    world.start("runsvdir", "-P", world.directory / "service")
    for directory in made:
        wait_until((directory / "supervise/status").exists, "it is supervised")
    for _ in range(50):
        seen = scrape()
        assert set(seen) == set(names)
        assert {metrics["state"] for metrics in seen.values()} <= {0, 1, 2}
