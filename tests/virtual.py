"""A machine to switch on: Debian's kernel for virtual machines under QEMU, in software, with an initramfs of busybox and the
programs under test (or Debian's runit, with the libraries that it needs).

    root/  bin/busybox and its names; sbin/runit, runsv …; init, which is runit-init
           etc/runit          the stages, with stopit and reboot as links into /run
           etc/service        the services

Its serial line is its console; its keyboard is QEMU's monitor; it has a disk if it is given one.
"""

import os
import re
import shutil
import socket
import subprocess
import threading
from pathlib import Path

from harness import ROOT, wait_until

KERNELS = sorted((ROOT / "build/boot/kernel/boot").glob("vmlinuz-*"))
SLOW = 600.0  # seconds; software emulation on a machine that has other things to do
PROGRAMS = ("runit", "runit-init", "runsvdir", "runsv", "sv", "svlogd", "shutdown")


def missing():
    """Why no machine can be switched on here, or nothing."""
    tools = [tool for tool in ("qemu-system-x86_64", "busybox", "cpio", "musl-gcc") if not shutil.which(tool)]
    return ", ".join(tools) or (None if KERNELS else "a kernel")


def script(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def compiled(source, target):
    """Compiles a small program, static and without C++ runtime."""
    command = ["musl-gcc", "-static", "-O2", "-Wall", "-fno-exceptions", "-fno-rtti", source, "-o", target]
    subprocess.run(command, check=True)


class Image:
    """The root file system of a machine, to be filled below `root` and packed."""

    def __init__(self, directory, suite):
        self.directory = directory
        self.root = directory / "root"
        for name in ("bin", "sbin", "etc/runit", "etc/service", "proc", "sys", "dev", "run", "tmp", "var/log"):
            (self.root / name).mkdir(parents=True)
        shutil.copy(shutil.which("busybox"), self.root / "bin/busybox")
        names = subprocess.run(["busybox", "--list"], capture_output=True, text=True, check=True).stdout.split()
        for name in {*names} - {"busybox", "halt", "poweroff", "reboot", "init", *PROGRAMS}:
            (self.root / "bin" / name).symlink_to("busybox")
        for program in PROGRAMS:
            try:
                self._copy(Path(suite.path(program)), self.root / "sbin" / program)
            except FileNotFoundError:
                assert program == "shutdown", "Debian's runit has none"
        (self.root / "init").symlink_to("sbin/runit-init")
        for name in ("stopit", "reboot"):
            (self.root / "etc/runit" / name).symlink_to(f"/run/runit.{name}")

    def _copy(self, program, target):
        shutil.copy(program, target)
        libraries = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
        for library in re.findall(r"(/\S+)", libraries):
            place = self.root / library.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(library, place)

    def stage(self, name, text):
        script(self.root / "etc/runit" / name, text)

    def service(self, name, run, log=None):
        directory = self.root / "etc/service" / name
        script(directory / "run", run)
        if log:
            script(directory / "log/run", log)

    def pack(self):
        archive = self.directory / "initramfs"
        subprocess.run(f"find . | cpio -o -H newc --quiet >{archive}", shell=True, cwd=self.root, check=True)
        return archive


class Virtual:
    """A machine that is switched on."""

    def __init__(self, image, *options, words="quiet", disk=None):
        self.output = b""
        self.door = image.directory / "monitor"
        if disk:
            options += ("-drive", f"if=none,id=disk,format=raw,file={disk}", "-device", "nvme,serial=disk,drive=disk")
        self.process = subprocess.Popen(
            ["qemu-system-x86_64", "-accel", "tcg", "-m", "256", "-nographic", "-nic", "none", "-serial", "stdio",
             "-monitor", f"unix:{self.door},server=on,wait=off", *options, "-kernel", KERNELS[-1], "-initrd", image.pack(),
             "-append", f"console=ttyS0 panic=-1 mitigations=off {words}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        while got := os.read(self.process.stdout.fileno(), 65536):
            self.output += got

    @property
    def text(self):
        return self.output.decode(errors="replace").replace("\r", "")

    def says(self, words, times=1, patience=SLOW):
        """Waits until the console has said so."""
        try:
            wait_until(lambda: self.text.count(words) >= times or self.process.poll() is not None, words, patience)
        except AssertionError as late:
            raise AssertionError(f"{late}; it said:\n{self.text}") from None
        assert self.text.count(words) >= times, f"it ended without {words!r}:\n{self.text}"

    def type(self, line):
        """On the serial line."""
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def press(self, keys):
        """On the keyboard, all at once: "ctrl-alt-delete"."""
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.connect(str(self.door))
            monitor.sendall(f"sendkey {keys}\n".encode())
            said = b""
            while said.count(b"(qemu)") < 2:  # before and after
                said += monitor.recv(4096)

    def ends(self):
        """Waits until QEMU has gone, and says how."""
        return self.process.wait(timeout=SLOW)

    def close(self):
        self.process.kill()
        self.process.wait()
