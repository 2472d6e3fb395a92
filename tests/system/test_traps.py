"""Every client of supervise/, and every reader of logs and scripts, among traps of another user (tests/traps.py).

Each test makes a service for every case, all in one services directory, and runs one command on all of them at once: it
must end by itself, with bounded memory, and no victim may be opened, changed or shown.
"""

import os
import struct
import subprocess
import tempfile
import time

import pytest

import harness
import traps
from traps import Victims, cases, give

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be attacked")

LABEL = "@4000000060000000000000"
SUPERVISE = ["lock", "control", "ok", "status", "stat", "pid"]
LOG = ["current", "lock", "config", "state", f"{LABEL}01.s", f"{LABEL}02.u"]
SERVICE = ["run", "finish", "check", "down", "control/t"]
PLACES = {
    "supervise": SUPERVISE,
    "log/supervise": SUPERVISE,
    "logs": LOG,
    ".": SERVICE,
    "log": ["run"],
}
ALL = [case for place, names in PLACES.items() for case in cases([f"{place}/{name}" for name in names])]


class Tree:
    """A services directory with a service for each case. Its runsv are played by FIFOs that the test holds open."""

    def __init__(self, world, all_cases):
        self.world = world
        self.root = world.directory / "services"
        self.logs = world.directory / "logs"
        self.victims = Victims(world.directory)
        self.held = []
        world.directory.chmod(0o755)
        now = struct.pack(">QI", harness.TAI_OFFSET + int(time.time()) - 50, 500)
        self.down = now + struct.pack("<I", 0) + bytes([0, ord("u"), 0, 0])
        laid = [(case, *self.make(case)) for case in all_cases]
        traps.lay_all(laid)
        self.victims.watch()

    def make(self, case):
        name = case.id()
        service = self.root / name
        for directory in (service, service / "log"):
            (directory / "supervise").mkdir(parents=True)
            for fifo in ("ok", "control"):
                path = directory / "supervise" / fifo
                os.mkfifo(path)
                self.held.append(os.open(path, os.O_RDWR | os.O_NONBLOCK))
            (directory / "supervise/status").write_bytes(self.down)
        logs = self.logs / name
        logs.mkdir(parents=True)
        (logs / "current").write_bytes(b"@400000006000000000000000 a line\n")
        for path, text in ((service / "run", "#!/bin/sh\nexec sleep 1000\n"),
                           (service / "log/run", f"#!/bin/sh\nexec svlogd -tt ../../../logs/{name}\n")):
            path.write_text(text)
            path.chmod(0o755)
        place, file = case.name.rsplit("/", 1)
        directory = logs if place == "logs" else service / place
        directory.mkdir(exist_ok=True)
        give(directory, case.owner)
        if case.owner == "sticky" and (directory / file).exists():
            (directory / file).unlink()  # root's own file would stay there
        victim = self.victims.of(case) if case.kind in traps.WITH_VICTIM else self.victims.directory / "none"
        return directory / file, victim

    def environment(self):
        return self.world.suite.environment(SVDIR=self.root, TZ="UTC", LC_ALL="C.UTF-8")

    def run(self, program, *arguments):
        return traps.run([self.world.suite.path(program), *arguments], self.environment(), self.world.directory)

    def close(self):
        for fd in self.held:
            os.close(fd)
        self.victims.close()


@pytest.fixture(scope="module")
def tree():
    """One for all tests: no command removes a trap."""
    world = harness.World(tempfile.mkdtemp(prefix="runwell-"), harness.ours())
    with traps.many_files():
        made = Tree(world, ALL)
        yield made
        made.close()
    subprocess.run(["rm", "-rf", world.directory], check=True)  # 30,000 files
    world.close()


def is_clean(tree, ended, raw_output=False):
    """`raw_output`: standard output holds what files hold, as it does where that is no terminal."""
    assert tree.victims.violations(ended.out, ended.err) == []
    assert b"\x1b" not in ended.err and (raw_output or b"\x1b" not in ended.out)
    return True


SV = [["status"], ["up"], ["exit"], ["-w0", "start"], ["-w1", "stop"], ["-w0", "restart"], ["-w0", "check"], ["-w0", "shutdown"],
      ["-w0", "force-stop"]]  # fmt: skip


@pytest.mark.parametrize("words", SV, ids=" ".join)
def test_sv_among_all_traps(tree, words):
    ended = tree.run("sv", *words, *sorted(os.listdir(tree.root)))
    assert is_clean(tree, ended)


SVCTL = [["list"], ["list", "--json"], ["status", "*"], ["status", "--json", "*"], ["up", "--no-wait", "*"],
         ["up", "--timeout", "1", "*"], ["down", "--timeout", "1", "*"], ["restart", "--timeout", "1", "*"], ["kill", "--no-wait", "*"],
         ["signal", "HUP", "*"], ["wait", "--timeout", "1", "*"], ["lint"], ["lint", "--json"], ["logs", "*"],
         ["logs", "-n", "3", "*"], ["logs", "--json", "-n", "3", "*"], ["disable", "--no-wait", "*"]]  # fmt: skip


@pytest.mark.parametrize("words", SVCTL, ids=" ".join)
def test_svctl_among_all_traps(tree, words):
    ended = tree.run("svctl", *words)
    assert is_clean(tree, ended, raw_output=words[0] == "logs")


def test_the_number_of_cases_is_told(capsys):
    with capsys.disabled():
        print(f"\ntraps: {len(ALL)} cases of {len(traps.KINDS)} kinds and {len(traps.OWNERS)} owners; "
              f"{len(ALL) * (len(SV) + len(SVCTL))} for sv and svctl")
