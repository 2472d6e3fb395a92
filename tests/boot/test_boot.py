"""A kernel of Debian under QEMU (software emulation), an initramfs of busybox and the programs, and the stage files of
examples/runit: boot, services with loggers, ctrl-alt-del, reboots, a storm of orphans, and the power going off. Debian's
runit is told the same story."""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import harness
from virtual import Image, Virtual, compiled, missing

NAMES = ("one", "two", "three")
LINES = 200  # that each of them says before it is up

LOGGED = """#!/bin/sh
exec 2>&1
trap 'kill $!; echo last words; exit 0' TERM
echo first words
i=0; while [ $i -lt {lines} ]; do echo line $((i += 1)); done
echo 'up {name}' >/dev/console
sleep 100000 & wait
"""

LOGGER = """#!/bin/sh
mkdir -p /var/log/{name}
exec svlogd /var/log/{name}
"""

# A service that does what is typed on the serial line.
ORDERS = """#!/bin/sh
exec </dev/console >/dev/console 2>&1
stty -echo 2>/dev/null
echo 'ready for orders'
while read -r order; do sh -c "$order"; echo "done: $order"; done
exec sleep 100000
"""


def root_of(directory, suite):
    """What the machine boots from."""
    image = Image(directory, suite)
    for stage in (harness.ROOT / "examples/runit").iterdir():
        shutil.copy(stage, image.root / "etc/runit" / stage.name)
    for name in NAMES:
        image.service(name, LOGGED.format(name=name, lines=LINES), log=LOGGER.format(name=name))
    image.service("orders", ORDERS)
    (image.root / "etc/hostname").write_text("runwell\n")
    (image.root / "etc/fstab").write_text("/dev/nvme0n1 /var/log ext4 defaults 0 2\n")
    compiled(harness.ROOT / "tests/boot/storm.cc", image.root / "bin/storm")
    return image


def disk_in(directory):
    """An empty file system."""
    disk = directory / "disk"
    with open(disk, "wb") as file:
        file.truncate(16 << 20)
    subprocess.run(["mkfs.ext4", "-q", disk], check=True)
    return disk


def logs_on(disk):
    """The lines of each log, and whether the file system has been unmounted."""
    logs = {name: subprocess.run(["debugfs", "-R", f"cat /{name}/current", disk], capture_output=True, text=True, check=True)
            .stdout.splitlines() for name in NAMES}  # fmt: skip
    says = subprocess.run(["debugfs", "-R", "stats -h", disk], capture_output=True, text=True, check=True).stdout
    return logs, "needs_recovery" not in says and "clean" in says.split("Filesystem state:")[1].splitlines()[0]


@pytest.fixture(params=["runwell", "runit"])
def suite(request):
    """Our suite, or the newest of Debian's that is installed."""
    if lacking := missing():
        pytest.skip(f"NOTE: no {lacking} here: PID 1 is tested in namespaces alone; ./dev boot fetches what is needed")
    if request.param == "runwell":
        return harness.ours()
    if found := harness.reference("2.3.1") or harness.reference("2.1.2"):
        return found
    pytest.skip("NOTE: no runit of Debian has been unpacked: there is nothing to compare a boot with")


def test_the_story_of_a_machine(suite):
    """Boots four times, and is switched off at the end: QEMU goes with it."""
    directory = Path(tempfile.mkdtemp(prefix="runwell-boot-"))
    disk = disk_in(directory)
    # Words that the kernel does not know become arguments of process no 1.
    one = Virtual(root_of(directory, suite), words="quiet nosuchparameter=1 word", disk=disk)

    def is_up(boot):
        for name in NAMES:
            one.says(f"up {name}", boot)
        one.says("ready for orders", boot)

    try:
        is_up(1)
        assert "booting." in one.text

        one.type("storm 5000 && echo zombies: $(ps -o stat | grep -c '^Z')")
        one.says("zombies: 0\n")

        if suite is not harness.reference("2.1.2"):  # which takes the crash for an exit
            one.type("kill -9 $(pidof runsvdir)")
            one.says("- runit: warning: child crashed: /etc/runit/2")
            one.says("- runit: warning: killing all processes in stage 2...")
            one.says("- runit: warning: restarting.")
            one.says("- runit: enter stage: /etc/runit/2", 2)

        one.press("ctrl-alt-delete")
        one.says("- runit: ctrl-alt-del request...")
        one.says("- runit: leave stage: /etc/runit/ctrlaltdel")
        one.says("- runit: system reboot.")
        for boot in (2, 3):
            is_up(boot)
            one.type("runit-init 6")
            one.says("- runit: system reboot.", boot)
        is_up(4)
        one.type("runit-init 0")
        one.says("- runit: power off...")
        assert one.ends() == 0
        assert "Kernel panic" not in one.text

        logs, unmounted = logs_on(disk)
        for name, lines in logs.items():
            assert lines == ["first words", *(f"line {n + 1}" for n in range(LINES)), "last words"] * 4, name
        assert unmounted
    finally:
        one.close()
        shutil.rmtree(directory)


def test_a_hundred_services_are_up_and_down_in_little_more_than_half_the_time_of_runit(tmp_path):
    """What bench/boot.py compares is counted in instructions, so that it can be asked for here. (Its aim is 0.50. The evidence
    that a runsv collects for a successor costs 0.04 of that.)"""
    version = next((version for version in ("2.3.1", "2.1.2") if harness.reference(version)), None)
    if missing() or version is None:
        pytest.skip(f"NOTE: no {missing() or 'runit of Debian'} here: the boot is not compared")
    command = [sys.executable, harness.ROOT / "bench/boot.py", "--against", version, "--json", tmp_path / "rows"]
    subprocess.run(command, check=True)
    up, off = json.loads((tmp_path / "rows").read_text())
    assert up["ratio"] <= 0.55 and off["ratio"] <= 0.5, (up, off)
