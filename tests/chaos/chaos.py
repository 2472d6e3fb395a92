#!/usr/bin/python3
"""Torments 60 services under runit, and says whether what is promised was kept.

    ./dev chaos [--minutes N] [--seed N] [--without FAULT…] [--json FILE]
"""

import argparse
import json
import os
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import report  # noqa: E402
import tree  # noqa: E402
from tree import harness  # noqa: E402


def torment(seed, seconds, storm=10.0, calm=5.0, recovers_in=2.0, without=(), keep=None):
    """One run; its report. `keep` is a directory for what the three have written."""
    world = harness.World(tempfile.mkdtemp(prefix="runwell-chaos-", dir=os.environ.get("TMPDIR", "/tmp")), harness.ours())
    made = tree.Tree(world)
    try:
        began = time.monotonic()
        made.boot()
        observer = made.start_inside("observer.py")
        tormentor = made.start_inside("tormentor.py", f"--seed={seed}", f"--seconds={seconds}", f"--storm={storm}",
                                      f"--calm={calm}", f"--recovers-in={recovers_in}", *(["--without", *without] if without else []))  # fmt: skip
        parts = {"observer.py": observer, "tormentor.py": tormentor}
        patience = seconds + 90 + DEADLINE
        try:
            harness.wait_until(
                lambda: all(part.poll() is not None for part in parts.values()) or any(part.poll() for part in parts.values()),
                "the end", patience)  # fmt: skip
        finally:
            if keep:
                keep_notes(made, Path(keep))
        for name, part in parts.items():
            if part.returncode != 0:
                raise AssertionError(f"{name} has failed ({part.returncode}):\n{(world.directory / f'{name}.err').read_text()}")
        notes = {name: (made.notes / name).read_text() for name in ("journal", "findings", "figures")}
        ending, took = made.shut_down()
        return report.Report(seed, notes, ending, took, time.monotonic() - began)
    finally:
        made.close()


DEADLINE = 120.0  # seconds, for what is not tormenting


def keep_notes(made, where):
    where.mkdir(parents=True, exist_ok=True)
    for name in ("journal", "findings", "figures", "phase"):
        if (made.notes / name).exists():
            (where / name).write_bytes((made.notes / name).read_bytes())
    for part in ("tormentor.py", "observer.py"):
        (where / f"{part}.err").write_bytes((made.world.directory / f"{part}.err").read_bytes())
    (where / "console").write_bytes(made.machine.output)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--minutes", type=float, default=5)
    options.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    options.add_argument("--storm", type=float, default=10, help="seconds")
    options.add_argument("--calm", type=float, default=5, help="seconds")
    options.add_argument("--without", nargs="*", default=[], metavar="FAULT")
    options.add_argument("--json", type=Path, help="a file for the report")
    options.add_argument("--keep", type=Path, help="a directory for the journal and the findings")
    chosen = options.parse_args()
    print(f"seed {chosen.seed}, {chosen.minutes} minutes", flush=True)
    done = torment(chosen.seed, chosen.minutes * 60, chosen.storm, chosen.calm, without=chosen.without, keep=chosen.keep)
    print(done.text())
    if chosen.json:
        chosen.json.write_text(json.dumps(done.as_json(), indent=1))
    return 0 if done.kept else 1


if __name__ == "__main__":
    sys.exit(main())
