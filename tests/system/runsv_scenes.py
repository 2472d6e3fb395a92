"""What the tests of runsv share: services that note what happens to them, and questions about processes."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from harness import DEADLINE, Status, pid_of, stat_words, stays, wait_for_words, wait_until

# A ./run that notes the signals it gets in the file `trace`, and lives on.
TRACER = """#!/bin/sh
for s in TERM HUP ALRM INT QUIT USR1 USR2 CONT; do trap "echo $s >>trace" $s; done
echo run >>trace
while :; do sleep 1000 >/dev/null & wait; kill $!; done
"""
STUBBORN = "#!/bin/sh\ntrap '' TERM\necho deaf >>trace\nwhile :; do sleep 1000; done\n"
# Exits when the file `go` exists.
UNTIL_GO = "while [ ! -e go ]; do sleep 0.02; done\n"
# Notes when a second copy lives beside it.
ALONE = "#!/bin/sh\nexec 9>>alone\nflock -n 9 || echo two >>two\necho $$ >>pids\nexec sleep 1000\n"
CAT = "#!/bin/sh\nexec cat >>out\n"


@pytest.fixture(autouse=True)
def sane(world):
    """No test may leave a complaint of a sanitizer behind."""
    yield
    for word in ("Sanitizer", "runtime error"):
        assert word not in world.errors("runsv")


def lines(path):
    try:
        return Path(path).read_text(errors="surrogateescape").splitlines()
    except FileNotFoundError:
        return []


def says(world, text, times=1):
    wait_until(lambda: world.errors("runsv").count(text) >= times, f"{times} times {text!r}")


def traces(directory, *expected):
    """Waits until every word has been noted by the service."""
    wait_until(lambda: set(expected) <= set(lines(directory / "trace")), f"{expected} in trace")


def running(world, name="s", **options):
    """Starts runsv on a service directory and waits until ./run runs; (the process, the directory)."""
    process = world.runsv(name, **options)
    directory = world.directory / name
    wait_for_words(directory, "run")
    if (directory / "run").read_text() == STUBBORN:
        wait_until(lambda: ignores_term(pid_of(directory)), "the trap")
    return process, directory


def ignores_term(pid):
    ignored = next(row for row in Path(f"/proc/{pid}/status").read_text().splitlines() if row.startswith("SigIgn:"))
    return int(ignored.split()[1], 16) >> (signal.SIGTERM - 1) & 1


def told(directory):
    """supervise/status, as soon as it says what supervise/stat says: the one is replaced after the other."""

    def agreed():
        try:
            words, now = stat_words(directory), Status(directory)
        except FileNotFoundError:
            return None
        said = now.now + ", paused" * now.paused + ", got TERM" * now.got_term
        said += ", want down" * (now.want == "d" and now.now != "down")
        return now if said == words.replace("exit", "down") else None

    return wait_until(agreed, "stat and status agree")


def leaves(process):
    assert process.wait(timeout=DEADLINE) == 0


def fatal(world, name, words, **options):
    got = world.run("runsv", name, **options)
    assert (got.returncode, got.stdout, got.stderr) == (111, "", f"runsv {name}: fatal: {words}\n")


def cpu_seconds(pid):
    """CPU time of one process, without its children."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def spins(pid, seconds=2.0):
    """Whether a process does not rest: what tries again every second takes a hundredth of the processor, however slow the
    machine is a tenth; what does not wait takes all that is left by others."""
    before = cpu_seconds(pid)
    time.sleep(seconds)
    return (cpu_seconds(pid) - before) / seconds > 0.1


def switches(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("voluntary_ctxt_switches"):
            return int(line.split()[1])


def falls_asleep(pid):
    """Waits until the process has done what there was to do."""

    def rests():
        before = switches(pid)
        return stays(lambda: switches(pid) == before, 0.3)

    wait_until(rests, "it falls asleep")


def signal_sets(path):
    """SigBlk, SigIgn and SigCgt as a script has copied them from its /proc/PID/status."""
    return {k: int(v, 16) for k, v in (line.split(":") for line in lines(path) if not line.startswith("SigQ"))}


class Stranger:
    """A user without rights that no other process uses: for limits that do not apply to root."""

    def __init__(self, world):
        self.uid = 30_000 + os.getpid() % 20_000
        self.options = {"user": self.uid, "group": self.uid, "extra_groups": []}
        world.directory.chmod(0o755)

    def may_have(self, processes, pid):
        """From now on a process of this user, and all that it starts, find so many processes enough."""
        subprocess.run(["prlimit", "--pid", str(pid), f"--nproc={processes}:100"], check=True, **self.options)

    def owns(self, directory):
        for path in [directory, *directory.rglob("*")]:
            os.chown(path, self.uid, self.uid, follow_symlinks=False)
        return directory


def starts_of(directory, count):
    """The times of the next starts, from supervise/status."""
    seen = []

    def collect():
        try:
            now = Status(directory)
        except FileNotFoundError:
            return False
        at = now.since * 10**9 + now.nanos
        if now.now == "run" and at not in seen:
            seen.append(at)
        return len(seen) >= count

    wait_until(collect, f"{count} starts")
    return seen
