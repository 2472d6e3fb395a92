"""The pages for people are true: their commands are run, in a room of their own, and print what the pages say."""

import os
import re

import pytest
from harness import ROOT, wait_until
from pages import pages, steps_of
from room import Room

pytestmark = pytest.mark.shipped

# Commands that only look, or that may be given again: what they speak of may take its time.
LOOKS = ("cat", "zcat", "tail", "head", "ls", "grep", "sv status", "svctl list", "sv -v status", "sv start", "sv -v exit", "ps", "pgrep", "test", "wget")

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
    room = Room(world)
    follow(room, page)
    if page.suffix == ".md":
        wait_until(lambda: room.left() == [], f"nothing is left behind; there is {room.left()}")


@pytest.mark.parametrize("page", pages(), ids=lambda p: str(p.relative_to(ROOT)))
def test_every_block_of_a_page_is_followed_or_says_why_not(page):
    odd = [f"{page.name}:{s.line}: {s.kind}" for s in steps_of(page) if s.kind not in ("command", "file", "text", "needs")]
    assert odd == []
