"""What the process-level tests share: programs, service directories, and waiting for events.

No test sleeps to let things settle: it waits for what it expects, with a deadline that is generous on purpose.
"""

import ctypes
import errno
import os
import shutil
import signal
import socket
import stat
import struct
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SANITIZED = "dev" in os.environ.get("RUNWELL_BIN", "")  # the programs under test have sanitizers: build/dev/bin
DEADLINE = 30.0  # seconds; machines are slow and noisy
TAI_OFFSET = 2**62 + 10
PR_SET_CHILD_SUBREAPER = 36


def rest_of_terminal(fd):
    """All that still arrives at this side of a pseudo-terminal until its other side is closed; closes this one, too."""
    said = b""
    try:
        while part := os.read(fd, 4096):
            said += part
    except OSError:  # EIO: the other side is closed
        pass
    os.close(fd)
    return said.decode()


def wait_until(condition, what="the condition", seconds=DEADLINE):
    """Returns the first true value of condition(); fails after the deadline. What asks for a file that is not there yet is
    not true yet."""
    end = time.monotonic() + seconds
    while True:
        try:
            value = condition()
        except FileNotFoundError:
            value = None
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"after {seconds} s still not: {what}")
        time.sleep(0.005)


def stays(condition, seconds):
    """For what must *not* happen: true if condition() held all the time for so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not condition():
            return False
        time.sleep(0.01)
    return True


def alive(pid):
    """Whether the process exists and is not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def free_port():
    """A port of the loopback on which no process listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def is_waiting(process):
    """It sleeps in ppoll(2)."""
    try:
        return "poll" in open(f"/proc/{process.pid}/wchan").read() or open(
            f"/proc/{process.pid}/syscall").read().startswith("271 ")
    except OSError:
        return False


def children(pid):
    try:
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def put(path, content):
    """Writes a file; false if it is being executed right now."""
    try:
        path.write_bytes(content)
        return True
    except OSError as failed:
        if failed.errno != errno.ETXTBSY:
            raise
        return False


class Suite:
    """The programs under test (or of the reference), by directory."""

    def __init__(self, *directories):
        self.directories = [Path(d).resolve() for d in directories]

    def path(self, program):
        for directory in self.directories:
            if (directory / program).exists():
                return str(directory / program)
        raise FileNotFoundError(program)

    @property
    def search_path(self):
        return ":".join([*(str(d) for d in self.directories), "/usr/sbin", "/usr/bin", "/sbin", "/bin"])

    def environment(self, **more):
        """A clean environment, with only the variables of sanitizers and gcov from the caller's."""
        told = {k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS") or k.startswith("GCOV_")}
        return {"PATH": self.search_path, "HOME": "/", **told, **{k: str(v) for k, v in more.items()}}


def ours():
    return Suite(ROOT / os.environ.get("RUNWELL_BIN", "build/bin"))


def reference(version):
    """Debian's runit 2.1.2 or 2.3.1 as `./dev test differential` unpacks it; None if it is not installed."""
    root = ROOT / "build/reference" / version
    places = [d for d in ("usr/bin", "usr/sbin", "sbin", "lib/runit") if (root / d).is_dir()]
    return Suite(*(root / d for d in places)) if (root / "usr/bin/runsv").exists() else None


class World:
    """A fresh directory with the processes that a test starts in it; close() ends every one of them."""

    def __init__(self, directory, suite):
        self.directory = Path(directory)
        self.suite = suite
        self.processes = []
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self.others = set(descendants(os.getpid()))  # processes from before this test are not its own

    # -- files ---------------------------------------------------------------------------------------------------

    def service(self, name, run="#!/bin/sh\nexec sleep 1000\n", **files):
        """A service directory. Keywords are files: finish=..., log__run=... is log/run, control__t=... is control/t.
        What begins with #! is made executable; None makes nothing."""
        directory = self.directory / name
        directory.mkdir(parents=True, exist_ok=True)
        for path, content in {"run": run, **files}.items():
            if content is not None:
                self.write(directory / path.replace("__", "/"), content)
        return directory

    def write(self, path, content, mode=None):
        path = self.directory / path
        path.parent.mkdir(parents=True, exist_ok=True)
        content = content.encode() if isinstance(content, str) else content
        wait_until(lambda: put(path, content), f"nobody is about to execute {path}")
        path.chmod(mode if mode is not None else 0o755 if content.startswith(b"#!") else 0o644)
        return path

    # -- processes -----------------------------------------------------------------------------------------------

    def start(self, program, *arguments, env=None, **options):
        """Starts a program of the suite in the world's directory. stderr goes to the file `PROGRAM.err` unless given."""
        log = self.directory / f"{Path(program).name}.err"
        options.setdefault("cwd", self.directory)
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", open(log.with_suffix(".out"), "ab"))
        options.setdefault("stderr", open(log, "ab"))
        path = program if "/" in str(program) else self.suite.path(program)
        process = subprocess.Popen(
            [str(program), *map(str, arguments)], executable=path, env=env or self.suite.environment(), **options
        )
        self.processes.append(process)
        return process

    def run(self, program, *arguments, env=None, timeout=60, argv0=None, **options):
        """Runs a program of the suite to its end; the result has returncode, stdout, stderr as text."""
        options.setdefault("cwd", self.directory)
        options.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.run(
            [argv0 or str(program), *map(str, arguments)],
            executable=program if "/" in str(program) else self.suite.path(program),
            env=env or self.suite.environment(SVDIR=self.directory),
            capture_output=True,
            text=True,
            errors="surrogateescape",
            timeout=timeout,
            **options,
        )

    def sv(self, *arguments, **options):
        return self.run("sv", *arguments, **options)

    def runsv(self, name, **options):
        """Starts runsv on a service directory, and waits until it takes commands."""
        process = self.start("runsv", name, **options)
        ok = self.directory / name / "supervise/ok"
        wait_until(lambda: fifo_has_reader(ok) or process.poll() is not None, f"runsv {name} takes commands")
        return process

    def errors(self, program):
        """What the program has written to standard error so far."""
        path = self.directory / f"{program}.err"
        return path.read_text(errors="surrogateescape") if path.exists() else ""

    def living(self):
        """The processes that this test has started, however deep, and that have not ended."""
        reap_orphans(self.processes)
        return [pid for pid in descendants(os.getpid()) if pid not in self.others]

    def close(self):
        """Ends all of them, by pid."""
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            # One scan of /proc can miss a process whose parent exits meanwhile: two scans must find none.
            living = self.living() or self.living()
            if not living:
                break
            for pid in living:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(0.005)
        for process in self.processes:
            process.wait(timeout=DEADLINE)
        shutil.rmtree(self.directory, ignore_errors=True)


def descendants(pid):
    found, queue = [], [pid]
    while queue:
        for child in children(queue.pop()):
            if alive(child):
                found.append(child)
            queue.append(child)
    return found


def reap_orphans(known):
    """Takes in the zombies that were handed to us as their subreaper, and leaves the children of subprocess alone."""
    pids = {p.pid for p in known}
    for pid in children(os.getpid()):
        if pid not in pids and not alive(pid):
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                pass


# -- what a service directory says --------------------------------------------------------------------------------


def fifo_has_reader(path):
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
        return True
    except OSError:
        return False


def control(directory, letters):
    """Writes control bytes to a service, as any client may."""
    fd = os.open(Path(directory) / "supervise/control", os.O_WRONLY | os.O_NONBLOCK)
    try:
        os.write(fd, letters if isinstance(letters, bytes) else letters.encode())
    finally:
        os.close(fd)


def stat_words(directory):
    try:
        return (Path(directory) / "supervise/stat").read_text().rstrip("\n")
    except FileNotFoundError:
        return None


def pid_of(directory):
    try:
        text = (Path(directory) / "supervise/pid").read_text()
    except FileNotFoundError:
        return 0
    return int(text) if text else 0


class Status:
    """supervise/status, decoded independently of the program that wrote it."""

    def __init__(self, directory):
        raw = (Path(directory) / "supervise/status").read_bytes()
        self.raw = raw
        seconds, self.nanos = struct.unpack(">QI", raw[:12])
        self.since = seconds - TAI_OFFSET
        (self.pid,) = struct.unpack("<I", raw[12:16])
        self.paused, want, self.got_term, now = raw[16], raw[17], raw[18], raw[19]
        self.want = chr(want)
        self.now = ("down", "run", "finish")[now]


def wait_for_words(directory, expected):
    """Waits until supervise/stat says exactly this."""
    try:
        wait_until(lambda: stat_words(directory) == expected, f"{directory}: {expected!r}")
    except AssertionError as late:
        raise AssertionError(f"{late}; it says {stat_words(directory)!r}") from None


def mode_of(path):
    return stat.S_IMODE(os.lstat(path).st_mode)
