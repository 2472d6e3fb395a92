"""Measures what `svctl list` costs with many services, on this machine. `./dev bench svctl` runs it; see README.md.

The services are directories with a supervise/ as a runsv leaves it, and a reader of its `ok`: this process. Nothing of
them runs but as many processes as --processes says, which are what /proc has to be read for.
"""

import argparse
import os
import resource
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
LIMIT = 60.0  # milliseconds of CPU for 2,000 services


def make_services(directory: Path, count: int, pids: list[int]) -> list[int]:
    """Service directories, every second one with a logger; the descriptors that keep their `ok` read."""
    held = []
    now = 2**62 + 10 + int(time.time())
    for number in range(count):
        service = directory / f"service-{number:04}"
        for home in (service, service / "log") if number % 2 else (service,):
            supervise = home / "supervise"
            supervise.mkdir(parents=True)
            (home / "run").write_text("#!/bin/sh\nexec sleep 1000\n")
            (home / "run").chmod(0o755)
            os.mkfifo(supervise / "ok")
            held.append(os.open(supervise / "ok", os.O_RDONLY | os.O_NONBLOCK))
            pid = pids[number % len(pids)] if pids else 1
            (supervise / "status").write_bytes(struct.pack(">QI", now - 100, 0) + struct.pack("<I", pid) + b"\0u\0\1")
    return held


def cpu_of(command: list[str], environment: dict[str, str]) -> float:
    """Milliseconds of CPU of a command, its exit waited for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev bench svctl", description=__doc__)
    parser.add_argument("--services", type=int, default=2000)
    parser.add_argument("--processes", type=int, default=0, help="live ones, below which all services are")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--svctl", type=Path, default=HERE.parent / "build/bin/svctl")
    asked = parser.parse_args()

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    directory = Path(tempfile.mkdtemp(prefix="bench-svctl-", dir="/dev/shm"))
    living = [subprocess.Popen(["sleep", "1000"]) for _ in range(asked.processes)]
    held = make_services(directory, asked.services, [one.pid for one in living])
    environment = {**os.environ, "SVDIR": str(directory)}
    try:
        rows = {words: [cpu_of([str(asked.svctl), *words.split()], environment) for _ in range(asked.rounds)]
                for words in ("--version", "list", "list --json")}
    finally:
        for one in living:
            one.kill()
            one.wait()
        for fd in held:
            os.close(fd)
        shutil.rmtree(directory)

    print(f"svctl, {asked.services} services, half of them with a logger, {asked.processes} live processes; CPU in ms\n")
    print("| command | median | least | most |\n|---|---|---|---|")
    for words, samples in rows.items():
        print(f"| svctl {words} | {statistics.median(samples):.1f} | {min(samples):.1f} | {max(samples):.1f} |")
    met = statistics.median(rows["list"]) <= LIMIT * asked.services / 2000
    print(f"\ntarget: list, {LIMIT:.0f} ms for 2,000 services: {'met' if met else 'missed'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
