"""Every cure of docs/troubleshooting.md, and every one that svctl prints below a failure, is carried out in a scene made for it,
and cures it: scenes.sh and cures.sh have the scenes.

The section of svctl's findings is held equal to the table in src/svctl/remedies.cc, whose cures test_cures.py executes.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import harness
from harness import ROOT
from source_cures import cures_of_failures

HERE = Path(__file__).parent
PAGE = (ROOT / "docs/troubleshooting.md").read_text()
FINDINGS = "svctl status, lint and new"

# Rows whose cure is to do nothing, to report a mistake of ours, or to read another row, have no scene. Nor have these:
EXCEPTIONS = {
    "warning: waiting for ..., until they have ended": "tests/system/test_runsvdir.py plays it",
    "input/output error": "a disk has to fail",
    "system cannot open more files": "the limit is that of the whole machine",
    "operation not supported": "the kernel of the machine would have to be another one",
    "fatal: ...: this kernel does not have ...": "the same",
    "fatal: unable to refuse new privileges": "the same",
    "warning: unable to stat .../check": "a limit of processes that only this program meets",
    "sv: fatal: out of memory": "more arguments than the kernel lets a command line have",
    "warning: unable to close current: ...": "a disk has to fail at close(2)",
    "warning: process ... may be left of this service, and cannot be identified: ...": "tests/system/test_succession.py forges the record",
    "warning: unable to stop what a killed runsv has left of ...: its directory has gone": "tests/system/test_succession.py moves it at the moment",
    "warning: unable to write the record of processes": "the room has to end between two writes",
    "fatal: unable to create pipe": "which descriptor is one too many depends on the program's inside",
    "fatal: unable to set up the log pipe": "the same",
    "init: fatal: unable to start runit": "a machine without /sbin/runit",
    "fatal: you must be root": "the cure ends the machine",
    "fatal: unable to end the machine": "the same",
    # PID 1: tests/system/test_runit.py and test_container.py have each of these in a PID namespace of their own.
    "fatal: unable to start child: ...": "runit",
    'fatal: unable to fork for "..." pausing': "runit",
    "warning: unable to open /dev/console": "runit",
    "warning: skipping stage 2...": "runit",
    "warning: killing all processes in stage 2...": "runit",
    "warning: stage 2 not terminated, sending sigkill...": "runit",
    "warning: services not terminated, sending sigkill...": "runit",
}


def rows():
    """(texts, cure) of each row of the tables of messages, but for those of the findings."""
    found = []
    for section in re.split(r"^##+ ", PAGE, flags=re.M):
        if section.startswith(FINDINGS):
            continue
        for first, _, cure in re.findall(r"^\| (`.+?) \| (.+?) \| (.+?) \|$", section, re.M):
            found.append((re.findall(r"`([^`]+)`", first), cure))
    return found


def scenes(file):
    found = {}
    for part in re.split(r"^@@ ", (HERE / file).read_text(), flags=re.M)[1:]:
        text, _, script = part.partition("\n")
        assert text not in found, text
        found[text] = script
    return found


SCENES = scenes("scenes.sh")
CURES = scenes("cures.sh")
NOTHING = re.compile(r"^(nothing\b|try again$|wait$|report it|see there|see its own message|the same|what is (said|told)|the line below|"
                     r"the command in the|`runsvdir` starts the next|the line above)")


def pattern(text):
    """... stands for anything, and for nothing; a message may be broken into lines."""
    parts = [r"\s+".join(map(re.escape, part.split())) for part in re.split(r"\s*(?:\.\.\.|\?)\s*", text)]
    return re.compile(".*?".join(part.removesuffix(":") for part in parts), re.S)


def test_every_row_has_a_scene(capsys):
    known = {text for texts, _ in rows() for text in texts}
    assert set(SCENES) - known == set() and set(EXCEPTIONS) - known == set()
    without = [(texts[0], cure) for texts, cure in rows()
               if not NOTHING.match(cure) and not any(text in SCENES or text in EXCEPTIONS for text in texts)]
    assert without == [], "\n".join(f"{text} -> {cure}" for text, cure in without)
    both = [text for text in EXCEPTIONS if any(text in texts and any(one in SCENES for one in texts) for texts, _ in rows())]
    assert both == []
    with capsys.disabled():
        print(f"\n{len(SCENES)} rows with a scene, {sum(bool(NOTHING.match(cure)) for _, cure in rows())} with nothing to do, "
              f"{len(EXCEPTIONS)} exceptions, of {len(rows())}")


def commands_of(cure):
    """The programs of the commands that the page names."""
    path = harness.ours().search_path
    return {words[0] for words in (span.split() for span in re.findall(r"`([^`]+)`", cure)) if words and (words[0] == "unset" or words[0] != "[" and shutil.which(words[0], path=path))}


# A sanitizer needs more files and memory than these scenes leave a program.
SHIPPED = {"process cannot open more files", "out of memory", "fatal: out of memory.",
           "raise the limit of open files: ulimit -n $(ulimit -Hn)"}


def marked(scenes):
    return [pytest.param(key, marks=[pytest.mark.shipped] if key in SHIPPED else []) for key in scenes]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize("text", marked(SCENES))
def test_the_cure_of_a_row_cures_it(world, text):
    script = SCENES[text]
    cure = next(cure for texts, cure in rows() if text in texts)
    asked = commands_of(cure)
    assert not asked or any(re.search(rf"\b{re.escape(one)}\b", script) for one in asked), (asked, "no command of the page is typed")
    play(world, text, script)


def play(world, text, script):
    (world.directory / "services").mkdir()
    (world.directory / "home").mkdir()
    world.directory.chmod(0o755)
    bin = os.path.dirname(harness.ours().path("svctl"))
    played = "\n".join([
        (HERE / "stage.sh").read_text(), "cure() { typed; }", script,
        "( wrong ) >wrong 2>&1 </dev/null; code=$?",
        "echo SAID; cat wrong; echo CURED",
        "cure >cured 2>&1 </dev/null || { cat cured; echo FAILED; exit 1; }",
        "if declare -F right >/dev/null; then right >after 2>&1 </dev/null || { echo FAILED; cat cured after; exit 1; }",
        "else ( wrong ) >after 2>&1 </dev/null; cat after; fi"])
    environment = harness.ours().environment(SVDIR=world.directory / "services", HOME=world.directory / "home", LC_ALL="C.UTF-8",
                                             TERM="xterm", bin=bin, key=text)
    done = subprocess.run(["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c", played],
                          cwd=world.directory, env=environment, capture_output=True, text=True, errors="replace", timeout=120,
                          stdin=subprocess.DEVNULL, check=False)
    if reason := re.match("SKIP (.*)", done.stdout):
        pytest.skip(reason[1])
    before, _, after = done.stdout.partition("CURED\n")
    assert pattern(text).search(before), (before, done.stderr)
    assert done.returncode == 0 or "FAILED" not in after, (after, done.stderr)
    assert "FAILED" not in after and not pattern(text).search(after), (after, done.stderr)


# -- the cures below the failures of svctl -----------------------------------------------------------------------------------


def test_every_cure_of_a_failure_has_a_scene(capsys):
    known = cures_of_failures()
    assert set(known) - set(CURES) == set(), known
    assert set(CURES) - set(known) == set()
    with capsys.disabled():
        print(f"\n{len(CURES)} cures of failures of svctl, each with a scene")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize("cure", marked(CURES))
def test_the_cure_of_a_failure_works_as_printed(world, cure):
    play(world, cure, CURES[cure])
