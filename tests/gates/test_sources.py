"""How the sources hang together: core is pure, headers stand alone, manual pages are clean."""

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from harness import ROOT

SOURCES = ROOT / "src"
CORE = ROOT / "build/release/libcore.a"
HEADERS = sorted(str(p.relative_to(SOURCES)) for d in ("core", "sys", "parts") for p in (SOURCES / d).glob("**/*.hh"))
PAGES = sorted((ROOT / "man").glob("*.[0-9]"))

# What a pure function may ask of the C library: moving and comparing bytes.
PURE = re.compile(r"mem(cpy|move|set|cmp|chr|mem)|bcmp|strlen|__stack_chk_fail")
# Headers that bring no state, no heap and no system call.
LIGHT = {"algorithm", "array", "bit", "cerrno", "charconv", "compare", "concepts", "csignal", "cstddef", "cstdint",
         "cstring", "functional", "initializer_list", "iterator", "limits", "numeric", "optional", "span",
         "string_view", "tuple", "type_traits", "utility",
         "sys/wait.h",    # for its macros alone: what a wait status says
         "emmintrin.h"}   # instructions, not functions


def symbols(*options):
    said = subprocess.run(["nm", *options, CORE], capture_output=True, text=True, check=True).stdout
    return [line.split() for line in said.splitlines() if line and not line.endswith(":")]


def test_core_asks_nothing_of_the_system():
    own = {words[-1] for words in symbols("--defined-only")}
    asked = {words[-1] for words in symbols("-u")} - own
    assert {name for name in asked if not PURE.fullmatch(name)} == set()


def test_core_has_no_state():
    """No variable but constants. (g++ 12 puts a constexpr std::array whose size is deduced beside the variables.)"""
    code = "".join(p.read_text() for p in (SOURCES / "core").glob("**/*.[ch][ch]"))
    said = subprocess.run(["objdump", "-tC", CORE], capture_output=True, text=True, check=True).stdout
    variables = re.findall(r" O (?:\.data(?!\.rel\.ro)|\.bss|\.tdata|\.tbss|\*COM\*)\S*\s.*?(\w+)$", said, re.M)
    assert [name for name in variables if not re.search(rf"constexpr [\w:<> ,]*\b{name}\b", code)] == []


def test_core_includes_only_core_and_what_is_light():
    for path in sorted((SOURCES / "core").glob("**/*.[ch][ch]")):
        for quoted, angled in re.findall(r'^#include (?:"([^"]+)"|<([^>]+)>)', path.read_text(), re.M):
            assert quoted.startswith("core/") if quoted else angled in LIGHT, f"{path.name}: {quoted or angled}"


@pytest.mark.parametrize("layer, below", [("sys", ("core/",)), ("parts", ("core/", "sys/"))])
def test_a_layer_knows_only_those_below_it(layer, below):
    for path in sorted((SOURCES / layer).glob("**/*.[ch][ch]")):
        for quoted in re.findall(r'^#include "([^"]+)"', path.read_text(), re.M):
            assert quoted.startswith((*below, f"{layer}/")), f"{path.name}: {quoted}"


# What a client of a service says to open something below supervise/; svctl does not even look at it by itself. (Its watcher
# listens by inotify, which opens nothing.)
OPENS_SUPERVISE = re.compile(r"\b(open|openat|open_at|open_entry|ifstream)\b[^;]*supervise/")
LOOKS_AT_SUPERVISE = re.compile(r"\b(open_trusted|open_trusted_path|read_file|f?stat|[fl]?statat|lstat|access|faccessat|"
                                r"file_info_of|is_present)\b[^;]*supervise/")


def test_only_parts_opens_what_is_below_supervise():
    """The server, sys/supervise.cc, opens the files by their names, below a descriptor of the directory."""
    for path in sorted(SOURCES.glob("**/*.[ch][ch]")):
        if path.parent.name == "parts":
            continue
        code = re.sub(r"//[^\n]*", "", path.read_text())
        assert OPENS_SUPERVISE.findall(code) == [], path.relative_to(SOURCES)
        if SOURCES / "svctl" in path.parents:
            assert LOOKS_AT_SUPERVISE.findall(code) == [], path.relative_to(SOURCES)


def test_a_name_is_given_once():
    """Two types of one name in one namespace would be one for the linker, which takes the functions of either."""
    given = {}
    for path in SOURCES.glob("**/*.hh"):
        space = ""
        for line in path.read_text().splitlines():
            if opened := re.match(r"namespace ([\w:]+) \{", line):
                space = opened[1]
            elif defined := re.match(r"(?:struct|class|enum class|using) (\w+)\b(?!;)", line):
                given.setdefault(f"{space}::{defined[1]}", []).append(path.name)
    assert {name: where for name, where in given.items() if len(where) > 1} == {}


def definitions():
    """What the build defines for every file: versions and directories."""
    commands = json.loads((ROOT / "build/release/compile_commands.json").read_text())
    return [word for word in shlex.split(commands[0]["command"]) if word.startswith("-DRUNWELL_")]


@pytest.mark.parametrize("compiler", ["g++", "clang++"])
@pytest.mark.parametrize("header", HEADERS)
def test_a_header_compiles_alone(header, compiler):
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    subprocess.run([compiler, *definitions(), "-std=gnu++20", "-D_GNU_SOURCE", "-fno-exceptions", "-fno-rtti",
                    "-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers", "-fsyntax-only",
                    "-I", SOURCES, "-include", header, "-x", "c++", "/dev/null"], check=True)


@pytest.mark.parametrize("header", HEADERS)
def test_a_header_opens_with_what_it_is_for(header):
    first = (SOURCES / header).read_text().splitlines()[0]
    assert re.fullmatch(rf"// {re.escape(Path(header).name)} — .+", first), first


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_a_manual_page_is_clean(page):
    said = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page], capture_output=True, text=True)
    assert (said.returncode, said.stdout) == (0, "")
