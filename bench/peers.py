#!/usr/bin/python3
"""runwell, Debian's runit, s6 and busybox in turns on this machine; one table of medians, with ratios to runwell.

s6 is Debian's package, unpacked. Its supervisor is called by its full path, so this puts it there, in a mount namespace of
its own: root is needed. busybox is Debian's source with Debian's static configuration and runit's applets switched on:
its packages are built without them.
"""

import argparse
import dataclasses
import json
import os
import shutil
import signal
import sys
from pathlib import Path

import svlogd
from report import AtMost, Row, comparison
from run import BUILD, become_subreaper, built, suite
from scenarios import SCENARIOS, Bench, Sizes
from tree import Suite

LIBRARIES = "usr/lib/x86_64-linux-gnu"
S6 = BUILD / "reference/s6"
LOGS = {  # a logger that keeps ten files of a million bytes, and the letter that makes it stamp lines with TAI64N
    "runwell": (BUILD / "bin/svlogd", "-t"),
    "runit": (BUILD / "reference/2.1.2/usr/bin/svlogd", "-t"),
    "s6": (Path("/usr/bin/s6-log"), "t"),
    "busybox": (BUILD / "reference/busybox/bin/svlogd", "-t"),
}
ORDER = ("runwell", "runit", "s6", "busybox")


def with_s6() -> None:
    """Restarts this program in a mount namespace in which /usr/bin and the libraries contain those of s6."""
    if os.environ.pop("RUNWELL_BENCH", None):
        return
    mounts = " && ".join(f"mount -t overlay -o lowerdir={S6 / d}:/{d} s6 /{d}" for d in ("usr/bin", LIBRARIES))
    command = f'mount --make-rprivate / && {mounts} && RUNWELL_BENCH=1 exec "$@"'
    os.execvp("unshare", ["unshare", "--mount", "sh", "-c", command, "peers", sys.executable, *sys.argv])


def suites() -> tuple[Suite, ...]:
    there = {
        "runwell": suite("runwell", BUILD / "bin"),
        "runit": suite("runit", BUILD / "reference/2.1.2/usr/bin"),
        "s6": Suite("s6", Path("/usr/bin"), ("s6-svscan", "-c", "2000"), ("s6-svscanctl", "-an")),
        "busybox": suite("busybox", BUILD / "reference/busybox/bin"),
    }
    return tuple(there[name] for name in ORDER)


def megabytes(amount: float) -> str:
    return f"{amount:.0f} MB/s"


def per_gigabyte(seconds: float) -> str:
    return f"{seconds:.2f} s/GB"


def loggers(rounds: int, size: int) -> list[Row]:
    """Log lines of a web server, through a pipe into a logger that rotates."""
    cpu, stamped = (Row(f"logger, {what}", per_gigabyte, AtMost(0, "")) for what in ("CPU", "with TAI64N stamps, CPU"))
    wall = Row("logger, throughput", megabytes, AtMost(0, ""))
    bench = svlogd.Bench(rounds, size)
    source = bench.inputs["mix"]
    gigabytes = source.stat().st_size / 1e9
    try:
        for turn in range(rounds):
            for name in ORDER[:: -1 if turn % 2 else 1]:
                for stamp, row in ((False, cpu), (True, stamped)):
                    directory = bench.fresh("" if name == "s6" else "s1000000\nn10\n")
                    used, lasted = bench.pipe_through(logger(name, directory, stamp), source)
                    shutil.rmtree(directory)
                    row.samples[name].append(used / gigabytes)
                    if not stamp:
                        wall.samples[name].append(gigabytes * 1000 / lasted)
    finally:
        bench.close()
    return [cpu, stamped, wall]


def logger(name: str, directory: Path, stamp: bool) -> list[str]:
    program, letter = LOGS[name]
    stamps = [letter] if stamp else []
    if name == "s6":  # it keeps what is current, and ten others less one
        return [str(program), "n9", "s1000000", *stamps, str(directory)]
    return [str(program), *stamps, str(directory)]


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench peers", description=__doc__)
    parser.add_argument("what", nargs="*", metavar="WHAT", help="only these: memory cold pickup kill idle logger")
    parser.add_argument("--quick", action="store_true", help="one round of everything, of fewer services")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all samples there, too")
    return parser.parse_args()


def main() -> None:
    arguments = parse()
    with_s6()
    become_subreaper()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sizes = Sizes(memory_rounds=2, cold_rounds=3, pickup_crowd=200, pickup_rounds=2)
    if arguments.quick:
        sizes = Sizes(memory_rounds=1, cold_services=200, cold_rounds=2, pickup_crowd=50, pickup_rounds=1, kill_rounds=1,
                      idle_services=50, idle_seconds=15)  # fmt: skip
    bench = Bench(suites(), built("stamp"), built("leave"), built("cost"), sizes)
    chosen = arguments.what or ["memory", "cold", "pickup", "kill", "idle", "logger"]
    rows: list[Row] = []
    print("load before: %.1f %.1f %.1f" % os.getloadavg(), file=sys.stderr)
    for name in chosen:
        print(f"{name} …", file=sys.stderr, flush=True)
        if name == "logger":
            rows += loggers(1 if arguments.quick else 3, 64)
        elif name == "memory":
            for count in (200, 1000):
                rows += SCENARIOS[name](dataclasses.replace(bench, sizes=dataclasses.replace(sizes, memory_services=count)))
        else:
            rows += SCENARIOS[name](bench)
    print("load after: %.1f %.1f %.1f" % os.getloadavg(), file=sys.stderr)
    print(comparison(rows, ORDER))
    if arguments.json:
        arguments.json.write_text(json.dumps([{"what": row.what, "samples": row.samples} for row in rows], indent=2) + "\n")


if __name__ == "__main__":
    main()
