"""Runs the same story with two programs, masks necessary differences, and compares."""

import re
import subprocess
from dataclasses import dataclass

MASKS = (
    (re.compile(r"\(pid \d+\)"), "(pid N)"),
    (re.compile(r"\b\d+s\b"), "Ns"),
    (re.compile(r"\$Id: [^$]*\$"), "$Id$"),
    (re.compile(r"^runwell [0-9.]+$", re.M), "$Id$"),
)


@dataclass(frozen=True)
class Observed:
    """What a caller of a program can see of it."""

    code: int
    out: str
    err: str


def mask(text):
    for pattern, instead in MASKS:
        text = pattern.sub(instead, text)
    return text


def observe(program, words, argv0=None, timeout=60, **options):
    """Runs a program, given by its path, and returns what it did, with pids, ages and versions masked."""
    done = subprocess.run(
        [argv0 or program.rsplit("/", 1)[1], *words],
        executable=program,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=timeout,
        check=False,
        **options,
    )
    return Observed(done.returncode, mask(done.stdout.decode(errors="replace")), mask(done.stderr.decode(errors="replace")))
