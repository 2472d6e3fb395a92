"""The options of CMakeLists.txt change the file names of PID 1."""

import re
import subprocess

import pytest

from harness import ROOT

FILES = """
#include <string_view>
#include "core/stages.hh"
using namespace std::literals;
static_assert(runwell::path::stage_1 == "{stages}/1"sv && runwell::path::ctrlaltdel == "{stages}/ctrlaltdel"sv);
static_assert(runwell::path::nosync == "{stages}/nosync"sv, "it stays with the stages");
static_assert(runwell::path::stopit == "{stop}stopit"sv && runwell::path::reboot == "{stop}reboot"sv);
"""


@pytest.mark.parametrize("stages, stop", [("/etc/runit", "/etc/runit/"), ("/etc/runit", "/run/runit."), ("/a", "/b/")])
def test_where_process_1_looks_for_its_files(stages, stop):
    """Debian 12 had stopit and reboot below /run, with "runit." before their names."""
    options = re.findall(r'(\w+)="\$\{\1\}"', (ROOT / "CMakeLists.txt").read_text())
    assert {"RUNWELL_STAGE_DIR", "RUNWELL_STOP_DIR"} <= {*options}, "CMake passes them on"
    words = [f'-DRUNWELL_STAGE_DIR="{stages}"', f'-DRUNWELL_STOP_DIR="{stop}"']
    subprocess.run(["g++", "-std=c++20", "-fsyntax-only", "-xc++", "-I", ROOT / "src", *words, "-"],
                   input=FILES.format(stages=stages, stop=stop), text=True, check=True)  # fmt: skip
