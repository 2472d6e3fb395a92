"""A kernel of Debian under QEMU (software emulation), an initramfs of busybox and our programs, and the stage files of
examples/runit: boot, services with loggers, ctrl-alt-del, reboots, a storm of orphans, and the power going off."""

import os
import re
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path

import pytest

from harness import ROOT, ours, wait_until

KERNELS = sorted((ROOT / "build/boot/kernel/boot").glob("vmlinuz-*"))
SLOW = 240.0  # seconds; software emulation on a machine that has other things to do

LOGGED = """#!/bin/sh
echo "up {name}" >/dev/console
exec sleep 100000
"""

# A service that does what is typed on the serial line.
CONTROL = """#!/bin/sh
exec </dev/console >/dev/console 2>&1
stty -echo 2>/dev/null
echo 'ready for orders'
while read -r order; do sh -c "$order"; echo "done: $order"; done
exec sleep 100000
"""


def initramfs(directory, suite):
    """Packs the root file system of the machine; the path of the archive."""
    root = directory / "root"
    for name in ("bin", "sbin", "etc/runit", "etc/service", "proc", "sys", "dev", "run", "tmp"):
        (root / name).mkdir(parents=True)
    shutil.copy("/bin/busybox", root / "bin/busybox")
    applets = subprocess.run(["/bin/busybox", "--list"], capture_output=True, text=True, check=True).stdout.split()
    for applet in sorted(set(applets) - {"busybox"}):
        (root / "bin" / applet).symlink_to("busybox")
    for program in ("runit", "runit-init", "runsvdir", "runsv", "sv", "svlogd", "shutdown"):
        try:
            path = Path(suite.path(program))
        except FileNotFoundError:
            continue
        for place in ("bin", "sbin"):
            (root / place / program).unlink(missing_ok=True)
        shutil.copy(path, root / "sbin" / program)
        libraries = subprocess.run(["ldd", path], capture_output=True, text=True, check=False).stdout
        for library in re.findall(r"(/\S+)", libraries):
            target = root / library.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(library, target)
    for name in ("halt", "poweroff", "reboot", "init"):
        (root / "bin" / name).unlink(missing_ok=True)
    for stage in (ROOT / "examples/runit").iterdir():
        shutil.copy(stage, root / "etc/runit" / stage.name)
    for name in ("one", "two", "three"):
        service = root / "etc/service" / name
        (service / "log").mkdir(parents=True)
        script(service / "run", LOGGED.format(name=name))
        script(service / "log/run", "#!/bin/sh\nexec cat >/run/log\n")
    (root / "etc/service/orders").mkdir()
    script(root / "etc/service/orders/run", CONTROL)
    (root / "etc/hostname").write_text("runwell\n")
    (root / "init").symlink_to("sbin/runit-init")
    archive = directory / "initramfs"
    subprocess.run(f"find . | cpio -o -H newc --quiet >{archive}", shell=True, cwd=root, check=True)
    return archive


def script(path, text):
    path.write_text(text)
    path.chmod(0o755)


class Qemu:
    """A machine that is switched on; its serial line is its console."""

    def __init__(self, archive):
        self.output = b""
        self.process = subprocess.Popen(
            ["qemu-system-x86_64", "-accel", "tcg", "-m", "256", "-nographic", "-nic", "none", "-monitor", "none",
             "-kernel", KERNELS[-1], "-initrd", archive, "-append", "console=ttyS0 quiet panic=-1 nosuchparameter=1 word"],
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

    def says(self, words, times=1):
        """Waits until the console has said so."""
        try:
            wait_until(lambda: self.text.count(words) >= times or self.process.poll() is not None, words, SLOW)
        except AssertionError as late:
            raise AssertionError(f"{late}; it said:\n{self.text}") from None
        assert self.text.count(words) >= times, f"it ended without {words!r}:\n{self.text}"

    def order(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def close(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def machine():
    if not shutil.which("qemu-system-x86_64") or not KERNELS:
        pytest.skip("NOTE: no QEMU or no kernel here: process no 1 is proved in namespaces alone; ./dev boot fetches them")
    made = []
    directory = Path(tempfile.mkdtemp(prefix="runwell-boot-"))

    def switch_on(suite):
        made.append(Qemu(initramfs(directory, suite)))
        return made[-1]

    yield switch_on
    for one in made:
        one.close()
    shutil.rmtree(directory)


def all_up(machine, times):
    for name in ("one", "two", "three"):
        machine.says(f"up {name}", times)
    machine.says("ready for orders", times)


def test_the_story_of_a_machine(machine):
    """Boots four times, and is switched off at the end: QEMU goes with it."""
    one = machine(ours())
    all_up(one, 1)
    assert "booting." in one.text

    one.order("i=0; while [ $i -lt 5000 ]; do (true &); i=$((i + 1)); done")
    one.says("done: i=0")
    one.order("sleep 1; echo zombies: $(ps -o stat | grep -c '^Z')")
    one.says("zombies: 0\n")

    one.order("kill -9 $(pidof runsvdir)")
    one.says("- runit: warning: child crashed: /etc/runit/2")
    one.says("- runit: warning: restarting.")
    one.says("- runit: enter stage: /etc/runit/2", 2)

    one.order("kill -INT 1")  # what the kernel sends for ctrl-alt-del
    one.says("- runit: system reboot.")
    for boot in (2, 3):
        all_up(one, boot)
        one.order("runit-init 6")
        one.says("- runit: system reboot.", boot)
    all_up(one, 4)
    one.order("runit-init 0")
    one.says("- runit: power off...")
    assert one.process.wait(timeout=SLOW) == 0
    assert "Kernel panic" not in one.text
