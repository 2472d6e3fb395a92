"""Measures runwell against Debian's runit, in turns on this machine, and prints one table. See README.md."""

import argparse
import ctypes
import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from report import Row, markdown
from scenarios import QUICK, SCENARIOS, Bench, Sizes
from tree import Suite

HERE = Path(__file__).resolve().parent
BUILD = HERE.parent / "build"
PROGRAMS = ("runsv", "runsvdir", "sv")
PR_SET_CHILD_SUBREAPER = 36


def built(name: str) -> Path:
    """Compiles a small program, static and without C++ runtime; its path."""
    target = BUILD / "bench" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    source = HERE / f"{name}.cc"
    command = ["musl-gcc", "-static", "-O2", "-Wall", "-fno-exceptions", "-fno-rtti", str(source), "-o", str(target)]
    subprocess.run(command, check=True)
    return target


def suite(name: str, directory: Path) -> Suite:
    """The programs in a directory; SystemExit when one is missing."""
    missing = [program for program in PROGRAMS if not os.access(directory / program, os.X_OK)]
    if missing:
        sys.exit(f"bench: {directory} has no {', '.join(missing)}; ./dev bench builds and fetches them")
    return Suite(name, directory.resolve())


def sizes(arguments: argparse.Namespace) -> Sizes:
    """The sizes of a full or a quick run, with those that were set by hand."""
    kinds = {item.name: type(item.default) for item in dataclasses.fields(Sizes)}
    changes = {}
    for setting in arguments.set:
        name, _, value = setting.partition("=")
        if name not in kinds:
            sys.exit(f"bench: no size is called {name}; there are: {', '.join(kinds)}")
        changes[name] = kinds[name](value)
    return dataclasses.replace(QUICK if arguments.quick else Sizes(), **changes)


def become_subreaper() -> None:
    """What loses its parent becomes our child, so that it can be counted and ended by its pid."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def measure(bench: Bench, names: Sequence[str]) -> list[Row]:
    """Runs the scenarios, and says on stderr which."""
    rows: list[Row] = []
    for name in names:
        began = time.monotonic()
        print(f"{name} … ", end="", file=sys.stderr, flush=True)
        rows += SCENARIOS[name](bench)
        print(f"{time.monotonic() - began:.0f} s", file=sys.stderr)
    return rows


def parse(words: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("what", nargs="*", metavar="WHAT", help=f"only these: {' '.join(SCENARIOS)}")
    parser.add_argument("--quick", action="store_true", help="fewer services, fewer rounds: within 90 s")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all samples there, too")
    parser.add_argument("--set", action="append", default=[], metavar="SIZE=NUMBER", help="e.g. cold_rounds=9")
    parser.add_argument("--runwell", type=Path, metavar="DIR", default=BUILD / "bin", help="the programs to measure")
    parser.add_argument("--runit", type=Path, metavar="DIR", default=BUILD / "reference/2.1.2/usr/bin",
                        help="those to compare with")  # fmt: skip
    arguments = parser.parse_args(words)
    if unknown := [name for name in arguments.what if name not in SCENARIOS]:
        parser.error(f"no scenario is called {unknown[0]}; there are: {' '.join(SCENARIOS)}")
    return arguments


def main() -> None:
    arguments = parse()
    become_subreaper()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that a tree ends with us, as it does at Ctrl-C
    bench = Bench(
        suites=(suite("runit", arguments.runit), suite("runwell", arguments.runwell)),
        stamp=built("stamp"),
        leave=built("leave"),
        cost=built("cost"),
        sizes=sizes(arguments),
    )
    rows = measure(bench, arguments.what or list(SCENARIOS))
    print(markdown(rows))
    if arguments.json:
        arguments.json.write_text(json.dumps([row.as_json() for row in rows], indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
