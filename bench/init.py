#!/usr/bin/python3
"""runit as PID 1, ours and Debian's in turns: memory, wake-ups, and how long 100 services take to start and to stop.

    bench/init.py [--rounds N] [--idle SECONDS]       in PID namespaces; needs root, and ./dev test differential once
"""

import argparse
import os
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
import harness  # noqa: E402
import namespace  # noqa: E402

SERVICES = 100
STAGES = {
    "1": "exit 0",
    "2": "exec env - PATH=$PATH runsvdir -P /sd",
    "3": "sv force-stop /sd/* >/dev/null; sv exit /sd/*; exit 0",
}


def kilobytes(pid):
    """What this process alone costs: all its private pages, those of them that no file backs, and its page tables."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    private, dirty = (sum(int(line.split()[1]) for line in rollup if line.startswith(kind)) for kind in ("Private_", "Private_Dirty"))
    (tables,) = (int(line.split()[1]) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmPTE"))
    return private, dirty, tables


def switches(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if "ctxt_switches" in line)


def wake_ups(pid, seconds):
    """How often a process that has nothing to do runs in that time."""
    before = switches(pid)
    time.sleep(seconds)
    return switches(pid) - before


def machine(world, stop):
    made = namespace.Machine(world)
    for name, script in STAGES.items():
        made.stage(name, script)
    for n in range(SERVICES):
        world.service(f"root/sd/s{n}", f"#!/bin/sh\n: >/run/up{n}\nexec sleep 100000\n")
    stopit = made.root / (stop + "stopit")
    stopit.touch()
    stopit.chmod(0o100)
    return made


def up(made):
    return sum(name.startswith("up") for name in os.listdir(made.root / "run")) == SERVICES


def measure(suite, stop, idle):
    world = harness.World(tempfile.mkdtemp(prefix="runwell-bench-"), suite)
    try:
        made = machine(world, stop)
        began = time.monotonic()
        made.boot()
        harness.wait_until(lambda: up(made), "all services are up", 120)
        started = time.monotonic() - began
        private, dirty, tables = kilobytes(made.pid)
        woken = wake_ups(made.pid, idle)
        began = time.monotonic()
        made.signal(signal.SIGCONT)
        made.ends()
        return {"private, kB": private, "of it dirty, kB": dirty, "page tables, kB": tables, "wake-ups in a minute": woken,
                "100 services up, s": started, "all down and off, s": time.monotonic() - began}  # fmt: skip
    finally:
        world.close()


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--idle", type=float, default=60, help="seconds in which wake-ups are counted")
    chosen = options.parse_args()
    who = {"runwell": (harness.ours(), "etc/runit/")}
    for version, stop in {"2.1.2": "run/runit.", "2.3.1": "etc/runit/"}.items():
        if suite := harness.reference(version):
            who[f"runit {version}"] = (suite, stop)
    seen = {name: [] for name in who}
    for _ in range(chosen.rounds):
        for name, (suite, stop) in who.items():
            seen[name].append(measure(suite, stop, chosen.idle))
    print("load: " + Path("/proc/loadavg").read_text().split()[0])
    print(f"{'median of ' + str(chosen.rounds):24}" + "".join(f"{name:>14}" for name in who))
    for figure in next(iter(seen.values()))[0]:
        medians = [statistics.median(one[figure] for one in seen[name]) for name in who]
        print(f"{figure:24}" + "".join(f"{value:14.2f}" for value in medians))


if __name__ == "__main__":
    main()
