"""A Debian machine whose init is runit, and whose runit is ours: what packages and configuration management act on.

    /                   overlay: the packages of the host below, what this machine changes above, in memory
       Debian's runit   its package, installed, with our programs in the places of its own
       /packages        those that `./dev` has fetched, to be installed, or not
    /dev /proc /run     of this machine alone; so are its processes and its network

Process no 1 is our runit with Debian's stage files. Nothing that happens in here reaches the host: not its files, not
its /dev, not its ports.
"""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

from harness import ROOT, wait_until
from namespace import Machine

PACKAGES = ROOT / "build/clients/packages"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# Where Debian has the programs.
PLACES = {
    "usr/bin": ("chpst", "runsv", "runsvdir", "sv", "svlogd"),
    "usr/sbin": ("runit", "runsvchdir", "utmpset"),
    "usr/lib/runit": ("runit-init", "shutdown"),
}

MOUNTS = """
set -e
base=$1 layers=$2 console=$3; shift 3
mount --make-rprivate /
mount -t tmpfs memory "$base"
mkdir "$base/upper" "$base/work" "$base/root"
for layer in $layers; do cp -a "$layer/." "$base/upper"; done
mount -t overlay -o "lowerdir=/,upperdir=$base/upper,workdir=$base/work" root "$base/root"
root=$base/root
mkdir -p "$root/packages"; mount --bind PACKAGES "$root/packages"
mount -t tmpfs -o mode=755 dev "$root/dev"
for name in null zero full random urandom tty; do : >"$root/dev/$name"; mount --bind "/dev/$name" "$root/dev/$name"; done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=666,mode=620 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
if [ -n "$console" ]; then
    for name in console tty1; do : >"$root/dev/$name"; mount --bind "$console" "$root/dev/$name"; done
fi
mount -t proc proc "$root/proc"
mkfifo "$base/kmsg"; mount --bind "$base/kmsg" "$root/proc/kmsg"  # a reader of the host's file would remove its messages
mount --bind "$root/proc/sys" "$root/proc/sys"; mount -o remount,bind,ro "$root/proc/sys"
mount -t sysfs -o ro sys "$root/sys"
mount -t tmpfs -o mode=755 run "$root/run"
mount -t tmpfs -o mode=1777 tmp "$root/tmp"
hostname clients
busybox ifconfig lo 127.0.0.1 up
cd "$root"
exec "$@"
""".replace("PACKAGES", str(PACKAGES))


def unsupported():
    """Why such a machine cannot be made here; empty where it can."""
    if os.geteuid() != 0:
        return "a machine of its own needs root"
    if not list(PACKAGES.glob("runit_*.deb")):
        return "./dev test clients fetches the packages"
    probe = "mount -t tmpfs m /mnt && cd /mnt && mkdir u w r && mount -t overlay -o lowerdir=/,upperdir=u,workdir=w r r"
    done = subprocess.run(["unshare", "--mount", "--net", "sh", "-c", probe], capture_output=True)
    return "" if done.returncode == 0 else "no overlay can be mounted here"


def package(name):
    """The file of a package, as it is called inside."""
    (found,) = PACKAGES.glob(f"{name}_*.deb")
    return f"/packages/{found.name}"


def layer(directory, suite):
    """Installs Debian's runit into a layer above the host, and the programs of a suite over its own; the layer."""
    made = directory / "upper"
    with open(directory / "lock", "w") as lock:  # once for all the processes of pytest
        fcntl.flock(lock, fcntl.LOCK_EX)
        if made.exists():
            return made
        making = directory / "making"
        shutil.rmtree(making, ignore_errors=True)
        for name in ("upper", "work", "root"):
            (making / name).mkdir(parents=True)
        script = f"""set -e
            mount -t overlay -o lowerdir=/,upperdir={making}/upper,workdir={making}/work root {making}/root
            cd {making}/root
            mkdir -p packages
            mount --bind {PACKAGES} packages
            mount -t tmpfs run run
            mount -t proc proc proc
            mount -t tmpfs dev dev
            : >dev/null
            mount --bind /dev/null dev/null
            rm -rf etc/runit/runsvdir/default/* usr/sbin/policy-rc.d var/lib/man-db/auto-update
            chroot . dpkg --force-unsafe-io --force-confmiss -i {" ".join(map(package, ("sysuser-helper", "runit-helper", "runit")))}"""
        alone = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child"]
        done = subprocess.run([*alone, "sh", "-c", script], capture_output=True, text=True,
                              env={"PATH": PATH, "DEBIAN_FRONTEND": "noninteractive"})  # fmt: skip
        assert done.returncode == 0, done
        for place, programs in PLACES.items() if suite else ():
            for program in programs:
                target = making / "upper" / place / program
                assert target.exists(), f"Debian's package has {target}"
                shutil.copy(suite.path(program), target)
        (making / "upper").rename(made)
        shutil.rmtree(making)
    return made


class Debian(Machine):
    """The machine. It boots with Debian's own stage files; sv, dpkg and the like are run with inside()."""

    mounts = MOUNTS
    namespaces = ("--mount", "--pid", "--net", "--uts", "--ipc")

    def __init__(self, world, suite, upper):
        super().__init__(world, suite)
        self.own = world.directory / "own"  # the files of this machine alone, above the layer
        self.below = f"{upper} {self.own}"
        # What Debian's stages leave to the administrator: here, nothing of other inits is started.
        for switch in ("native.boot.run", "no.emulate.sysv", "shutdown-run/.keep"):
            self.file(f"etc/runit/{switch}", "")
        self.file("etc/runit/boot-run/10-login.sh", "touch /run/utmp\n")

    def file(self, path, text):
        """A file that is there when the machine boots. What begins with #! can be executed."""
        made = self.own / path
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_text(text)
        made.chmod(0o755 if text.startswith("#!") else 0o644)

    def service(self, name, run="exec sleep 1000", enabled=True, **files):
        """A service in /etc/sv, linked if enabled. Keywords are files, as in harness.World.service()."""
        for path, script in {"run": run, **files}.items():
            self.file(f"etc/sv/{name}/{path.replace('__', '/')}", f"#!/bin/sh\n{script}\n" if script else "")
        if enabled:
            link = self.own / "etc/runit/runsvdir/default" / name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(f"/etc/sv/{name}")

    def boot(self, **options):
        """Starts it, and waits until runsvdir supervises /etc/service."""
        super().boot("/sbin/runit", env={"PATH": PATH}, **options)
        wait_until(lambda: not self.living() or self.runsvdir(), "runsvdir")
        assert self.living(), self.lines
        return self

    def runsvdir(self):
        """The PID of runsvdir, 0 if there is none."""
        found = self.inside("pidof", "runsvdir").stdout.split()
        return int(found[0]) if found else 0

    def path(self, inside):
        """A path as seen from here. For none that leads through absolute symbolic links."""
        return Path(f"/proc/{self.pid}/root") / inside.lstrip("/")

    def does(self, *command, **options):
        """Runs a command that must succeed; what it said on standard output."""
        done = self.inside(*command, **options)
        assert done.returncode == 0, (done, self.lines)
        return done.stdout

    def supervise(self, name, log=False):
        """Where a service's supervisor keeps its files."""
        directory = f"/etc/sv/{name}{'/log' if log else ''}/supervise"
        return self.path(self.inside("readlink", "-f", directory).stdout.strip() or directory)
