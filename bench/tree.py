"""A suite's programs, and a directory of services that its runsvdir supervises.

    ROOT/stamps      a FIFO: who began, and when (stamp.cc)
    ROOT/starts      a file: one byte a start (leave.cc)
    ROOT/services/   s0 s1 …: the service directories; ./run is a link to the stub
    ROOT/scan/       s0 s1 …: the links that runsvdir follows
"""

import array
import fcntl
import os
import select
import shutil
import signal
import struct
import tempfile
import termios
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import proc

DEADLINE = 120.0  # seconds; for every wait
RECORD = struct.Struct("=qq")  # stamp.cc


def wait_until(holds: Callable[[], bool], what: str, pause: float = 0.001) -> None:
    """Looks every `pause` seconds; TimeoutError after the deadline."""
    end = time.monotonic() + DEADLINE
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(f"after {DEADLINE:.0f} s still not: {what}")
        time.sleep(pause)


@dataclass(frozen=True)
class Suite:
    """One implementation of the programs, all in one directory."""

    name: str
    directory: Path
    scanner: tuple[str, ...] = ("runsvdir",)  # the supervisor of a directory of services; the directory is the last argument
    announcer: tuple[str, ...] = ()  # notifies the scanner of a change, if it does not notice by itself

    def environment(self) -> dict[str, str]:
        return {"PATH": f"{self.directory}:/usr/bin:/bin", "HOME": "/"}

    def spawn(self, program: str, *arguments: str, errors: str = os.devnull) -> int:
        """Starts a program with nothing on stdin and stdout, in a process group of its own; its pid."""
        return os.posix_spawn(
            self.directory / program,
            [program, *arguments],
            self.environment(),
            setpgroup=0,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_OPEN, 2, errors, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644),
            ],
        )


@dataclass(frozen=True)
class Began:
    """A service's first instruction."""

    when: float  # seconds, CLOCK_MONOTONIC
    pid: int


