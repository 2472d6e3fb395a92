"""The pages for people are true: their commands are run, in a room of their own, and print what the pages say."""

import functools
import os
import re
import subprocess
from pathlib import Path

import pytest
from harness import DEADLINE, ROOT, reference, wait_until
from pages import machine_of, pages, steps_of
from room import Room

pytestmark = pytest.mark.shipped

# Commands that only read, or that can be repeated: the test repeats them until their output is right.
LOOKS = ("cat", "zcat", "tail", "head", "ls", "grep", "sv status", "svctl list", "sv -v status", "sv start", "sv -v exit", "ps", "pgrep", "test", "wget")

# What the environment may say about how the programs were built.
SANITIZERS = [name for name in os.environ if name.endswith("SAN_OPTIONS") or name.startswith("GCOV_")]

VARIES = [
    (r"\b\d+\.\d+ ?s\b", "TIME"),
    (r"\b\d+(\.\d+)?[KM]\b", "SIZE"),
    (r'("memory_bytes": )\d+', r"\1N"),
    (r" {2,}", "  "),  # columns are as wide as what is in them
    (r"  \d+  ", "  N  "),
    (r"\(pid \d+\)", "(pid N)"),
    (r"\b\d+s\b", "Ns"),
    (r"\d{4}-\d\d-\d\d[_T ]\d\d:\d\d:\d\d(\.\d+)?", "DATE"),
    (r"@4[0-9a-f]{23}", "@STAMP"),
    (r"\b(process|pid) \d+", r"\1 N"),
    (r"runwell \d+\.\d+\.\d+", "runwell VERSION"),
    (r"^\d{2,}$", "N"),
]


def shape(line):
    """What remains of a line when process ids, seconds, times and dates differ."""
    for pattern, word in VARIES:
        line = re.sub(pattern, word, line)
    return line.rstrip()


def agrees(said, expected):
    """Whether these lines are those of the page, where "..." stands for any."""
    if not expected or not said:
        return expected in ([], ["..."]) and (not said or expected == ["..."])
    if expected[0] == "...":
        return agrees(said, expected[1:]) or agrees(said[1:], expected)
    return shape(said[0]) == shape(expected[0]) and agrees(said[1:], expected[1:])


def follow(room, page):
    steps = [step for step in steps_of(page) if step.kind in ("command", "file")]
    who = next((step.who for step in steps if step.kind == "command"), "root")
    for step in steps:
        where = f"{page.name}:{step.line}"
        if step.kind == "file":
            room.shell(who).writes(step.path, step.text)
            continue
        who = step.who
        said = []

        def is_so():
            code, said[:] = room.shell(who).does(step.text)
            return agrees(said, step.output) and (code == 0 or step.output or step.hidden)

        try:
            if step.text.startswith(LOOKS) and step.output:
                wait_until(is_so, where)
            else:
                assert is_so()
        except AssertionError:
            raise AssertionError("\n".join([f"{where}: {step.text}", *said, "where the page says:", *step.output])) from None


@pytest.mark.parametrize("page", [p for p in pages() if steps_of(p)], ids=lambda p: str(p.relative_to(ROOT)))
def test_what_a_page_shows_is_true(world, page):
    if os.geteuid() != 0:
        pytest.skip("NOTE: only root can make a room to follow the pages in")
    runit = None
    if machine_of(page) == "runit":
        if reference("2.1.2") is None:
            pytest.skip("NOTE: Debian's runit cannot be had here, and this page begins with it")
        runit = reference("2.1.2").directories[0]
    room = Room(world, runit)
    follow(room, page)
    if page.suffix == ".md":
        wait_until(lambda: room.left() == [], f"nothing is left behind; there is {room.left()}")


def test_a_page_has_only_what_it_says(world):
    """No file of this machine's homes, no build but its programs, and an end to a shell that uses an unset variable."""
    if os.geteuid() != 0:
        pytest.skip("NOTE: only root can make a room to follow the pages in")
    room = Room(world)
    for directory, expected in [("/root", []), ("/opt", []), ("/srv", []), ("~anna/runwell/build", ["bin"]), ("/etc/sv", [])]:
        assert room.shell("root").does(f"ls -A {directory}") == (0, expected)
    for who in ("root", "anna"):
        code, said = room.shell(who).does("env | cut -d= -f1 | sort")
        assert code == 0 and set(said) <= {"HOME", "LC_ALL", "PATH", "PWD", "OLDPWD", "SHLVL", "SVWAIT", "USER", "_", *SANITIZERS}, said
    shell = room.shell("anna")
    with pytest.raises(AssertionError, match="unbound variable"):
        shell.does("ls $old")
    assert shell.process.wait(timeout=DEADLINE) != 0


@pytest.mark.parametrize("page", pages(), ids=lambda p: str(p.relative_to(ROOT)))
def test_every_block_of_a_page_is_followed_or_says_why_not(page):
    odd = [f"{page.name}:{s.line}: {s.kind}" for s in steps_of(page) if s.kind not in ("command", "file", "text", "needs")]
    assert odd == []


# -- a page says what it uses ----------------------------------------------------------------------------------------

WORD = re.compile(r"(?:^|[|;&({`]|\$\(|\b(?:exec|then|do|else|if|until|while|nohup|env)\s|\|\|)\s*([\w.+-]+)(?=\s|$|\))", re.M)


@functools.cache
def owners():
    """The Debian package of each file in a directory of programs."""
    found = {}
    for listed in Path("/var/lib/dpkg/info").glob("*.list"):
        for line in listed.read_text().splitlines():
            if re.match(r"(/usr)?/s?bin/", line):
                found[os.path.basename(line)] = re.sub(r"(:\w+)?\.list$", "", listed.name)
    return found


@functools.cache
def is_in_every_debian(package):
    shown = subprocess.run(["dpkg-query", "-W", "-f=${Priority} ${Essential}", package], capture_output=True, text=True)
    return bool({"required", "important", "standard", "yes"} & set(shown.stdout.split()))


def prose(page):
    """A page without what it shows."""
    return re.sub(r"^```.*?^```$|^\.Bd .*?^\.Ed$|^\.Dl .*?$", "", page.read_text(), flags=re.M | re.S)


@pytest.mark.parametrize("page", [p for p in pages() if steps_of(p)], ids=lambda p: str(p.relative_to(ROOT)))
def test_a_page_names_the_packages_that_it_uses(page):
    text = prose(page)
    used = {word for step in steps_of(page) if step.kind in ("command", "file") and not step.hidden for word in WORD.findall(step.text)}
    missing = {}
    for command in used & owners().keys():
        package = owners()[command]
        if not is_in_every_debian(package) and not re.search(rf"\b{re.escape(package.removesuffix('-static'))}\b", text):
            missing[command] = package
    assert missing == {}


@pytest.mark.parametrize("page", [p for p in pages() if steps_of(p)], ids=lambda p: str(p.relative_to(ROOT)))
def test_a_loop_that_a_page_shows_has_an_end(page):
    endless = [f"{page.name}:{step.line}: {step.text}" for step in steps_of(page)
               if step.kind == "command" and not step.hidden and re.search(r"\b(?:until|while)\b", step.text)]  # fmt: skip
    assert endless == []
