#!/usr/bin/env python3
"""What it costs to start a program through chpst: CPU of the whole process, from its fork until it is reaped.

Both suites are measured in turns, in this same run; the program that is started (true.cc, static) is in every number and
is also measured alone. The table has medians."""

import argparse
import os
import tempfile
from pathlib import Path

from report import Ratio, Row, markdown, microseconds
from run import BUILD, built

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/"}


def cost(argv: list[str]) -> float:
    """CPU seconds of one process: of itself and of the program that it becomes."""
    pid = os.posix_spawn(argv[0], argv, ENVIRONMENT)
    _, status, used = os.wait4(pid, 0)
    if status != 0:
        raise RuntimeError(f"{argv}: wait status {status}")
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=400, help="runs of each command")
    parser.add_argument("--runwell", type=Path, default=BUILD / "bin")
    parser.add_argument("--runit", type=Path, default=BUILD / "reference/2.1.2/usr/bin")
    arguments = parser.parse_args()
    suites = {"runit": str(arguments.runit / "chpst"), "runwell": str(arguments.runwell / "chpst")}

    alone = Row("true alone", microseconds, Ratio(1))
    with tempfile.TemporaryDirectory(prefix="runwell-bench-", dir="/dev/shm") as name:
        directory = Path(name)
        directory.chmod(0o755)
        true = str(built("true"))
        variables = directory / "env"
        variables.mkdir()
        for n in range(3):
            (variables / f"NAME{n}").write_text(f"value {n}\n")

        rows = {
            (): Row("chpst true", microseconds, Ratio(0.30)),
            ("-e", str(variables), "-o", "1024"): Row("chpst -e dir -o 1024 true", microseconds, Ratio(0.35)),
        }
        if os.getuid() == 0:
            full = ("-u", "nobody", "-e", str(variables), "-o", "1024")
            rows[full] = Row("chpst -u nobody -e dir -o 1024 true", microseconds, Ratio(0.35))
        for turn in range(arguments.rounds):
            for suite in sorted(suites, reverse=turn % 2 == 1):
                alone.samples[suite].append(cost([true]))
                for options, row in rows.items():
                    row.samples[suite].append(cost([suites[suite], *options, true]))
    for row in rows.values():
        mine, theirs = row.median("runwell"), row.median("runit")
        own = (mine - alone.median("runwell")) / (theirs - alone.median("runit"))
        row.note = f"without the program that is started ({microseconds(alone.median('runwell'))}) the ratio is {own:.2f}"
    print(markdown(list(rows.values())))


if __name__ == "__main__":
    main()
