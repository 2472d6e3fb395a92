"""The tree that is tormented: 60 services below two runsvdirs, and the machine that they live on.

    runit ── runsvdir /service ─┬─ runsv steady1 ─── actor
                                ├─ runsv writer1 ─┬─ actor ──┐
                                │                 └─ svlogd ◀┘ /log/writer1
                                ├─ …
                                └─ runsv farm ──── runsvdir /farm ─┬─ runsv …
"""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import harness  # noqa: E402
import namespace  # noqa: E402

HELPERS = harness.ROOT / "build/release/chaos"
TESTS = harness.ROOT / "tests"
CGROUPS = Path("/sys/fs/cgroup")
LOG_DISK = "192m"
ACTOR = "/chaos/bin/actor"


@dataclass(frozen=True)
class Service:
    name: str
    kind: str  # what actor.cc plays
    tree: str  # /service or /farm
    log: bool = False
    finish: bool = False
    scripts: bool = False
    linked: bool = False  # the directory is in /etc/sv, as Debian has it
    supervise_elsewhere: bool = False  # supervise/ is a link into /run, as Debian has it
    starts_down: bool = False

    @property
    def directory(self):
        return f"{self.tree}/{self.name}"

    @property
    def numbered(self):
        """Its lines are audited."""
        return self.kind == "writer"

    @property
    def settles(self):
        """Once up it stays up, when it is left alone."""
        return self.kind not in ("crash", "brief")


def services():
    """All of them; farm itself is the sixtieth."""
    made = []

    def add(count, kind, **how):
        for _ in range(count):
            number = 1 + sum(one.kind == kind for one in made)
            tree = "/farm" if number % 3 == 0 else "/service"
            made.append(Service(f"{kind}{number}", kind, tree, **how))

    add(6, "steady")
    add(2, "steady", log=True)
    add(2, "steady", linked=True)
    add(2, "steady", supervise_elsewhere=True)
    add(1, "steady", starts_down=True)
    add(2, "steady", scripts=True)
    add(4, "chatty", log=True)
    add(2, "chatty", log=True, linked=True)
    add(4, "crash")
    add(3, "crash", log=True)
    add(1, "crash", finish=True)
    add(3, "brief")
    add(2, "brief", log=True, finish=True)
    add(4, "parent")
    add(2, "parent", log=True, scripts=True)
    add(3, "stubborn")
    add(1, "stubborn", log=True)
    add(3, "slow")
    add(2, "slow", log=True, finish=True)
    add(7, "writer", log=True)
    add(2, "writer", log=True, finish=True)
    add(1, "writer", log=True, linked=True)
    return made


FARM = Service("farm", "farm", "/service")
ALL = [*services(), FARM]
BY_NAME = {one.name: one for one in ALL}


def build(root, one, place=None):
    """Makes the service directory of one service below `root`, at once: beside its place first."""
    target = Path(root) / (place or one.directory).lstrip("/")
    new = target.parent / f".{target.name}.new"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)

    def script(path, text):
        path = new / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!{text}\n")
        path.chmod(0o755)

    if one is FARM:
        script("run", "/bin/sh\nexec runsvdir -P /farm")
    else:
        script("run", f"{ACTOR} {one.kind} {one.name}")
    if one.finish:
        script("finish", f"{ACTOR} finish {one.name}")
    if one.scripts:
        for letter in "tdu":
            script(f"control/{letter}", f"{ACTOR} answer {one.name}")
    if one.log:
        script("log/run", f"/bin/sh\nexec svlogd -tt /log/{one.name}")
    if one.supervise_elsewhere:
        (new / "supervise").symlink_to(f"/run/supervise.{one.name}")
    if one.starts_down:
        (new / "down").touch()
    new.rename(target)


