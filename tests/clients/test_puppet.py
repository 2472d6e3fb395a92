"""Puppet's runit provider, of Debian's puppet-agent: `puppet apply` on a Debian machine whose runit is ours."""

import re
import shutil

import pytest
from harness import wait_until

pytestmark = pytest.mark.skipif(shutil.which("puppet") is None, reason="NOTE: without Puppet: ./dev test clients gets it")


def apply(machine, manifest):
    """Applies a manifest and returns its changes, as {(service, attribute): change}."""
    done = machine.inside("puppet", "apply", "--color=false", "--detailed-exitcodes", "--execute", manifest, timeout=300,
                          env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8"})  # fmt: skip
    changes = re.findall(r"Service\[(\w+)\](?:/(\w+))?: (.*)$", done.stdout, re.MULTILINE)
    assert done.returncode == (2 if changes else 0), (done, machine.lines)  # 4 and 6 are failures
    return {(service, attribute): what for service, attribute, what in changes}


def service(name, **attributes):
    told = {"provider": "runit", **attributes}
    return "service { '%s': %s }\n" % (name, ", ".join(f"{key} => {value}" for key, value in told.items()))


def state(machine, name):
    return machine.inside("sv", "status", name).stdout.partition(":")[0]


def pid(machine, name):
    return machine.does("cat", f"/etc/service/{name}/supervise/pid")


def test_puppet_brings_services_into_their_states_and_leaves_them_there(debian):
    for name in ("off", "stays", "gone"):
        debian.service(name)
    debian.file("srv/daemons/fresh/run", "#!/bin/sh\nexec sleep 1000\n")
    debian.boot()
    for name in ("off", "stays", "gone"):
        wait_until(lambda: state(debian, name) == "run", f"{name} runs")
    stays = pid(debian, "stays")

    manifest = (
        service("fresh", ensure="running", enable="true", path="'/srv/daemons'")  # instead of /etc/sv
        + service("off", ensure="stopped", enable="true")
        + service("stays", ensure="running", enable="true")
        + service("gone", enable="false")
    )
    assert apply(debian, manifest) == {
        ("fresh", "ensure"): "ensure changed 'stopped' to 'running'",
        ("off", "ensure"): "ensure changed 'running' to 'stopped'",
        ("gone", "enable"): "enable changed 'true' to 'false'",
    }
    assert debian.does("readlink", "/etc/service/fresh") == "/srv/daemons/fresh\n"
    assert [state(debian, name) for name in ("fresh", "off", "stays")] == ["run", "down", "run"]
    assert debian.inside("test", "-h", "/etc/service/gone").returncode == 1
    wait_until(lambda: state(debian, "/etc/sv/gone") == "fail", "its supervisor has left")
    assert pid(debian, "stays") == stays

    assert apply(debian, manifest) == {}, "nothing changes twice"

    # Another resource notifies a service, and the other way round.
    fresh = pid(debian, "fresh")
    assert apply(debian, service("off", ensure="running") + service("stays", ensure="stopped", enable="false")
                 + service("fresh", ensure="running", path="'/srv/daemons'")
                 + "file { '/run/configuration': content => 'new', notify => Service['fresh'] }") == {
        ("off", "ensure"): "ensure changed 'stopped' to 'running'",
        ("stays", "ensure"): "ensure changed 'running' to 'stopped'",
        ("fresh", ""): "Triggered 'refresh' from 1 event",
    }  # fmt: skip
    assert state(debian, "off") == state(debian, "fresh") == "run"
    assert pid(debian, "fresh") != fresh
    assert debian.inside("test", "-h", "/etc/service/stays").returncode == 1, "disabled with its stop"
    wait_until(lambda: state(debian, "/etc/sv/stays") == "fail", "its supervisor has left")
