"""What ships: small, static, hardened, and cheap to have around."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from harness import ROOT, children, wait_for_words, wait_until

BIN = ROOT / "build/bin"
PROGRAMS = sorted(p.stem for p in (ROOT / "src/prog").glob("*.cc"))
KIB = 1024

# Bytes of the file. There is room for a bug fix, not for a C++ runtime (some 800 KiB) or a heap's worth of convenience.
LIMITS = {"runsv": 64 * KIB}
LIMIT_OF_OTHERS = 144 * KIB


def readelf(what, program):
    return subprocess.run(["readelf", f"-{what}W", BIN / program], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("program", PROGRAMS)
def test_it_is_small(program):
    assert (BIN / program).stat().st_size <= LIMITS.get(program, LIMIT_OF_OTHERS)


@pytest.mark.parametrize("program", PROGRAMS)
def test_it_needs_no_other_file_to_run(program):
    assert "INTERP" not in readelf("l", program)
    assert "NEEDED" not in readelf("d", program)


@pytest.mark.parametrize("program", PROGRAMS)
def test_it_is_hardened(program):
    segments = readelf("l", program)
    stack = re.search(r"GNU_STACK.*", segments).group()
    assert " RW " in stack and "E" not in stack.split("0x")[-2]
    assert "GNU_RELRO" in segments
    assert not re.search(r"LOAD .* RWE ", segments)
    # What is not bound at the start would need a writable table of jumps; a static program has no lazy one at all.
    assert ".got.plt" not in readelf("S", program) or "BIND_NOW" in readelf("d", program) or "INTERP" not in segments


@pytest.mark.parametrize("program", PROGRAMS)
def test_it_has_no_cxx_runtime(program):
    symbols = subprocess.run(["nm", "-C", BIN / program], capture_output=True, text=True, check=True).stdout
    for word in ("__cxa_throw", "__gxx_personality", "operator new", "std::terminate", "std::basic_string<",
                 "std::ios_base", "vtable for"):
        assert word not in symbols, word


def private_kilobytes(pid):
    """What no other process can share: the anonymous pages. (A program just linked has dirty pages of the file, too.)"""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Anonymous:\s+(\d+) kB", text, re.M).group(1))


def test_an_idle_runsv_costs_a_few_pages(world):
    """Measured: 12 kB. The limit leaves room for a kernel that counts otherwise."""
    if os.environ.get("RUNWELL_BIN", "build/bin") != "build/bin":
        pytest.skip("only what ships is measured")
    directory = world.service("s", log__run="#!/bin/sh\nexec cat >/dev/null\n")
    process = world.runsv("s")
    wait_for_words(directory, "run")
    wait_for_words(directory / "log", "run")
    wait_until(lambda: len(children(process.pid)) == 2, "both run")
    assert private_kilobytes(process.pid) <= 40
