"""What the tests of svctl share: a tree of services, supervised by our runsv or by one of Debian's."""

import json
import os
import pty
import struct
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent))
import harness  # noqa: E402
from harness import SANITIZED, fifo_has_reader, wait_until  # noqa: E402

SLEEP = "#!/bin/sh\nexec sleep 1000\n"


class Services:
    """The services directory `services` of a world; `available` beside it is where disabled ones are."""

    def __init__(self, world, suite):
        self.world = world
        self.suite = suite
        self.directory = world.directory / "services"
        self.available = world.directory / "available"
        self.directory.mkdir()
        self.available.mkdir()
        self.held = []

    def make(self, name, run=SLEEP, **files):
        """A service directory without a supervisor."""
        return self.world.service(f"services/{name}", run, **files)

    def supervise(self, name, run=SLEEP, **files):
        """Makes one, and starts a runsv on it."""
        directory = self.make(name, run, **files)
        process = self.world.start(self.suite.path("runsv"), name, cwd=self.directory)
        for at in [directory, *([directory / "log"] if (directory / "log").is_dir() else [])]:
            wait_until(lambda at=at: fifo_has_reader(at / "supervise/ok"), f"runsv {at} takes commands")
            wait_until(lambda at=at: (at / "supervise/status").exists(), f"runsv {at} tells its status")
        return process

    def running(self, name, run=SLEEP, **files):
        """The same, and waits until ./run lives."""
        process = self.supervise(name, run, **files)
        self.until_status(name, now="run")
        return process

    def until_status(self, name, **expected):
        """Waits until supervise/status says so: now="run", want="u", …"""

        def is_so():
            said = harness.Status(self.directory / name)
            return all(getattr(said, key) == value for key, value in expected.items()) and said

        return wait_until(is_so, f"{name}: {expected}")

    def fake(self, name, pid=0, paused=0, want="u", got_term=0, phase=0, age=50, status=None, ok=True, **files):
        """A service whose supervise/ is made by hand: exactly the status that a test wants, for ever."""
        supervise = self.make(name, **files) / "supervise"
        supervise.mkdir(parents=True)
        for fifo in ("ok", "control"):
            os.mkfifo(supervise / fifo)
            if ok:
                self.held.append(os.open(supervise / fifo, os.O_RDONLY | os.O_NONBLOCK))
        record = struct.pack(">QI", harness.TAI_OFFSET + int(time.time()) - age, 500) + struct.pack("<I", pid)
        record += bytes([paused, ord(want), got_term, phase])
        (supervise / "status").write_bytes(record if status is None else status)
        return self.directory / name

    def svctl(self, *arguments, env=None, **options):
        """Runs svctl to its end, with this tree as its services directory."""
        told = {"SVDIR": self.directory, "TZ": "UTC", "LC_ALL": "C.UTF-8", **(env or {})}
        return self.world.run("svctl", *arguments, env=harness.ours().environment(**told), **options)

    def json(self, *arguments, **options):
        said = self.svctl(*arguments, **options)
        assert said.stderr == "", said.stderr
        return json.loads(said.stdout)

    def on_a_terminal(self, *arguments, columns=80, lines=24, env=None, timeout=60):
        """What svctl says to a terminal of that size (as text, \\r\\n made \\n), and its exit code."""
        pid, fd = pty.fork()
        if pid == 0:
            told = {"SVDIR": self.directory, "TZ": "UTC", "LC_ALL": "C.UTF-8", "TERM": "xterm-256color", **(env or {})}
            import fcntl
            import termios

            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
            path = harness.ours().path("svctl")
            os.execve(path, ["svctl", *map(str, arguments)], harness.ours().environment(**told))
        said = b""
        os.set_blocking(fd, False)

        def is_over():
            nonlocal said
            try:
                part = os.read(fd, 65536)
                said += part
                return part == b""
            except BlockingIOError:
                return False
            except OSError:
                return True

        wait_until(is_over, "svctl has ended", timeout)
        os.close(fd)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        return said.decode().replace("\r\n", "\n"), code

    def close(self):
        for fd in self.held:
            os.close(fd)


@pytest.fixture
def services(world):
    """A tree that our runsv supervises."""
    made = Services(world, harness.ours())
    yield made
    made.close()


# The supervisors that svctl is tried with. For the sanitizers our own ones suffice.
SUPERVISORS = ["ours"] if SANITIZED else ["ours", "2.1.2", "2.3.1"]


@pytest.fixture(params=SUPERVISORS)
def any_services(world, request):
    """A tree that our runsv supervises, or Debian's."""
    suite = harness.ours() if request.param == "ours" else harness.reference(request.param)
    if suite is None:
        pytest.skip(f"no runsv {request.param} here")
    made = Services(world, suite)
    yield made
    made.close()
