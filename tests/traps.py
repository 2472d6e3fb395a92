"""Traps that another user lays in directories that root's programs work in: generated, not listed.

    name of the file × kind of trap × owner of the directory  ──▶  one case, with a victim of its own

A case is a path where a program expects a file of its own, and there is a trap instead. The oracle watches the victims
with inotify(7): none is opened, and none changes; what a program prints holds no victim's secret and no control character.
"""

import contextlib
import ctypes
import gzip
import os
import resource
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

USER = 54321
LIMIT_SECONDS = 120  # for a program that handles every case at once; one that hangs never ends
LIMIT_BYTES = 200 << 20  # of memory; the huge files have five times as many
ESCAPES = b"\x1b]0;owned\x07\x1b[2Jescaped"

IN_ACCESS, IN_MODIFY, IN_ATTRIB, IN_CLOSE_WRITE, IN_OPEN = 1, 2, 4, 8, 0x20


def as_user(do):
    """Does it as the service user, in a process of its own; returns the pid."""
    pid = os.fork()
    if pid != 0:
        return pid
    code = 1
    try:
        os.setgroups([])
        os.setresgid(USER, USER, USER)
        os.setresuid(USER, USER, USER)
        do()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def by_user(do):
    assert os.waitpid(as_user(do), 0)[1] == 0


# -- who can put names there ---------------------------------------------------------------------------------------------

OWNERS = {
    "user": (USER, USER, 0o755),
    "group": (0, USER, 0o775),
    "everybody": (0, 0, 0o777),
    "sticky": (0, 0, 0o1777),
}


def give(directory, owner):
    uid, gid, mode = OWNERS[owner]
    os.chown(directory, uid, gid)
    os.chmod(directory, mode)


# -- what is put there ---------------------------------------------------------------------------------------------------


def zeros(size):
    def make(path, _):
        with open(path, "wb") as file:
            file.write(b"x")
            file.truncate(size)

    return make


def packed(path, _):
    path.write_bytes(packed.bytes)


packed.bytes = gzip.compress(bytes(16 << 20)) * 64  # 1 GB in 1 MB


def bind(path, _):
    with socket.socket(socket.AF_UNIX) as made:
        here = os.open(path.parent, os.O_PATH)
        made.bind(f"/proc/self/fd/{here}/{path.name}")
        os.close(here)


def write_escapes(path, _):
    path.write_bytes(ESCAPES + b"\n")


# By the user. Each is given the path of the trap and the victim that belongs to it.
TRAPS = {
    "link to a secret": lambda path, victim: path.symlink_to(victim),
    "link to a watchdog": lambda path, victim: path.symlink_to(victim),  # a device: to open it has an effect
    "link to a device": lambda path, _: path.symlink_to("/dev/zero"),
    "link to nothing": lambda path, victim: path.symlink_to(f"{victim}.new"),
    "link to a directory": lambda path, victim: path.symlink_to(victim.parent),
    "fifo": lambda path, _: os.mkfifo(path, 0o666),
    "socket": bind,
    "directory": lambda path, _: path.mkdir(),
    "huge": zeros(1 << 30),
    "no newline": zeros(32 << 20),
    "packed": packed,
    "escapes": write_escapes,
}
# By root: only where fs.protected_hardlinks is 0 can a user do this.
SECOND_NAMES = {"second name": lambda path, victim: path.hardlink_to(victim)}
KINDS = [*TRAPS, *SECOND_NAMES]
LARGE = {"huge", "packed"}  # reading these takes time, in the directory of any owner
WITH_VICTIM = {"link to a secret", "link to a watchdog", "second name"}


@dataclass(frozen=True)
class Case:
    owner: str
    kind: str
    name: str

    def id(self):
        return "-".join(part.replace(" ", "_").replace("/", "_") for part in (self.owner, self.kind, self.name))


def cases(names, owners=OWNERS, kinds=KINDS):
    every = [Case(owner, kind, name) for owner in owners for kind in kinds for name in names]
    return [case for case in every if case.owner == "user" or case.kind not in LARGE]


