#!/usr/bin/python3
"""A whole machine under QEMU, with our runit and with Debian's as PID 1: the time from the start of PID 1 until
100 services run, and from the request until the power is off.

    ./dev bench boot [--rounds N] [--against VERSION] [--json FILE]

What is compared is counted, not timed: every instruction of the machine takes 8 ns, and waiting for nothing takes no time
of ours. So neither QEMU nor the load of this machine is in the figures, one round says it all, and the machines may run
side by side.
"""

import argparse
import json
import os
import re
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
import harness  # noqa: E402
import virtual  # noqa: E402
from report import Ratio, Row, markdown  # noqa: E402

HERE = Path(__file__).resolve().parent
SERVICES = 100
WHAT = (f"hand-over to {SERVICES} services up", "runit-init 0 to power off")
VERSIONS = ("2.1.2", "2.3.1")
STAGES = {
    "1": "mount -t proc proc /proc; mount -t devtmpfs devtmpfs /dev",
    "2": "exec env - PATH=$PATH runsvdir -P /etc/service",
    "3": "sv force-stop /etc/service/* >/dev/null; sv exit /etc/service/*; exit 0",
}
ORDER = """#!/bin/sh
read -r order </dev/console
echo '<6>mark: asked' >/dev/kmsg
exec $order
"""


def image(directory, suite):
    made = virtual.Image(directory, suite)
    for name, text in STAGES.items():
        made.stage(name, f"#!/bin/sh\nPATH=/sbin:/bin\n{text}\n")
    virtual.compiled(HERE / "mark.cc", made.root / "bin/mark")
    for number in range(SERVICES):
        directory = made.root / f"etc/service/s{number}"
        directory.mkdir()
        (directory / "run").symlink_to("/bin/mark")
    made.service("order", ORDER)
    return made


def moments(text, words):
    """When the kernel's log says so, in seconds."""
    return [float(found) for found in re.findall(rf"\[ *([0-9.]+)\] {re.escape(words)}", text)]


def measure(suite):
    """Seconds, as WHAT has them."""
    directory = Path(tempfile.mkdtemp(prefix="runwell-boot-"))
    machine = virtual.Virtual(image(directory, suite), "-icount", "shift=3,sleep=off",
                              words="loglevel=7 printk.devkmsg=on")  # fmt: skip
    try:
        machine.says("mark: up", SERVICES)
        machine.type("runit-init 0")
        machine.ends()
        (handed_over,) = moments(machine.text, "Run /init as init process")
        (asked,) = moments(machine.text, "mark: asked")
        (off,) = moments(machine.text, "reboot: Power down")
        return moments(machine.text, "mark: up")[SERVICES - 1] - handed_over, off - asked
    finally:
        machine.close()
        shutil.rmtree(directory)


def seconds(amount):
    return f"{amount:.2f} s"


def compare(versions, rounds):
    """The rows of the table, a pair for each of Debian's versions that is installed."""
    suites = {version: suite for version in versions if (suite := harness.reference(version))}
    with ThreadPoolExecutor(os.cpu_count()) as side_by_side:
        samples = [side_by_side.map(measure, [suite] * rounds) for suite in (harness.ours(), *suites.values())]
        ours, *theirs = [list(zip(*of_suite)) for of_suite in samples]
    return [Row(f"{what} (runit {version})", seconds, Ratio(0.5), {"runit": list(runit), "runwell": list(runwell)})
            for version, of_suite in zip(suites, theirs) for what, runit, runwell in zip(WHAT, of_suite, ours)]  # fmt: skip


def main():
    options = argparse.ArgumentParser(prog="./dev bench boot", description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=1)
    options.add_argument("--against", choices=VERSIONS, action="append", help="only this runit of Debian's")
    options.add_argument("--json", type=Path, metavar="FILE")
    chosen = options.parse_args()
    if lacking := virtual.missing():
        sys.exit(f"bench: no {lacking} here; ./dev boot fetches what is needed")
    rows = compare(chosen.against or VERSIONS, chosen.rounds)
    print(markdown(rows))
    if chosen.json:
        chosen.json.write_text(json.dumps([row.as_json() for row in rows], indent=2) + "\n")


if __name__ == "__main__":
    main()
