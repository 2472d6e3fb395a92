"""-V: which runwell a program is, by each of its names. It says so before its usage, and exits as that does."""

import re
import subprocess

import pytest

from harness import ROOT

VERSION = re.search(r"project\(runwell VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text()).group(1)

# The name, what its usage begins with, and the exit code of that (runit's own, where runit has the name).
NAMES = (
    ("chpst", "usage: chpst [-vVP012]", 100),
    ("envdir", "usage: envdir dir child", 100),
    ("envuidgid", "usage: envuidgid account child", 100),
    ("pgrphack", "usage: pgrphack child", 100),
    ("setlock", "usage: setlock [ -nNxX ]", 100),
    ("setuidgid", "usage: setuidgid account child", 100),
    ("softlimit", "usage: softlimit [-a allbytes]", 100),
    ("sv", "usage: sv [-v] [-w sec] command service ...", 100),
    ("svlogd", "usage: ", 111),
    ("runsv", "usage: runsv dir", 1),
    ("runsvdir", "usage: runsvdir [-P] dir", 1),
    ("runsvchdir", "usage: runsvchdir dir", 1),
    ("utmpset", "usage: utmpset [-w] line", 1),
    ("runit", "- runit: fatal: must be run as process no 1.", 111),
    ("runit-init", "usage: runit-init 0|6", 0),
    ("shutdown", "usage: shutdown ", 100),
    ("halt", "usage: halt ", 100),
    ("poweroff", "usage: poweroff ", 100),
    ("reboot", "usage: reboot ", 100),
    ("telinit", "usage: telinit ", 100),
)


def test_every_program_that_is_built_is_asked(world):
    programs = {p.stem for p in (ROOT / "src/prog").glob("*.cc")}
    names = {name for directory in world.suite.directories for name in (p.name for p in directory.iterdir())}
    assert programs <= {name for name, _, _ in NAMES} <= names


@pytest.mark.parametrize("name, usage, code", NAMES, ids=[name for name, _, _ in NAMES])
def test_it_says_its_version_then_its_usage(world, name, usage, code):
    # In a PID namespace, but not as its PID 1: a program that misunderstands -V can do no harm here.
    done = world.run("/usr/bin/unshare", "--pid", "--fork", "--kill-child", "sh", "-c", '"$0" -V & wait $!',
                     world.suite.path(name))  # fmt: skip
    lines = done.stderr.splitlines()
    assert (done.returncode, done.stdout, lines[0]) == (code, "", f"runwell {VERSION}")
    assert re.sub(r"usage: /\S*/", "usage: ", lines[1]).startswith(usage)


def test_sv_says_it_by_the_name_of_a_service_too(world):
    done = world.run("sv", "-V", argv0="/etc/init.d/web")
    assert (done.returncode, done.stderr) == (2, f"runwell {VERSION}\nusage: web [-w sec] command\n\n")


@pytest.mark.parametrize("name", ("runsv", "runsvdir", "runsvchdir"))
def test_a_directory_of_that_name_is_looked_after(world, name):
    """What runit takes for a name is one, as long as there is something by that name."""
    (world.directory / "-V").mkdir()
    if name == "runsvchdir":
        (world.directory / "old").mkdir()
        (world.directory / "current").symlink_to("old")
        done = world.run(name, "-V", env=world.suite.environment(RUNSVDIR=world.directory))
        assert (done.returncode, done.stdout) == (0, "runsvchdir: -V: now current.\n")
        return
    process = world.start(name, "-V")
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=0.5)
    assert "runwell" not in world.errors(name)


def test_envdir_takes_a_directory_of_that_name(world):
    world.write("-V/COLOUR", "green\n")
    done = world.run("envdir", "-V", "sh", "-c", "echo $COLOUR")
    assert (done.returncode, done.stdout) == (0, "green\n")