# -- what must not happen ------------------------------------------------------------------------------------------------


class Victims:
    """One file of root's for each case that leads to one: it is neither opened nor changed."""

    def __init__(self, directory):
        self.directory = directory / "victims"
        self.directory.mkdir(parents=True)
        self.secrets = {}
        self.before = {}
        self.watches = {}
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.queue = self.libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)

    def of(self, case):
        path = self.directory / case.id()
        secret = f"secret-of-{case.id()}-end".encode()
        path.write_bytes(secret + b"\n")
        path.chmod(0o600)
        self.secrets[case] = secret
        return path

    def watch(self):
        """From now on nothing may happen to them."""
        os.chmod(self.directory, 0o755)  # what keeps the user out is the mode of the files
        self.before = self.look()
        for case in self.secrets:
            path = self.directory / case.id()
            mask = IN_OPEN | IN_ACCESS | IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE
            number = self.libc.inotify_add_watch(self.queue, os.fsencode(path), mask)
            assert number >= 0, os.strerror(ctypes.get_errno())
            self.watches[number] = case

    def look(self):
        found = {}
        for path in self.directory.iterdir():
            is_ = path.lstat()
            found[path.name] = (is_.st_mode, is_.st_uid, is_.st_size, is_.st_mtime_ns)
        return found

    def events(self):
        """{case: mask} of the events since the last call."""
        found = {}
        while True:
            try:
                data = os.read(self.queue, 1 << 20)
            except BlockingIOError:
                return found
            while data:
                number, mask, _, size = struct.unpack("iIII", data[:16])
                case = self.watches.get(number)
                if case:
                    found[case] = found.get(case, 0) | mask
                data = data[16 + size :]

    def violations(self, *texts, opened_for=IN_OPEN | IN_ACCESS | IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE):
        wrong = [f"{case.id()}: events {mask:#x}" for case, mask in self.events().items() if mask & opened_for]
        if self.look() != self.before:
            wrong.append(f"victims changed: {set(self.look().items()) ^ set(self.before.items())}")
        for text in texts:
            wrong += [f"{case.id()}: its secret is shown" for case, secret in self.secrets.items() if secret in text]
        return wrong

    def close(self):
        os.close(self.queue)


# -- running a program to its end, with what it may take -------------------------------------------------------------------


@dataclass
class Ended:
    code: int
    out: bytes
    err: bytes
    seconds: float


def limit_memory():
    resource.setrlimit(resource.RLIMIT_DATA, (LIMIT_BYTES, LIMIT_BYTES))


def run(command, env, cwd, seconds=LIMIT_SECONDS):
    """Runs it to its end, which it must reach by itself."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        begun = time.monotonic()
        process = subprocess.Popen(command, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                   preexec_fn=limit_memory)
        over = threading.Event()
        timer = threading.Timer(seconds, lambda: (over.set(), process.send_signal(signal.SIGKILL)))
        timer.start()
        process.wait()
        timer.cancel()
        out.seek(0), err.seek(0)
        assert not over.is_set(), f"{command[0]} does not end within {seconds} s: {command[1:6]}"
        ended = Ended(process.returncode, out.read(), err.read(), time.monotonic() - begun)
        assert ended.code >= 0 and b"bad_alloc" not in ended.err, (ended.code, ended.err[-1000:])
        return ended


@contextlib.contextmanager
def many_files():
    """As many descriptors as this user may have: every fake service holds two."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def lay_all(laid):
    """laid: [(case, path, victim)]. Users lay theirs, root makes the second names."""

    def lay(case, path, victim):
        with contextlib.suppress(FileNotFoundError):
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
        (TRAPS | SECOND_NAMES)[case.kind](path, victim)

    def lay_those_of_the_user():
        for case, path, victim in laid:
            if case.kind in TRAPS:
                lay(case, path, victim)

    by_user(lay_those_of_the_user)
    for case, path, victim in laid:
        if case.kind in SECOND_NAMES:
            lay(case, path, victim)