class Tree:
    """The machine. What the three parties write to each other is in `notes`, seen inside as /chaos."""

    def __init__(self, world):
        self.machine = namespace.Machine(world)
        self.root = self.machine.root
        self.notes = self.root / "chaos"
        self.world = world
        self.cgroup = None
        for name in ("chaos/bin", "chaos/tests", "chaos/pids", "service", "farm", "etc/sv", "log", "gone", "sys"):
            (self.root / name).mkdir(parents=True)
        for one in ALL:
            if one.linked:
                build(self.root, one, f"/etc/sv/{one.name}")
                (self.root / one.directory.lstrip("/")).symlink_to(f"/etc/sv/{one.name}")
            else:
                build(self.root, one)
        (self.notes / "offset").write_bytes(bytes(8))
        (self.notes / "seen").touch()
        self.machine.stage("1", "exit 0")
        self.machine.stage("2", "exec env - PATH=$PATH runsvdir -P /service")
        # What ignores TERM is killed; what says nothing for two seconds is none of ours.
        self.machine.stage("3", "sv -w 2 force-stop /service/* /farm/* >/dev/null 2>&1; sv -w 2 force-shutdown /service/* /farm/* >/dev/null 2>&1; exit 0")
        self._limit_pids()
        self._prepare()

    def _limit_pids(self):
        """A cgroup of pids for the machine, where there are such things."""
        if os.geteuid() != 0 or not (CGROUPS / "pids/cgroup.procs").exists():
            return
        self.cgroup = CGROUPS / f"pids/runwell-chaos-{os.getpid()}"
        self.cgroup.mkdir()

    def _prepare(self):
        logged = " ".join(one.name for one in ALL if one.log)
        numbered = " ".join(one.name for one in ALL if one.numbered)
        pids = f'mount --bind {self.cgroup} "$1/chaos/pids"' if self.cgroup else ":"
        path = self.root / "prepare"
        path.write_text(f"""#!/bin/sh
set -e
mount --bind {HELPERS} "$1/chaos/bin"
mount --bind {TESTS} "$1/chaos/tests"
mount -t tmpfs run "$1/run"
mount -t tmpfs -o size={LOG_DISK} log "$1/log"
{pids}
mkdir "$1/run/token" "$1/run/ledger"
for name in {logged}; do mkdir "$1/log/$name"; echo s200000 >"$1/log/$name/config"; done
for name in {numbered}; do printf 's1000000\\nn12\\n' >"$1/log/$name/config"; done
""")
        path.chmod(0o755)

    def boot(self):
        clock = HELPERS / "clock"
        socket = self.world.directory / "clock"
        self.world.start(clock, "serve", socket, self.notes / "offset")
        harness.wait_until(socket.exists, "the clock is there")
        join = self._join if self.cgroup else None
        self.machine.boot(around=[str(clock), "enter", str(socket)], preexec_fn=join)

    def _join(self):
        (self.cgroup / "cgroup.procs").write_text(str(os.getpid()))

    def start_inside(self, script, *arguments):
        """Starts a part of the tests in the namespace, and outside of its cgroup."""
        pid = self.machine.pid
        return self.world.start(
            shutil.which("nsenter"), f"--target={pid}", "--mount", "--pid", f"--root=/proc/{pid}/root", "--wd=/",
            "/usr/bin/python3", "-u", f"/chaos/tests/chaos/{script}", *arguments,
            env={"PATH": "/suite:/usr/sbin:/usr/bin:/sbin:/bin"},
            stdout=open(self.world.directory / f"{script}.out", "ab"), stderr=open(self.world.directory / f"{script}.err", "ab"),
        )  # fmt: skip

    def shut_down(self):
        """As init 0 does: how the machine has ended, and after how many seconds."""
        import signal
        import time

        began = time.monotonic()
        stopit = self.machine.stages / "stopit"
        stopit.touch()
        stopit.chmod(0o100)
        self.machine.signal(signal.SIGCONT)
        return self.machine.ends(), time.monotonic() - began

    def close(self):
        self.world.close()
        if self.cgroup:
            harness.wait_until(self._left, "the cgroup is empty")

    def _left(self):
        try:
            self.cgroup.rmdir()
        except OSError:
            return False
        return True
