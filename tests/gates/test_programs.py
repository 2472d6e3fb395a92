"""What ships: small, static, hardened, and cheap to have around."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from harness import ROOT, children, wait_for_words, wait_until

BIN = ROOT / "build/bin"
GLIBC = ROOT / "build/glibc/bin"
PROGRAMS = sorted(p.stem for p in (ROOT / "src/prog").glob("*.cc"))
KIB = 1024

# Bytes of the file. There is room for a bug fix, not for a C++ runtime (some 800 KiB) or a heap's worth of convenience.
LIMITS = {"runsv": 160 * KIB}
LIMIT_OF_OTHERS = 144 * KIB


def readelf(what, program, where=BIN):
    return subprocess.run(["readelf", f"-{what}W", where / program], capture_output=True, text=True, check=True).stdout


def code_of(program, where=BIN):
    return subprocess.run(["objdump", "-d", where / program], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("program", PROGRAMS)
def test_it_is_small(program):
    assert (BIN / program).stat().st_size <= LIMITS.get(program, LIMIT_OF_OTHERS)


@pytest.mark.parametrize("program", PROGRAMS)
def test_it_needs_no_other_file_to_run(program):
    assert "INTERP" not in readelf("l", program)
    assert "NEEDED" not in readelf("d", program)


def flags_of(kind, program, where):
    """Those of the program headers of a kind: R, RW, R E, …"""
    words = r"0x\w+ +0x\w+ +0x\w+ +0x\w+ +0x\w+ +([RWE ]{3})"
    return re.findall(rf"^  {kind} +{words} 0x", readelf("l", program, where), re.M)


@pytest.mark.parametrize("where", [BIN, GLIBC], ids=["musl", "glibc"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_no_page_of_it_is_both_written_and_executed(program, where):
    loaded = flags_of("LOAD", program, where)
    assert "R E" in loaded and "RW " in loaded
    assert not [flags for flags in loaded if "W" in flags and "E" in flags]
    assert flags_of("GNU_STACK", program, where) == ["RW "]


@pytest.mark.parametrize("where", [BIN, GLIBC], ids=["musl", "glibc"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_what_is_bound_at_the_start_is_read_only_afterwards(program, where):
    """Full RELRO. A static program binds nothing later: it has no dynamic section, and none of the indirect symbols
    that musl could choose among."""
    assert flags_of("GNU_RELRO", program, where) == ["R  "]
    if where is GLIBC:
        assert re.search(r"FLAGS.*BIND_NOW", readelf("d", program, where))
    else:
        assert "no dynamic section" in readelf("d", program, where)
        assert "R_X86_64_" not in readelf("r", program, where)


@pytest.mark.parametrize("where", [BIN, GLIBC], ids=["musl", "glibc"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_its_stack_is_guarded(program, where):
    assert re.search(r"call.*<__stack_chk_fail(@plt)?>", code_of(program, where))


@pytest.mark.parametrize("program", PROGRAMS)
def test_where_it_lies(program):
    """The static programs are not position-independent, which is decided in docs/decisions/0075; the others are."""
    assert re.search(r"Type: +EXEC", readelf("h", program))
    assert re.search(r"Type: +DYN", readelf("h", program, GLIBC))
    assert "Flags: NOW PIE" in readelf("d", program, GLIBC)


def test_with_glibc_calls_know_the_size_of_their_buffers():
    """_FORTIFY_SOURCE. musl has none."""
    command = next(c["command"] for c in json.loads((ROOT / "build/glibc/compile_commands.json").read_text()))
    assert "-D_FORTIFY_SOURCE=3" in command and "-O2" in command
    assert any(re.search(r"__\w+_chk@", readelf("s", program, GLIBC).replace("__stack_chk_fail", ""))
               for program in PROGRAMS)


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
