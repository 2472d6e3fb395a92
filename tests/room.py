"""A room to follow a page in: this machine, but every file that is written is forgotten, and nothing reaches out of it.

    /                 as here, through an overlay: /etc/service, /etc/passwd, /usr/local may be written to
    /usr/local/bin    the programs under test; on a machine that has "runit": /usr/bin has those of Debian's runit instead
    /tmp /run /home   empty, and so are /root /opt /srv /mnt /var/tmp; but for anna's home, where her clone of this
                      repository is: what is under version control, and in build/ nothing but build/bin
    processes         of a PID namespace of its own; a network of its own, with a loopback alone

Two users follow a page: root, and anna, who has no privilege. Their shells have the environment of a login, and exit when a
command uses a variable that no command has set: a page cannot use what it did not say. One variable is ours: SVWAIT=30,
because this machine may be slow.
"""

import os
import re
import subprocess
from pathlib import Path

from harness import DEADLINE, ROOT, descendants, wait_until

ANNA = 1000
PREPARE = """
set -e
place=$1 programs=$2 tree=$3 runit=$4
mount --make-rprivate /
mount -t tmpfs -o mode=0755 room "$place"
mkdir "$place/upper" "$place/work" "$place/root"
mount -t overlay -o "lowerdir=/,upperdir=$place/upper,workdir=$place/work" room "$place/root"
cd "$place/root"
mount -t proc proc proc
mount --rbind /sys sys
mount -t tmpfs -o mode=0755 room dev
for name in null zero full random urandom tty; do : >"dev/$name"; mount --bind "/dev/$name" "dev/$name"; done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 room dev/pts
ln -s pts/ptmx dev/ptmx
for n in 0 1 2; do ln -s "/proc/self/fd/$n" "dev/$(echo stdin stdout stderr | cut -d' ' -f$((n + 1)))"; done
ln -s /proc/self/fd dev/fd
for name in run home opt srv mnt; do mount -t tmpfs -o mode=0755 room "$name"; done
mount -t tmpfs -o mode=0700 room root
for name in tmp dev/shm var/tmp; do mount -t tmpfs -o mode=1777 room "$name"; done
if [ -n "$runit" ]; then
    cp "$runit"/* usr/bin/
else
    mkdir -p usr/local/bin && mount --bind -o ro "$programs" usr/local/bin
fi
sed -i '/^[^:]*:[^:]*:1000:/d' etc/passwd etc/group
echo 'anna:x:1000:1000::/home/anna:/bin/bash' >>etc/passwd
echo 'anna:x:1000:' >>etc/group
install -d -o 1000 -g 1000 home/anna
mkdir home/anna/runwell && mount --bind -o ro "$tree" home/anna/runwell
mount -t tmpfs -o mode=0755 room home/anna/runwell/build
mkdir home/anna/runwell/build/bin && mount --bind -o ro "$programs" home/anna/runwell/build/bin
rm -rf etc/service etc/sv etc/runit && mkdir etc/service etc/sv
mkdir old && pivot_root . old && umount -l old
renice -n 0 $$ >/dev/null
cd && exec chpst --new-net bash
"""


class Shell:
    """A bash that runs one command after the other, with its output in a file."""

    def __init__(self, room, command, name, **options):
        self.path = room.world.directory / f"{name}.says"
        with open(self.path, "wb") as out:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=out, **options)
        room.world.processes.append(self.process)
        self.process.stdin.write(b"set -mu\n")  # -m: as at a terminal, a job in the background hears INT and QUIT

    def does(self, command, seconds=2 * DEADLINE):
        """Runs a command; its exit code, and the lines that were written until it ended."""
        before = self.path.stat().st_size
        # Its standard input is not the one that the next commands come from.
        self.process.stdin.write(f"{{\n{command}\n}} </dev/null\necho \"<done> $?\"\n".encode())
        self.process.stdin.flush()

        def said():
            return self.path.read_bytes()[before:].decode(errors="replace")

        def done():
            assert self.process.poll() is None, (command, said())
            return re.search(r"^<done> (\d+)\n", said(), re.M)

        end = wait_until(done, command, seconds)
        return int(end[1]), end.string[: end.start()].splitlines()

    def writes(self, path, text):
        code, said = self.does(f"cat >{path} <<'END OF FILE'\n{text}END OF FILE")
        assert (code, said) == (0, []), (path, said)


class Room:
    def __init__(self, world, runit=None):
        """runit: the directory with the programs of Debian's runit, for a machine that has them and not runwell's."""
        self.world = world
        place = world.directory / "room"
        place.mkdir()
        environment = world.suite.environment(SVWAIT=30, LC_ALL="C.UTF-8") | {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        }
        self.environments = {
            "root": environment | {"HOME": "/root", "USER": "root"},
            "anna": environment | {"HOME": "/home/anna", "USER": "anna"},
        }
        self.shells = {
            "root": Shell(
                self,
                ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", PREPARE, "room",
                 place, world.suite.directories[0], ROOT, runit or ""],
                "root", cwd=ROOT, env=self.environments["root"],
            )
        }  # fmt: skip
        code, said = self.shells["root"].does("readlink /proc/self/ns/pid; ls /old")
        assert (code, len(said)) == (0, 1) and said != [os.readlink("/proc/self/ns/pid")], said

    def process_one(self):
        return next(pid for pid in descendants(self.shells["root"].process.pid))

    def shell(self, who):
        if who not in self.shells:
            pid = str(self.process_one())
            self.shells[who] = Shell(
                self,
                ["nsenter", "--target", pid, "--mount", "--pid", "--net", "--wdns=/home/anna",
                 "setpriv", "--reuid", str(ANNA), "--regid", str(ANNA), "--clear-groups", "bash"],
                who, env=self.environments[who],
            )  # fmt: skip
        return self.shells[who]

    def left(self):
        """What runs here besides the shells: their command lines."""
        lines = []
        shells = {self.process_one()} | {
            pid for who, shell in self.shells.items() if who != "root" for pid in [shell.process.pid, *descendants(shell.process.pid)][:2]
        }
        inside = os.stat(f"/proc/{self.process_one()}/ns/pid").st_ino
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if os.stat(entry / "ns/pid").st_ino == inside and int(entry.name) not in shells:
                    lines.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                pass
        return lines
