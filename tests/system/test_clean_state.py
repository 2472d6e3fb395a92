"""The same state every time: however a service comes to be started, its ./run finds itself in the same process state."""

import fcntl
import json
import os
import pty
import resource
import signal
import subprocess
import termios
from pathlib import Path

import pytest
from harness import DEADLINE, pid_of, wait_until

# A ./run that prints its state as the kernel reports it, one line of JSON for each start. It omits or translates values that
# must differ (PIDs, times, memory).
RUN = """#!/usr/bin/python3 -ISB
import json, os, re, signal
KEPT = ("Umask", "Uid", "Gid", "Groups", "NStgid", "SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt", "CapInh", "CapPrm",
        "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp", "Seccomp_filters", "Cpus_allowed", "Mems_allowed", "Threads")
pid = os.getpid()
read = lambda name: open("/proc/self/" + name, "rb").read().decode(errors="surrogateescape")
status = dict(line.split(":\\t", 1) for line in read("status").splitlines() if ":\\t" in line)
stat = read("stat").rpartition(")")[2].split()
parent, group, session, terminal, foreground = map(int, stat[1:6])
state = {
    "status": {k: v.replace(str(pid), "PID") for k, v in status.items() if k in KEPT},
    "environ": read("environ").split("\\0"),
    "limits": read("limits").splitlines(),
    "fd": {n: os.readlink("/proc/self/fd/" + n) for n in sorted(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd/" + n)
           and not os.readlink("/proc/self/fd/" + n).startswith("/proc/")},
    "flags": {n: open("/proc/self/fdinfo/" + n).read().splitlines()[1] for n in ("0", "1", "2")},
    "stat": {"leads a group": group == pid, "leads a session": session == pid, "terminal": terminal, "foreground": foreground,
             "nice": stat[16], "realtime": stat[37], "policy": stat[38]},
    "cgroup": read("cgroup").splitlines(), "cwd": os.getcwd(), "root": os.readlink("/proc/self/root"),
    "arguments": read("cmdline").split("\\0"), "oom": read("oom_score_adj").strip(), "personality": read("personality").strip(),
    "namespaces": {n: os.readlink("/proc/self/ns/" + n) for n in os.listdir("/proc/self/ns")},
}
with open("../../states", "a") as out:
    out.write(json.dumps(state, sort_keys=True) + "\\n")
signal.signal(signal.SIGTERM, signal.SIG_DFL)
signal.pause()
"""


class Watched:
    """A service below a runsvdir, and what each of its starts found."""

    def __init__(self, world):
        self.world = world
        self.service = world.service("services/watched", run=RUN)
        self.states = world.directory / "states"
        self.runsvdir = world.start("runsvdir", world.directory / "services")
        self.boot = self.next_state(0)

    def seen(self):
        return self.states.read_text().splitlines() if self.states.exists() else []

    def next_state(self, before):
        """Waits for one start more than there were, and for the word that it runs; what it found."""
        wait_until(lambda: len(self.seen()) > before, f"start number {before + 1}")
        assert len(self.seen()) == before + 1
        return json.loads(self.seen()[-1])

    def after(self, act):
        before = len(self.seen())
        act()
        return self.next_state(before)

    def sv(self, *arguments, **options):
        done = subprocess.run(
            ["sv", "-w", str(int(DEADLINE)), *arguments, str(self.service)],
            executable=self.world.suite.path("sv"), timeout=2 * DEADLINE,
            **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "cwd": self.world.directory,
               "env": self.world.suite.environment(), **options},
        )  # fmt: skip
        assert done.returncode == 0, done.stdout


@pytest.fixture
def watched(world):
    return Watched(world)


def assert_same(one, other):
    for key in one:
        assert one[key] == other[key], f"{key} differs"


def test_a_crash_restarts_it_as_the_boot_did(watched):
    assert_same(watched.boot, watched.after(lambda: os.kill(pid_of(watched.service), signal.SIGKILL)))


def test_a_restart_is_as_the_boot(watched):
    assert_same(watched.boot, watched.after(lambda: watched.sv("restart")))


def test_down_and_up_is_as_the_boot(watched):
    watched.sv("down")
    wait_until(lambda: pid_of(watched.service) == 0, "it is down")
    assert_same(watched.boot, watched.after(lambda: watched.sv("up")))


def test_a_new_supervisor_starts_it_as_the_boot_did(watched):
    assert_same(watched.boot, watched.after(lambda: watched.sv("exit")))


def with_everything_else():
    """The state of a careless caller: nothing of it may reach the service."""
    os.chdir("/")
    os.umask(0o077)
    os.nice(7)
    signal.pthread_sigmask(signal.SIG_SETMASK, range(1, signal.NSIG))
    for number in (signal.SIGHUP, signal.SIGPIPE, signal.SIGCHLD, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN)
    for limit in (resource.RLIMIT_NOFILE, resource.RLIMIT_CORE, resource.RLIMIT_NPROC, resource.RLIMIT_STACK):
        soft, hard = resource.getrlimit(limit)
        resource.setrlimit(limit, (min(1 << 22, hard if hard > 0 else 1 << 22), hard))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
    with open("/proc/self/oom_score_adj", "w") as score:
        score.write("300")


@pytest.mark.parametrize("command", ["up", "restart"])
def test_whoever_gives_the_command_leaves_no_trace(watched, command):
    extra = [os.open("/dev/zero", os.O_RDONLY) for _ in range(3)]
    if command == "up":
        watched.sv("down")
        wait_until(lambda: pid_of(watched.service) == 0, "it is down")
    environment = {"PATH": "/nowhere", "HOME": "/strange", "LC_ALL": "C", "SECRET": "of the caller", "SVDIR": "/"}
    state = watched.after(
        lambda: watched.sv(
            command, env=environment, preexec_fn=with_everything_else, restore_signals=False, pass_fds=extra, cwd="/"
        )
    )
    for fd in extra:
        os.close(fd)
    assert_same(watched.boot, state)


def test_a_terminal_of_the_caller_is_not_that_of_the_service(watched):
    watched.sv("down")
    wait_until(lambda: pid_of(watched.service) == 0, "it is down")
    leader, terminal = pty.openpty()

    def on_the_terminal():
        os.setsid()
        fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)

    options = {"stdin": terminal, "stdout": terminal, "stderr": terminal, "preexec_fn": on_the_terminal}
    state = watched.after(lambda: watched.sv("up", **options))
    assert_same(watched.boot, state)
    assert state["stat"]["terminal"] == 0
    os.close(terminal)
    os.close(leader)


def test_a_cgroup_of_the_caller_is_not_that_of_the_service(watched):
    root = next((p for p in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified") if Path(p, "cgroup.procs").exists()), None)
    if root is None or not os.access(root, os.W_OK):
        pytest.skip("needs a cgroup v2 to write to")
    group = Path(root, f"runwell-caller-{os.getpid()}")
    group.mkdir()
    try:
        enter = lambda: (group / "cgroup.procs").write_text("0")  # noqa: E731
        assert_same(watched.boot, watched.after(lambda: watched.sv("restart", preexec_fn=enter)))
    finally:
        group.rmdir()


def test_the_state_at_boot_is_a_clean_one(watched):
    status = watched.boot["status"]
    assert (status["SigBlk"], status["SigPnd"], status["ShdPnd"]) == ("0" * 16,) * 3
    assert set(watched.boot["fd"]) == {"0", "1", "2"}
    assert watched.boot["arguments"][-2].endswith("run")
    assert watched.boot["cwd"] == str(watched.service)
