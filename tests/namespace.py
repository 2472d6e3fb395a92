"""A small machine to run PID 1 in: a PID namespace and a root directory of its own, with a terminal as console.

    root/  usr, bin, sbin, lib …   as here, read-only
           suite                   the programs under test, by name; suite0 … are their directories
           etc/runit               of the test alone
           dev                     null, zero, tty, console (a terminal whose other end the test reads)
           proc                    of the namespace; run, tmp

Nothing in it can reach the machine that the test runs on: what signals "every process" signals the namespace, and
reboot(2) ends the namespace (SIGHUP for a restart, SIGINT for a halt: pid_namespaces(7)).
"""

import os
import pty
import re
import signal
import subprocess
import threading
import time
import tty
from pathlib import Path

from harness import alive, children, wait_until

MOUNTS = """
set -e
root=$1 suites=$2 console=$3; shift 3
mount --make-rprivate /
mount --bind "$root" "$root"
mount --rbind /usr "$root/usr"
i=0; for suite in $suites; do
    mount --bind "$suite" "$root/suite$i"
    i=$((i + 1))
    case $suite in  # which lines have run is written where it was built
        */build/coverage/bin) counts=${suite%/bin}; mkdir -p "$root$counts"; mount --bind "$counts" "$root$counts" ;;
    esac
done
mount -t tmpfs dev "$root/dev"
for name in null zero tty full urandom; do : >"$root/dev/$name"; mount --bind "/dev/$name" "$root/dev/$name"; done
if [ -n "$console" ]; then : >"$root/dev/console"; mount --bind "$console" "$root/dev/console"; fi
mount -t proc proc "$root/proc"
if [ -x "$root/prepare" ]; then "$root/prepare" "$root"; fi
cd "$root"
exec "$@"
"""


class Machine:
    """runit as PID 1 of a namespace. Its files are below `root`; `lines` is its console."""

    mounts = MOUNTS  # the script that arranges the root directory; see there for its arguments
    namespaces = ("--mount", "--pid")  # of its own; options of unshare and nsenter

    def __init__(self, world, suite=None):
        self.world = world
        self.suite = suite or world.suite
        self.root = world.directory / "root"
        self.stages = self.root / "etc/runit"
        for name in ("usr", "etc/runit", "dev", "proc", "run", "tmp", "suite", "root"):
            (self.root / name).mkdir(parents=True)
        for name in ("bin", "sbin", "lib", "lib64"):
            (self.root / name).symlink_to(f"usr/{name}")
        for n, directory in enumerate(self.suite.directories):
            (self.root / f"suite{n}").mkdir()
            for program in directory.iterdir():
                link = self.root / "suite" / program.name
                if program.is_file() and not link.exists():
                    link.symlink_to(f"/suite{n}/{program.name}")
        (self.root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
        (self.root / "etc/group").write_text("root:x:0:\n")
        self.below = " ".join(map(str, self.suite.directories))  # what the root directory is made of
        self.output = b""
        self.process = None
        self.pid = None
        self.master = self.reader = None
        self.reading = threading.Event()
        self.reading.set()

    def stage(self, name, script, mode=0o755):
        """A stage file: what it does, as shell."""
        path = self.stages / name
        path.write_text(f"#!/bin/sh\nPATH=/suite:/bin:/sbin\n{script}\n")
        path.chmod(mode)
        return path

    def boot(self, *command, console=True, env=None, around=(), terminal=False, **options):
        """Starts `command` (runit) as PID 1, and waits until it runs. `around` is a prefix of the command inside the
        namespace: setpriv, prlimit. Without a console, reads its standard error."""
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        name = self.terminal = os.ttyname(slave)
        options.setdefault("stdin", slave if terminal else subprocess.DEVNULL)
        options.setdefault("stdout", slave)
        options.setdefault("stderr", slave)
        # unshare is the parent of PID 1: it exits as PID 1 does.
        self.process = subprocess.Popen(
            ["unshare", *self.namespaces, "--fork", "--kill-child", "sh", "-c", self.mounts, "machine", self.root, self.below,
             name if console else "", *around, "chroot", ".", *(command or ("/suite/runit",))],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "ASAN_OPTIONS": "detect_leaks=0", **(env or {})},
            start_new_session=True, **options,
        )  # fmt: skip
        self.world.processes.append(self.process)
        os.close(slave)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        name = os.path.basename((command or ("runit",))[0])[:15]
        self.pid = wait_until(lambda: self._process_one(name) or self.process.poll() is not None, "process no 1")
        return self

    def _process_one(self, name):
        for pid in children(self.process.pid):
            try:
                if Path(f"/proc/{pid}/comm").read_text().strip() == name:
                    return pid
            except OSError:
                pass
        return None

    def _read(self):
        while True:
            self.reading.wait()
            try:
                got = os.read(self.master, 65536)
            except OSError:  # no process has the terminal open: a hang-up, or the end
                if self.process.poll() is not None:
                    break
                time.sleep(0.005)
                continue
            self.output += got
        os.close(self.master)

    # -- what it says --------------------------------------------------------------------------------------------

    @property
    def lines(self):
        return self.output.decode(errors="replace").replace("\r", "").splitlines()

    def says(self, line, times=1):
        wait_until(lambda: self.lines.count(line) >= times, f"the line {line!r}; there are {self.lines}")

    def said(self, pattern):
        return any(re.search(pattern, line) for line in self.lines)

    def count(self, line):
        return self.lines.count(line)

    def stop_reading(self):
        self.reading.clear()

    def go_on_reading(self):
        self.reading.set()

    # -- what is done to it --------------------------------------------------------------------------------------

    def signal(self, number):
        os.kill(self.pid, number)

    def inside(self, *command, **options):
        """Runs a command in the namespace, as docker exec does."""
        options.setdefault("capture_output", True)
        options.setdefault("env", {"PATH": "/suite:/usr/sbin:/usr/bin:/sbin:/bin"})
        options.setdefault("timeout", 60)
        return subprocess.run(
            ["nsenter", f"--target={self.pid}", *self.namespaces, f"--root=/proc/{self.pid}/root", "--wdns=/", *command],
            text=True, **options,
        )  # fmt: skip

    def obeys(self, *command):
        """Runs a command that ends the machine. The machine may be faster, and end the command, too."""
        done = self.inside(*command)
        assert done.returncode in (0, -signal.SIGKILL) and done.stderr == "", done

    def marks(self, name):
        """The lines that stages have appended to /run/NAME."""
        try:
            return (self.root / "run" / name).read_text().split()
        except FileNotFoundError:
            return []

    def ends(self):
        """Waits until PID 1 exits, and returns how: "reboot", "power off", or its exit code."""
        code = self.process.wait(timeout=60)
        self.reader.join(timeout=60)
        endings = {signal.SIGHUP: "reboot", signal.SIGINT: "power off"}
        return endings.get(-code if code < 0 else code - 128, code)

    def living(self):
        return self.pid and alive(self.pid)
