"""A Debian 12 of its own for every test: the root of build/packages with a layer over it, in namespaces.

    build/packages/root   (never written to)
    a layer in memory     what the test changes
    /proc, /run, /dev     of the test alone; no network

Nothing in it can reach the machine that the test runs on; its process no 1 ends with all it has started.
"""

import os
import pty
import signal
import subprocess
import threading
import tty
from pathlib import Path

import pytest

from harness import ROOT, children, wait_until

PACKAGES = ROOT / "build/packages"
OURS = sorted((ROOT / "build/deb").glob("runwell*_amd64.deb"))

SETUP = """
set -e
root=$1 packages=$2 ours=$3 at=$4 console=$5; shift 5
mount --make-rprivate /
mount -t tmpfs layer "$at"
mkdir "$at/upper" "$at/work" "$at/root"
mount -t overlay overlay -o "lowerdir=$root,upperdir=$at/upper,workdir=$at/work" "$at/root"
cd "$at/root"
mount -t proc proc proc
mount -t tmpfs run run
mount -t tmpfs dev dev
for name in null zero full urandom tty; do : >"dev/$name"; mount --bind "/dev/$name" "dev/$name"; done
ln -s /proc/self/fd dev/fd
: >dev/console; mount --bind "$console" dev/console
mkdir -p mnt/debian mnt/ours
mount --bind "$packages" mnt/debian
mount --bind "$ours" mnt/ours
# What would start a machine's own hardware, clock or network has no business here.
rm -f etc/rc?.d/*
exec chroot . "$@"
"""

# PID 1 if it is not runit: it reaps orphans.
IDLE = ("/bin/sh", "-c", "trap : TERM; while :; do sleep 100000 & wait $!; done")


class Debian:
    def __init__(self, world):
        if not (PACKAGES / "root").is_dir():
            pytest.skip("no Debian 12 in build/packages: ./dev test packages")
        if not OURS:
            pytest.skip("no packages in build/deb: ./dev deb")
        self.world = world
        self.at = world.directory / "debian"
        self.at.mkdir()
        self.output = b""
        self.process = None

    def boot(self, *command):
        """Starts the machine, with the command as its PID 1; its console is read into `output`."""
        master, slave = pty.openpty()
        tty.setraw(slave)
        self.process = subprocess.Popen(
            ["unshare", "--pid", "--fork", "--kill-child", "--mount", "--net", "--ipc", "--uts", "sh", "-c", SETUP, "debian",
             PACKAGES / "root", PACKAGES / "debs", ROOT / "build/deb", self.at, os.ttyname(slave), *(command or IDLE)],
            stdin=subprocess.DEVNULL, stdout=slave, stderr=slave, start_new_session=True,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        )  # fmt: skip
        self.world.processes.append(self.process)
        os.close(slave)
        threading.Thread(target=self._read, args=(master,), daemon=True).start()
        self.pid = wait_until(self._process_one, f"process no 1; {self.output}")
        return self

    def _process_one(self):
        assert self.process.poll() is None, self.output
        for pid in children(self.process.pid):
            try:
                if os.path.realpath(f"/proc/{pid}/root") != "/" and Path(f"/proc/{pid}/comm").read_text() != "chroot\n":
                    return pid
            except OSError:
                pass
        return None

    def _read(self, master):
        while True:
            try:
                self.output += os.read(master, 65536)
            except OSError:
                if self.process.poll() is not None:
                    break
        os.close(master)

    @property
    def root(self):
        return Path(f"/proc/{self.pid}/root")

    def path(self, path):
        return self.root / path.lstrip("/")

    def try_to(self, *command, env=None, **options):
        """Runs a command in it, which may fail."""
        return subprocess.run(
            ["nsenter", f"--target={self.pid}", "--mount", "--pid", "--net", "--ipc", "--uts", f"--root=/proc/{self.pid}/root", "--wdns=/",
             *command],
            text=True, capture_output=True, timeout=180, stdin=subprocess.DEVNULL,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8",
                 "DEBIAN_FRONTEND": "noninteractive", **(env or {})}, **options,
        )  # fmt: skip

    def run(self, *command, **options):
        """Runs a command in it that must succeed, and returns what it says."""
        done = self.try_to(*command, **options)
        assert done.returncode == 0, (command, done.returncode, done.stdout, done.stderr)
        return done.stdout

    def sh(self, script, **options):
        return self.run("sh", "-euc", script, **options)

    def write(self, path, content, mode=None):
        whole = self.path(path)
        whole.parent.mkdir(parents=True, exist_ok=True)
        whole.write_text(content)
        whole.chmod(mode if mode is not None else 0o755 if content.startswith("#!") else 0o644)

    # -- packages -------------------------------------------------------------------------------------------------

    def install(self, *names):
        """Installs ours, or those of Debian, from the files: `runwell` is ours. Modified files stay as they are."""
        files = [self._file(name) for name in names]
        return self.run("dpkg", "--force-confdef", "--force-confold", "--install", *files)

    def _file(self, name):
        ours = [p for p in OURS if p.name.startswith(f"{name}_")]
        theirs = sorted((PACKAGES / "debs").glob(f"{name}_*.deb"))
        assert ours or theirs, f"no package {name}"
        return f"/mnt/ours/{ours[0].name}" if ours else f"/mnt/debian/{theirs[0].name}"

    def state(self, package):
        """As dpkg has it: "installed", "config-files", "not-installed"."""
        done = self.try_to("dpkg-query", "-W", "-f=${db:Status-Status}", package)
        return done.stdout if done.returncode == 0 else "not-installed"

    # -- services -------------------------------------------------------------------------------------------------

    def service(self, name, run="#!/bin/sh\nexec sleep 100000\n", **files):
        """A service directory in /etc/sv that is enabled; keywords are files, as in World.service()."""
        for path, content in {"run": run, **files}.items():
            self.write(f"/etc/sv/{name}/{path.replace('__', '/')}", content)
        link = self.path(f"/etc/runit/runsvdir/default/{name}")
        if not link.is_symlink():
            link.symlink_to(f"/etc/sv/{name}")

    def pid_of(self, name):
        """The pid of a service as seen from outside of the namespace, once it runs."""
        return wait_until(lambda: self._outside(self._said(name)), f"{name} runs; {self.tree()}")

    def _said(self, name):
        try:
            return self.path(f"/etc/sv/{name}").joinpath("supervise/pid").read_text().strip()
        except OSError:
            # An absolute link: it is followed inside.
            return self.try_to("cat", f"/etc/sv/{name}/supervise/pid").stdout.strip()

    def _outside(self, inside):
        if not inside:
            return None
        for pid, fields in self.processes().items():
            if fields["NSpid"].split()[-1] == inside:
                return pid
        return None

    def processes(self):
        """Everything that runs in it: pid (outside) → the fields of /proc/PID/status."""
        found, queue = {}, [self.pid]
        while queue:
            pid = queue.pop()
            try:
                fields = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)
            except OSError:
                continue
            if not fields["State"].startswith("Z"):
                found[pid] = fields
            queue += children(pid)
        return found

    def named(self, name):
        return [pid for pid, fields in self.processes().items() if fields["Name"] == name]

    def tree(self):
        return [(pid, fields["Name"]) for pid, fields in self.processes().items()]

    def ends(self):
        """Waits for the end of the machine, and says how."""
        code = self.process.wait(timeout=120)
        endings = {signal.SIGHUP: "reboot", signal.SIGINT: "power off"}
        return endings.get(-code if code < 0 else code - 128, code)
