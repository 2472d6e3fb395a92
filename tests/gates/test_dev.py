"""What ./dev runs for more than a few seconds shows how far it is."""

import os
import pty
import re
import subprocess

import pytest

from harness import ROOT, rest_of_terminal

SCRIPTS = {name: (ROOT / name).read_text() for name in ("dev", "tests/fetch.sh")}
LONG = r"build_preset|cmake --build|dpkg-buildpackage|mmdebstrap|make -j|apt-get install|apt-get update -q$|-m pytest"


def watched(*command, label="building"):
    """The function of ./dev, alone in a script."""
    function = re.search(r"^watched\(\) \{\n.*?^\}$", SCRIPTS["dev"], re.M | re.S)[0]
    return ["bash", "-euc", f'{function}\nwatched "$@"\necho done', "dev", label, "build/log", *command]


def start_on_a_terminal(command, directory):
    """The process, and our side of its terminal."""
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(directory)
        os.execvp(command[0], command)
    return pid, fd


def end_on_a_terminal(pid, fd):
    """What it still says, and its exit status."""
    said = rest_of_terminal(fd)
    return said, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.parametrize("script", SCRIPTS)
def test_no_build_hides_its_output_from_who_waits_for_it(script):
    lines = SCRIPTS[script].replace("\\\n", " ").splitlines()
    hidden = [line for line in lines if re.search(LONG, line) and re.search(r"[^2]>>? ?[\w./\"$]*(null|log)\b", line)
              and "watched" not in line and "cmake --preset" not in line]
    # `beside` runs beside the tests, and its part waits for it; a part of a fuzzer's name is no build.
    assert hidden == []


def test_a_terminal_shows_how_long_a_command_has_run_and_how_far_it_is(tmp_path):
    """The command ends once it has been shown, which it sees by itself: no time is asserted."""
    script = "echo '[3/9] one step'; until [ -e shown ]; do sleep 0.05; done"
    pid, fd = start_on_a_terminal(watched("sh", "-c", script), tmp_path)
    said = ""
    while "[3/9] one step" not in said:
        said += os.read(fd, 4096).decode()
    assert re.search(r"\r\x1b\[Kbuilding: \d+ s: \[3/9\] one step$", said)
    (tmp_path / "shown").touch()
    rest, code = end_on_a_terminal(pid, fd)
    assert code == 0
    assert rest.endswith("\r\x1b[Kdone\r\n"), rest


def test_without_a_terminal_one_line_says_where_to_look(tmp_path):
    done = subprocess.run(watched("echo", "a step"), cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60)
    assert (done.stdout, done.stderr) == ("done\n", "building: build/log says how far it is\n")
    assert (tmp_path / "build/log").read_text() == "a step\n"


def test_a_command_that_fails_shows_its_last_lines(tmp_path):
    said, code = end_on_a_terminal(*start_on_a_terminal(watched("sh", "-c", "echo what is wrong; exit 7"), tmp_path))
    assert code == 7 and "what is wrong" in said and "done" not in said