@dataclass
class Tree:
    """`count` services of one suite. As a context manager: made on entry, everything ended and removed on exit."""

    suite: Suite
    stub: Path
    count: int
    down: bool = False  # with a ./down file each
    root: Path = field(init=False)
    runsvdir: int = field(init=False, default=0)  # its pid, once it is started

    def __enter__(self) -> Self:
        self.root = Path(tempfile.mkdtemp(prefix="runwell-bench-", dir="/dev/shm"))
        (self.root / "services").mkdir()
        (self.root / "scan").mkdir()
        (self.root / "starts").touch()
        os.mkfifo(self.root / "stamps")
        self._stamps = os.open(self.root / "stamps", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        fcntl.fcntl(self._stamps, fcntl.F_SETPIPE_SZ, 1 << 20)
        for number in range(self.count):
            name = f"s{number}"
            self.make(name)
            self.link(name)
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        os.close(self._stamps)
        shutil.rmtree(self.root, ignore_errors=True)

    # -- directories and links -----------------------------------------------------------------------------------

    def service(self, name: str) -> Path:
        return self.root / "services" / name

    def services(self) -> list[Path]:
        return [self.service(f"s{number}") for number in range(self.count)]

    def make(self, name: str) -> None:
        """A service directory, not yet linked."""
        self.service(name).mkdir()
        (self.service(name) / "run").symlink_to(self.stub)
        if self.down:
            (self.service(name) / "down").touch()

    def link(self, name: str) -> None:
        os.symlink(f"../services/{name}", self.root / "scan" / name)

    def unlink(self, name: str) -> None:
        os.unlink(self.root / "scan" / name)

    def announce(self) -> None:
        """Notifies the scanner that links have changed, if the suite needs that."""
        if self.suite.announcer:
            pid = self.suite.spawn(*self.suite.announcer, str(self.root / "scan"))
            if os.waitpid(pid, 0)[1] != 0:
                raise ChildProcessError(" ".join(self.suite.announcer))

    # -- processes -----------------------------------------------------------------------------------------------

    def start(self) -> float:
        """Starts runsvdir; the moment before. runit sleeps for a second when the directory is as young as that: it is
        made to look old."""
        os.utime(self.root / "scan", (0, 0))
        began = time.monotonic()
        self.runsvdir = self.suite.spawn(*self.suite.scanner, str(self.root / "scan"), errors=str(self.root / "errors"))
        return began

    def started(self) -> Self:
        """start(), and waits for every service's first instruction and for quiet."""
        self.start()
        self.began(self.count)
        self.quiet()
        return self

    def start_bare(self) -> None:
        """Starts every ./run with no supervisor at all: what services cost by themselves."""
        here = Path.cwd()
        for directory in self.services():
            os.chdir(directory)
            os.posix_spawn("./run", ["./run"], {})
        os.chdir(here)

    def processes(self) -> list[int]:
        """runsvdir and all its descendants."""
        return [self.runsvdir, *proc.descendants(self.runsvdir)]

    def supervisors(self) -> list[int]:
        """The processes that are not services."""
        return [pid for pid in self.processes() if proc.program(pid) != str(self.stub)]

    def quiet(self) -> None:
        """Waits until no process of the tree has used CPU for 100 ms."""
        before = -1.0

        def unchanged() -> bool:
            nonlocal before
            last, before = before, proc.cpu(self.processes())
            return last == before

        wait_until(unchanged, "no process of the tree is busy", pause=0.1)

    def began(self, count: int) -> list[Began]:
        """The next `count` first instructions. The service has read the clock, so this function may be slow: a
        reader that woke up for each start would take CPU from the processes that start the others."""
        wait_until(
            lambda: readable(self._stamps) >= count * RECORD.size,
            f"{count} services of {self.suite.name} began; {self.errors()}",
            pause=0.001 if count == 1 else 0.01,
        )
        raw = os.read(self._stamps, count * RECORD.size)
        return [Began(nanoseconds * 1e-9, pid) for nanoseconds, pid in RECORD.iter_unpack(raw)]

    def starts(self) -> int:
        """How many services that end at once have been started so far."""
        return (self.root / "starts").stat().st_size

    def command(self, letter: str) -> None:
        """Writes a control byte to every service, once it can be written."""
        for directory in self.services():
            wait_until(lambda: written(directory / "supervise/control", letter), f"{directory} takes commands")

    def errors(self) -> str:
        """What the supervisors complained of."""
        path = self.root / "errors"
        return path.read_text(errors="replace")[-500:] if path.exists() else ""

    def end(self) -> None:
        """Ends all processes below ROOT, level by level: an orphan becomes our child, so a supervisor exits before
        its service does."""
        while living := [pid for pid in proc.children(os.getpid()) if self._ours(pid)]:
            for pid in living:
                os.kill(pid, signal.SIGKILL)
            for pid in living:
                os.waitpid(pid, 0)
        self.runsvdir = 0

    def _ours(self, pid: int) -> bool:
        return pid == self.runsvdir or proc.zombie(pid) or proc.works_below(pid, str(self.root))


def readable(fd: int) -> int:
    """How many bytes a FIFO holds."""
    count = array.array("i", [0])
    fcntl.ioctl(fd, termios.FIONREAD, count)
    return count[0]


def written(fifo: Path, text: str) -> bool:
    """Writes to a FIFO, if it exists and a process reads it."""
    try:
        fd = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.write(fd, text.encode()) == len(text)
    finally:
        os.close(fd)


def wait_for_ends(pids: Iterable[int]) -> float:
    """Waits until every process has ended, reaped or not; the moment when the last one had."""
    poller = select.poll()
    watched: set[int] = set()
    for pid in pids:
        try:
            fd = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        watched.add(fd)
        poller.register(fd, select.POLLIN)
    end = time.monotonic() + DEADLINE
    while watched and time.monotonic() < end:
        for fd, _ in poller.poll(DEADLINE * 1000):
            poller.unregister(fd)
            watched.discard(fd)
            os.close(fd)
    if watched:
        raise TimeoutError(f"after {DEADLINE:.0f} s {len(watched)} processes have not ended")
    return time.monotonic()
