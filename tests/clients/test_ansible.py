"""Ansible's community.general.runit, of Debian's packages, on services that runsvdir supervises."""

import json
import os
import shutil

import pytest
from harness import ROOT, Status, pid_of, wait_until

COLLECTIONS = ROOT / "build/clients/unpacked/usr/lib/python3/dist-packages"

pytestmark = pytest.mark.skipif(
    shutil.which("ansible-playbook") is None or not (COLLECTIONS / "ansible_collections").is_dir(),
    reason="NOTE: without Ansible: ./dev test clients gets it",
)


class Ansible:
    """Plays tasks on this machine. A task is the arguments of community.general.runit, and returns its result."""

    def __init__(self, world):
        self.world = world
        self.services = world.directory / "service"
        self.source = world.directory / "sv"
        self.services.mkdir()
        self.source.mkdir()
        self.environment = world.suite.environment(
            HOME=world.directory, ANSIBLE_COLLECTIONS_PATH=COLLECTIONS, ANSIBLE_LOCALHOST_WARNING="False", LC_ALL="C.UTF-8",
            SVWAIT=2,
        )  # fmt: skip

    def supervise(self):
        self.world.start("runsvdir", "-P", self.services, env=self.world.suite.environment())

    def service(self, name, *arguments, linked=False, **files):
        directory = self.world.service(f"sv/{name}", *arguments, **files)
        if linked:
            (self.services / name).symlink_to(directory)
        return directory

    def play(self, *tasks):
        """The results of the tasks, in order; one that fails does not keep the others from being played."""
        play = []
        for n, task in enumerate(tasks):
            task = {"name": "web", "service_dir": str(self.services), "service_src": str(self.source), **task}
            check = task.pop("check_mode", False)
            play.append({"community.general.runit": task, "register": f"result{n}", "ignore_errors": True, "check_mode": check})
        results = "[" + ", ".join(f"result{n}" for n in range(len(tasks))) + "]"
        answer = self.world.directory / "answer"
        play.append({"copy": {"dest": str(answer), "content": "{{ %s | to_json }}" % results}})
        book = [{"hosts": "localhost", "gather_facts": False, "tasks": play,
                 "vars": {"ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3"}}]  # fmt: skip
        self.world.write("playbook", json.dumps(book))
        done = self.world.run(shutil.which("ansible-playbook"), "-i", "localhost,", "playbook", env=self.environment, timeout=240)
        assert done.returncode == 0, (done.stdout, done.stderr)
        return [Result(**one) for one in json.loads(answer.read_text())]


class Result:
    """What the module has answered."""

    def __init__(self, changed=False, sv=None, msg="", **_):
        self.changed, self.sv, self.message = changed, sv or {}, msg
        self.state, self.pid, self.text = (self.sv.get(name) for name in ("state", "pid", "full_state"))


@pytest.fixture
def ansible(world):
    return Ansible(world)


def test_every_state_and_nothing_changes_twice(ansible):
    counts = "#!/bin/sh\necho x >>starts\ntrap 'echo x >>hups' HUP\nwhile :; do sleep 0.05; done\n"
    web = ansible.service("web", counts, log__run="#!/bin/sh\nexec svlogd .\n")
    ansible.supervise()
    results = ansible.play(
        {"state": "stopped"},  # of a service that is not enabled
        {"enabled": True, "state": "started"},  # at once: no supervisor looks only every five seconds
        {"enabled": True, "state": "started"},
        {"state": "restarted"},
        {"state": "reloaded"},
        {"state": "stopped", "check_mode": True},
        {"enabled": False, "check_mode": True},
        {"state": "stopped"},
        {"state": "stopped"},
        {"state": "started"},
        {"state": "once"},
        {"state": "killed"},
        {"enabled": False},
        {"enabled": False},
    )
    what = [(result.changed, result.state) for result in results]
    assert what == [
        (False, "unknown"), (True, "started"), (False, "started"), (True, "started"), (True, "started"), (True, "started"),
        (True, "started"), (True, "stopped"), (False, "stopped"), (True, "started"), (True, "started"), (True, "stopped"),
        (True, "unknown"), (False, "unknown"),
    ]  # fmt: skip
    pids = [result.pid for result in results]
    assert pids[1] == pids[2] != pids[3], "restarted once"
    assert pids[3] == pids[4] == pids[5] == pids[6], "reload leaves it alone, and what is only checked does, too"
    assert pids[9] == pids[10] not in (pids[6], None), "once does not start it anew"
    assert results[2].text.split("; ")[1].startswith("run: log: (pid "), results[2].text
    assert all(int(result.sv["duration"]) >= 0 for result in results[1:12])
    assert (web / "starts").read_text() == "x\n" * 3
    assert (web / "hups").read_text() == "x\n"
    assert list(ansible.services.iterdir()) == []
    gone = f"fail: {web}: runsv not running\n"
    wait_until(lambda: ansible.world.sv("status", web).stdout == gone, "its supervisor has left")


def test_services_with_a_mind_of_their_own(ansible):
    once = ansible.service("once", "#!/bin/sh\necho x >>starts\ntrap 'exit 0' HUP\nwhile :; do sleep 0.05; done\n", down="",
                           linked=True)  # fmt: skip
    deaf = "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 0.05; done\n"
    ansible.service("deaf", deaf, linked=True)
    slow = ansible.service("slow", "#!/bin/sh\nsleep 0.5\ntouch ready\nexec sleep 1000\n", check="#!/bin/sh\nexec test -e ready\n")
    ansible.supervise()
    other = ansible.world.directory / "nobody-looks"
    other.mkdir()
    (other / "slow").symlink_to(ansible.service("alone"))
    runs, stopped, killed, ready, unknown, dangling, missing, _ = ansible.play(
        {"name": "once", "state": "once"},
        {"name": "deaf", "state": "stopped"},
        {"name": "deaf", "state": "killed"},
        {"name": "slow", "enabled": True, "state": "started"},
        {"name": "slow", "service_dir": str(other)},
        {"name": "slow", "service_dir": str(other), "state": "stopped"},
        {"name": "none", "enabled": True},
        {"name": "once", "state": "reloaded"},  # which ends it
    )
    assert runs.changed  # and `sv once` does not wait
    wait_until(lambda: Status(once).now == "down", "it has ended")
    assert (once / "starts").read_text() == "x\n", "and is not started again"
    assert (stopped.changed, stopped.state) == (True, "started")
    assert ", want down, got TERM" in stopped.text
    assert (killed.changed, killed.state) == (True, "stopped"), killed.text
    assert (ready.changed, ready.pid) == (True, str(pid_of(slow))) and (slow / "ready").exists(), "./check has been waited for"
    assert (unknown.changed, unknown.state) == (False, "unknown")
    assert unknown.text == f"warning: {other}/slow: unable to open supervise/ok: file does not exist\n"
    assert (dangling.changed, dangling.state) == (True, "unknown")
    assert missing.message == f"Could not find source for service to enable ({ansible.source}/none)."
