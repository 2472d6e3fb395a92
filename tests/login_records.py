"""The records of utmp and wtmp, and a place to change them in: the paths are built into utmpset, so it runs in mounts of
its own, with a fresh /run and /var/log."""

import struct
import subprocess
from pathlib import Path

FORMAT = "=hxxi32s4s32s256shhiii16s20x"
SIZE = struct.calcsize(FORMAT)
NAMES = "type pid line id user host termination exit session seconds micros address".split()
LOGIN, USER, DEAD = 6, 7, 8


def record(line, user="", kind=USER, pid=42, host="host", seconds=5):
    """One record; text is cut and filled up as the C library does."""
    return struct.pack(
        FORMAT, kind, pid, line.encode(), b"t1", user.encode(), host.encode(), 1, 2, 3, seconds, 7, b"a" * 16
    )


def records(raw):
    """The records of a file, as dictionaries; bytes without trailing zeros."""
    found = []
    for at in range(0, len(raw) - SIZE + 1, SIZE):
        values = (v.rstrip(b"\0") if isinstance(v, bytes) else v for v in struct.unpack(FORMAT, raw[at : at + SIZE]))
        found.append(dict(zip(NAMES, values)))
    return found


class Machine:
    """A private /run and /var/log, in a mount namespace."""

    SETUP = 'mount --bind "$0/run" /run && mount --bind "$0/log" /var/log && exec "$@"'

    def __init__(self, directory):
        self.directory = Path(directory)
        self.utmp = self.directory / "run/utmp"
        self.wtmp = self.directory / "log/wtmp"
        for name in ("run", "log"):
            (self.directory / name).mkdir()

    def command(self, *arguments):
        return ["unshare", "-m", "sh", "-c", self.SETUP, str(self.directory), *map(str, arguments)]

    def run(self, program, *arguments, **options):
        """Runs utmpset there, by the name `utmpset`."""
        named = ["bash", "-c", 'p=$1; shift; exec -a utmpset "$p" "$@"', "bash", program, *arguments]
        return subprocess.run(self.command(*named), capture_output=True, text=True, timeout=60, **options)
